"""The models that the Replicate provider knows. Documents: `replicate.com/<owner>/<name>/api`, a model's inputs."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from providers.base import Model, ModelTable, ReferenceLimits

SHAPES = ("1:1", "3:2", "2:3", "4:3", "3:4", "5:4", "4:5", "16:9", "9:16", "21:9")
LONG_SHAPES = ("4:1", "1:4", "8:1", "1:8")
FLUX_SHAPES = (*SHAPES, "9:21")
FLUX_3_SHAPES = (*FLUX_SHAPES, "2:1", "1:2", "7:5", "5:7")
SEEDREAM_SHAPES = ("1:1", "3:2", "2:3", "4:3", "3:4", "16:9", "9:16", "21:9")
MATCH = "match_input_image"
UPPER: Mapping[str, str] = {"1k": "1K", "2k": "2K", "4k": "4K"}
LOWER: Mapping[str, str] = {"1k": "1k", "2k": "2k", "4k": "4k"}


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplicateModel(Model):
    """A model on Replicate.

    `keeps`: the value of `aspect_ratio` that keeps the shape of the first reference, "" where the model does so
    without one. `sizes`: the value of the input `size_field` for each `--size`.
    """

    keeps: str = MATCH
    size_field: str = "resolution"
    sizes: Mapping[str, str] = field(default_factory=dict)


def references(count: int, *, side: int = 4096, ratio: tuple[float, float] = (1 / 4, 4)) -> ReferenceLimits:
    """The limits of references. The bytes and the sides are not documented where nothing is said at the row."""
    return ReferenceLimits(count=count, size=7 << 20, side=side, ratio=ratio, by_url=True)


def _banana(name: str, title: str, shapes: tuple[str, ...], sizes: Mapping[str, str] = UPPER) -> ReplicateModel:
    return ReplicateModel(
        name=f"google/{name}",
        title=title,
        prompt_length=4000,
        references=references(14 if sizes else 10),
        reference_field="image_input",
        sizes=sizes,
        choices={"ar": shapes, "size": tuple(sizes)},
        cancels=True,
    )


def _seedream(name: str, title: str, count: int, sizes: Mapping[str, str]) -> ReplicateModel:
    return ReplicateModel(
        name=f"bytedance/{name}",
        title=title,
        prompt_length=4000,
        references=references(count, ratio=(1 / 16, 16)),
        reference_field="image_input",
        size_field="size",
        sizes=sizes,
        # third parties: the shapes
        choices={"ar": SEEDREAM_SHAPES, "size": tuple(sizes)},
        cancels=True,
    )


def _flux_2(name: str, title: str) -> ReplicateModel:
    sizes = {"1k": "1 MP", "2k": "4 MP"}
    return ReplicateModel(
        name=f"black-forest-labs/{name}",
        title=title,
        prompt_length=4000,
        references=references(8),
        reference_field="input_images",
        sizes=sizes,
        # third parties: the shapes
        choices={"ar": SHAPES, "size": tuple(sizes)},
        cancels=True,
        priced_by="megapixel",
    )


def _flux_1(name: str, title: str, limits: ReferenceLimits | None, reference_field: str, keeps: str) -> ReplicateModel:
    return ReplicateModel(
        name=f"black-forest-labs/{name}",
        title=title,
        prompt_length=4000,
        references=limits,
        reference_field=reference_field,
        keeps=keeps,
        choices={"ar": FLUX_SHAPES, "size": ()},
        cancels=True,
        languages=("en",),
    )


MODELS = ModelTable(
    [
        ReplicateModel(
            name="black-forest-labs/flux-3-image",
            title="FLUX 3",
            prompt_length=4000,
            # From 256×256 to 16 megapixels each.
            references=references(10, side=4000),
            reference_field="images",
            keeps="auto",
            sizes=LOWER,
            choices={"ar": FLUX_3_SHAPES, "size": tuple(LOWER)},
            cancels=True,
            priced_by="megapixel",
        ),
        # third parties: that it is on Replicate
        _banana("nano-banana-2.1", "Nano Banana 2.1", (*SHAPES, *LONG_SHAPES)),
        _banana("nano-banana-2", "Nano Banana 2", (*SHAPES, *LONG_SHAPES)),
        _banana("nano-banana-pro", "Nano Banana Pro", SHAPES),
        _seedream("seedream-5-pro", "Seedream 5.0 pro", 10, {"1k": "1K", "2k": "2K"}),
        _seedream("seedream-5-lite", "Seedream 5.0 lite", 14, {"2k": "2K", "3k": "3K"}),
        _flux_2("flux-2-pro", "FLUX.2 pro"),
        _flux_2("flux-2-max", "FLUX.2 max"),
        _flux_1("flux-dev", "FLUX.1 dev", references(1), "image", ""),
        _flux_1("flux-schnell", "FLUX.1 schnell", None, "", ""),
        _flux_1("flux-kontext-pro", "FLUX.1 Kontext pro", references(1), "input_image", MATCH),
        # Its origin at Google (gemini-2.5-flash-image) is gone.
        _banana("nano-banana", "Nano Banana", SHAPES, sizes={}),
    ],
    # As before there was a table. The setting `references_as` names the field.
    unknown=ReplicateModel(
        name="",
        prompt_length=4000,
        references=references(10),
        keeps="",
        choices={"ar": SEEDREAM_SHAPES, "size": ()},
        cancels=True,
    ),
)
DEFAULTS = (
    "black-forest-labs/flux-3-image",
    "google/nano-banana-2",
    "google/nano-banana-pro",
    "bytedance/seedream-5-pro",
    "black-forest-labs/flux-2-pro",
    "black-forest-labs/flux-dev",
    "black-forest-labs/flux-schnell",
)
"""The default of the setting `models`: those whose inputs the service's own pages tell."""
