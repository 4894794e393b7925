"""The table of OpenRouter's image models. It has dozens, so an operator's may be unknown here.

The names are in its catalogue, `GET /api/v1/models?output_modalities=image`. Their limits are the makers' own or come
from third parties, since the catalogue doesn't have them: an operator can correct them.
"""

from dataclasses import dataclass, replace

from providers.models import Model, ModelTable, ReferenceLimits

WIDE = ("1:1", "3:2", "2:3", "4:3", "3:4", "5:4", "4:5", "16:9", "9:16", "21:9")
WIDEST = (*WIDE, "1:4", "4:1", "1:8", "8:1")
SIZES = ("1k", "2k", "4k")


def references(count: int) -> ReferenceLimits:
    """The limits of so many references."""
    return ReferenceLimits(count=count, size=6 << 20, side=4096, ratio=(1 / 8, 8), by_url=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenRouterModel(Model):
    """`speaks`: it answers with words, too, and must be asked for both; the others refuse that.

    `keeps_shape`: without a shape, the picture gets that of the first reference.
    """

    speaks: bool = False
    keeps_shape: bool = False

    @property
    def modalities(self) -> list[str]:
        """The kinds of answer to ask the model for."""
        return ["image", "text"] if self.speaks else ["image"]


_GEMINI = OpenRouterModel(
    name="google/gemini-3-pro-image",
    title="Nano Banana Pro",
    prompt_length=8000,
    references=references(14),
    choices={"ar": WIDE, "size": SIZES},
    priced_by="token",
    speaks=True,
    keeps_shape=True,
)
_GPT = OpenRouterModel(
    name="openai/gpt-image-2.5-flare",
    title="GPT Image 2.5 Flare",
    prompt_length=8000,
    references=references(16),
    choices={"ar": ("1:1", "3:2", "2:3", "4:3", "3:4", "16:9", "9:16"), "size": ()},  # third parties
    priced_by="token",
)
_SEEDREAM = OpenRouterModel(
    name="bytedance-seed/seedream-5-0-pro",
    title="Seedream 5.0 Pro",
    references=references(14),  # third parties
    choices={"ar": WIDE, "size": ()},  # third parties
)

MODELS = ModelTable(
    [
        replace(
            _GEMINI,
            name="google/gemini-nano-banana-2.1",
            title="Nano Banana 2.1",
            choices={"ar": WIDEST, "size": SIZES},
        ),
        _GEMINI,
        _GPT,
        replace(_GPT, name="openai/gpt-image-2.5-sunburst", title="GPT Image 2.5 Sunburst"),
        _SEEDREAM,
        replace(_SEEDREAM, name="bytedance-seed/seedream-5-0-flash", title="Seedream 5.0 Flash"),
        OpenRouterModel(
            name="black-forest-labs/flux.2-pro",
            title="FLUX.2 Pro",
            references=references(8),  # third parties
            choices={"ar": WIDE, "size": ()},  # third parties
            priced_by="megapixel",
        ),
    ],
    unknown=OpenRouterModel(name="", references=references(4)),
)
