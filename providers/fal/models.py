"""The apps that the fal provider knows. Documents: `fal.ai/models/<app>/llms.txt`, the schema of each app's input."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from providers.base import Model, ModelTable, ReferenceLimits

WORDS = "text-to-image"
"""The end of the names of apps that take words only, beside which another app takes references."""
BANANA_SHAPES = ("1:1", "3:2", "2:3", "4:3", "3:4", "5:4", "4:5", "16:9", "9:16", "21:9")
LONG_SHAPES = ("4:1", "1:4", "8:1", "1:8")
FLUX_3_SHAPES = (*BANANA_SHAPES, "2:1", "1:2", "7:5", "5:7")
KONTEXT_SHAPES = ("1:1", "3:2", "2:3", "4:3", "3:4", "16:9", "9:16", "21:9", "9:21")
PRESETS: Mapping[str, str] = {
    "auto": "square_hd",
    "1:1": "square_hd",
    "4:3": "landscape_4_3",
    "3:4": "portrait_4_3",
    "16:9": "landscape_16_9",
    "9:16": "portrait_16_9",
}
"""The names of some values of `image_size`."""
UPPER: Mapping[str, str] = {"1k": "1K", "2k": "2K", "4k": "4K"}
LOWER: Mapping[str, str] = {"1k": "1k", "2k": "2k", "4k": "4k"}
SQUARE_1K, SQUARE_2K = 1 << 20, 1 << 22


@dataclass(frozen=True, slots=True, kw_only=True)
class FalModel(Model):
    """An app, and the one beside it that takes references.

    `edit`: the end of that app's name, "" where it has none; None: the setting `edit_model` names the app. Apps take
    the picture's shape in one of two ways. With `aspect_ratio`: `resolutions` has the value of the input `resolution`
    for each `--size`. With `image_size`: `areas` has the pixels for each `--size` ("auto": without one), and `presets`
    the names that the app has for a shape, or for a size without one; others are sent as width and height.
    """

    edit: str | None = None
    resolutions: Mapping[str, str] = field(default_factory=dict)
    areas: Mapping[str, int] = field(default_factory=dict)
    presets: Mapping[str, str] = field(default_factory=dict)

    @property
    def edit_app(self) -> str | None:
        """The app that takes references. It follows the name, so that it is right for a model "like" another."""
        base = self.name.removesuffix(f"/{WORDS}")
        return None if self.edit is None else f"{base}/{self.edit}".rstrip("/")


def references(count: int, *, side: int = 4096, ratio: tuple[float, float] = (1 / 4, 4)) -> ReferenceLimits:
    """The limits of references. The bytes and the sides are not documented where nothing is said at the row."""
    return ReferenceLimits(count=count, size=10 << 20, side=side, ratio=ratio, by_url=True)


def _banana(name: str, title: str, shapes: tuple[str, ...]) -> FalModel:
    return FalModel(
        name=name,
        title=title,
        prompt_length=4000,
        edit="edit",
        references=references(14),
        reference_field="image_urls",
        pictures=4,
        resolutions=UPPER,
        choices={"ar": shapes, "size": tuple(UPPER)},
        cancels=True,
    )


def _open(name: str, title: str, *languages: str) -> FalModel:
    """A model that draws from words. Its references go to the setting `edit_model`."""
    return FalModel(
        name=name,
        title=title,
        references=references(4),
        pictures=4,
        areas={"auto": SQUARE_1K},
        presets=PRESETS,
        choices={"ar": BANANA_SHAPES, "size": ()},
        cancels=True,
        priced_by="megapixel",
        languages=languages,
    )


MODELS = ModelTable(
    [
        _banana("google/nano-banana-2.1", "Nano Banana 2.1", (*BANANA_SHAPES, *LONG_SHAPES)),
        _banana("fal-ai/nano-banana-2", "Nano Banana 2", (*BANANA_SHAPES, *LONG_SHAPES)),
        _banana("fal-ai/nano-banana-pro", "Nano Banana Pro", BANANA_SHAPES),
        FalModel(
            name=f"blackforestlabs/flux-3/{WORDS}",
            title="FLUX 3",
            prompt_length=4000,
            edit="edit-image",
            # Each of at most 4 megapixels.
            references=references(10, side=2000),
            reference_field="image_urls",
            resolutions=LOWER,
            choices={"ar": FLUX_3_SHAPES, "size": tuple(LOWER), "seed": ()},
            cancels=True,
            priced_by="megapixel",
        ),
        # third parties: the inputs
        FalModel(
            name=f"bytedance/seedream/v5/pro/{WORDS}",
            title="Seedream 5.0 pro",
            prompt_length=4000,
            edit="edit",
            references=references(10, ratio=(1 / 16, 16)),
            reference_field="image_urls",
            pictures=4,
            # From 1024² to 2048² pixels in all, and the lower price up to 1536².
            areas={"auto": SQUARE_2K, "1k": 1280 * 1280, "2k": SQUARE_2K},
            presets={"1k": "auto_1K", "2k": "auto_2K"},
            choices={"ar": BANANA_SHAPES, "size": ("1k", "2k"), "seed": ()},
            cancels=True,
        ),
        _open("fal-ai/flux/dev", "FLUX.1 dev", "en"),
        _open("fal-ai/flux/schnell", "FLUX.1 schnell", "en"),
        _open("fal-ai/qwen-image", "Qwen-Image", "en", "zh"),
        # third parties: the inputs
        FalModel(
            name=f"fal-ai/flux-pro/kontext/{WORDS}",
            title="FLUX.1 Kontext pro",
            edit="",
            references=references(1),
            reference_field="image_url",
            pictures=4,
            choices={"ar": KONTEXT_SHAPES, "size": ()},
            cancels=True,
            languages=("en",),
        ),
    ],
    # As before there was a table: five shapes by name, no sizes, references to the setting `edit_model`.
    unknown=FalModel(
        name="",
        references=references(4),
        pictures=4,
        areas={"auto": SQUARE_1K},
        presets=PRESETS,
        choices={"ar": tuple(PRESETS)[1:], "size": ()},
        cancels=True,
    ),
)
DEFAULTS = tuple(name for name in MODELS.current if "kontext" not in name)
"""The default of the setting `models`. Kontext is an older one, for those who set it up."""
UNKNOWN_EDITOR = FalModel(name="", reference_field="image_urls", pictures=4, choices={"ar": (), "size": (), "seed": ()})
"""An app for references of which nothing is known: it gets the prompt and the references only."""


def editor(app: str) -> FalModel:
    """The row of an app that takes references."""
    return next((row for row in MODELS if row.edit_app == app), UNKNOWN_EDITOR)
