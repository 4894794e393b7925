"""The table of Gemini's image models. Documents: ai.google.dev/gemini-api/docs/image-generation, /deprecations and
/changelog."""

from dataclasses import replace
from datetime import date

from providers.models import Model, ModelTable, ReferenceLimits

PROMPT_LENGTH = 8000
SHAPES = ("1:1", "3:2", "2:3", "4:3", "3:4", "5:4", "4:5", "16:9", "9:16", "21:9")
PANORAMAS = ("4:1", "1:4", "8:1", "1:8")


def _references(count: int) -> ReferenceLimits:
    """All travel inside the request, which may have 100 MB. Each file may have 7 MB."""
    return ReferenceLimits(count=count, size=5 << 20, side=4096, ratio=(1 / 8, 8))


def _model(name: str, title: str, shapes: tuple[str, ...], sizes: tuple[str, ...], successor: str = "") -> Model:
    return Model(
        name=name,
        title=title,
        prompt_length=PROMPT_LENGTH,
        references=_references(14),
        choices={"ar": shapes, "size": sizes},
        priced_by="token",
        successor=successor,
    )


_EARLIER = Model(
    name="",
    prompt_length=PROMPT_LENGTH,
    references=_references(3),
    choices={"ar": SHAPES, "size": ("1k",)},
    priced_by="token",
)


def _ended(name: str, ends: date, successor: str = "gemini-nano-banana-2.1") -> Model:
    return replace(_EARLIER, name=name, ends=ends, successor=successor)


MODELS = ModelTable(
    [
        _model("gemini-nano-banana-2.1", "Nano Banana 2.1", (*SHAPES, *PANORAMAS), ("1k", "2k", "4k")),
        # third parties: the service's own error about a shape lists these ten.
        _model("gemini-3-pro-image", "Nano Banana Pro", SHAPES, ("1k", "2k", "4k")),
        # third parties: 14 references.
        _model("gemini-3.1-flash-lite-image", "Nano Banana 2 Lite", (*SHAPES, *PANORAMAS), ("1k",)),
        # Deprecated on 2026-10-06, without a day of its end.
        _model(
            "gemini-3.1-flash-image",
            "Nano Banana 2",
            (*SHAPES, *PANORAMAS),
            ("512", "1k", "2k", "4k"),
            successor="gemini-nano-banana-2.1",
        ),
        _ended("gemini-3.1-flash-image-preview", date(2026, 6, 25)),
        _ended("gemini-3-pro-image-preview", date(2026, 6, 25), "gemini-3-pro-image"),
        _ended("gemini-2.5-flash-image", date(2026, 10, 2)),
        _ended("imagen-4.0-generate-001", date(2026, 8, 17)),
        _ended("imagen-4.0-fast-generate-001", date(2026, 8, 17)),
        _ended("imagen-4.0-ultra-generate-001", date(2026, 8, 17)),
    ],
    unknown=_EARLIER,
)
OFFERED = tuple(name for name in MODELS.current if not MODELS[name].successor)
"""The models that are offered by default: those that are not deprecated."""
