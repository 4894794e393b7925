"""The table of OpenAI's image models. Documents: developers.openai.com/api/docs/guides/image-generation and
/deprecations, and the official SDK's types."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from types import MappingProxyType

from providers.models import Model, ModelTable, ReferenceLimits

REFERENCES = ReferenceLimits(count=16, size=50_000_000 - 1, side=4096, ratio=(1 / 4, 4))
"""Each file has less than 50 MB."""
PROMPT_LENGTH, PICTURES = 32_000, 10
STANDARD: Mapping[str, str] = MappingProxyType({"1:1": "1024x1024", "3:2": "1536x1024", "2:3": "1024x1536"})
"""The sizes that every model takes, by shape."""
SHAPES = (
    *STANDARD,
    *("4:3", "3:4", "5:4", "4:5", "16:9", "9:16", "21:9", "9:21", "2:1", "1:2", "3:1", "1:3"),
)
QUALITIES = ("low", "medium", "high")


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenAIModel(Model):
    """A model of OpenAI's. `picks_format`: it takes `output_format`. `picks_size`: a shape and a size are sent for
    edits, too; otherwise the service decides on the size of an edit."""

    prompt_length: int = PROMPT_LENGTH
    references: ReferenceLimits | None = REFERENCES
    pictures: int = PICTURES
    picks_format: bool = True
    picks_size: bool = True

    @property
    def takes_any_size(self) -> bool:
        """Whether it takes any width and height within the bounds of `providers.openai.sizes`; else the standard
        sizes only."""
        return bool(self.choices.get("size"))


def _choices(*qualities: str) -> dict[str, tuple[str, ...]]:
    return {"ar": SHAPES, "size": ("1k", "2k", "4k"), "quality": (*QUALITIES, *qualities)}


_ALL = _choices("xhigh", "max")
_STANDARD_ONLY: Mapping[str, tuple[str, ...]] = {"ar": tuple(STANDARD), "size": (), "quality": QUALITIES}


def _ended(name: str, title: str, ends: date) -> OpenAIModel:
    return OpenAIModel(name=name, title=title, choices=_STANDARD_ONLY, ends=ends, successor="gpt-image-2.6-sunburst")


MODELS = ModelTable(
    [
        # third parties: 2.6 takes the sizes and qualities of 2.5
        OpenAIModel(name="gpt-image-2.6-sunburst", title="GPT Image 2.6 Sunburst", choices=_ALL),
        OpenAIModel(name="gpt-image-2.6-flare", title="GPT Image 2.6 Flare", choices=_ALL),
        OpenAIModel(name="gpt-image-2.5-sunburst", title="GPT Image 2.5 Sunburst", choices=_ALL),
        OpenAIModel(name="gpt-image-2.5-flare", title="GPT Image 2.5 Flare", choices=_ALL),
        OpenAIModel(name="gpt-image-2", title="GPT Image 2", choices=_choices()),
        _ended("gpt-image-1.5", "GPT Image 1.5", date(2026, 12, 1)),
        _ended("gpt-image-1-mini", "GPT Image 1 mini", date(2026, 12, 1)),
        _ended("chatgpt-image-latest", "ChatGPT Image", date(2026, 12, 1)),
        _ended("gpt-image-1", "GPT Image 1", date(2026, 10, 23)),
    ],
    # A model of a compatible service: only what all such services take is sent.
    unknown=OpenAIModel(name="", choices=_STANDARD_ONLY, picks_format=False, picks_size=False),
)
