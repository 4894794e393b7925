"""The table of Sketch's models. Document: sketch.example/docs/models."""

from datetime import date

from providers.base import Model, ModelTable, ReferenceLimits

MODELS = ModelTable(
    [
        Model(
            name="pencil-2",
            title="Sketch Pencil 2",
            references=ReferenceLimits(count=3, size=10 << 20, side=4096, ratio=(1 / 4, 4), by_url=True),
            pictures=4,
        ),
        Model(name="pencil-2-fast", title="Sketch Pencil 2 fast", pictures=4, choices={"ar": ("1:1", "16:9")}),
        Model(name="pencil-1", title="Sketch Pencil 1", ends=date(2026, 6, 30), successor="pencil-2"),
    ],
    unknown=Model(name="", pictures=4),
)
