"""The models of DashScope. Documents of help.aliyun.com/zh/model-studio: of Qwen Image,
qwen-image-generation-and-editing-api-reference; of Wan, wan-image-generation-and-editing-api-reference (2.7),
wan-image-generation-api-reference and text-to-image-v2-api-reference (2.6 and older)."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Literal

from providers.base import Model, ModelTable, ReferenceLimits

SHAPES = ("1:1", "4:3", "3:4", "3:2", "2:3", "16:9", "9:16", "21:9")
TIERS = ("1k", "2k", "4k")
FIVE_SIZES: Mapping[str, tuple[int, int]] = {
    "1:1": (1328, 1328),
    "16:9": (1664, 928),
    "4:3": (1472, 1104),
    "3:4": (1104, 1472),
    "9:16": (928, 1664),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class DashScopeModel(Model):
    """A model of DashScope.

    `protocol`: "messages", or the older "text" (`text2image/image-synthesis`). `tasks`: it makes tasks with a ticket;
    without, it answers with the picture. `areas`: in pixels by tier, the usual one first; "" is the only one of a model
    without tiers. `pixels`: the least and the most of any size. `edit_pixels`: the most with references. `sides`:
    bounds of each. `ratio`: its most extreme shape. `fixed`: the only sizes, by shape. `batch`: the service's most
    pictures of one request. `extends`: it can have a prompt rewritten.
    """

    languages: tuple[str, ...] = ("en", "zh")
    protocol: Literal["messages", "text"] = "messages"
    tasks: bool = True
    areas: Mapping[str, int] = field(default_factory=dict)
    pixels: tuple[int, int] = (512**2, 2048**2)
    edit_pixels: int = 2048**2
    sides: tuple[int, int] | None = None
    ratio: float = 8
    fixed: Mapping[str, tuple[int, int]] = field(default_factory=dict)
    batch: int = 6
    extends: bool = True

    @property
    def largest(self) -> str:
        """The largest tier that it makes from references."""
        return max((name for name, area in self.areas.items() if area <= self.edit_pixels), key=self.areas.__getitem__)

    def takes(self, width: int, height: int, *, edits: bool) -> bool:
        """Whether the service takes this size."""
        if self.fixed:
            return (width, height) in self.fixed.values()
        least, most = self.pixels
        low, high = self.sides or (1, most)
        fits = least <= width * height <= min(most, self.edit_pixels if edits else most)
        return fits and low <= min(width, height) and max(width, height) <= min(high, self.ratio * min(width, height))


def _references(count: int, *, size: int = 10, side: int = 3072) -> ReferenceLimits:
    return ReferenceLimits(count=count, size=size << 20, side=side, ratio=(1 / 8, 8), by_url=True)


_1K, _2K, _4K = 1024**2, 2048**2, 4096**2
_NEITHER = {"avoid": ()}

_QWEN_3 = DashScopeModel(
    name="qwen-image-3.0",
    title="Qwen Image 3.0",
    prompt_length=4500,
    references=_references(3),
    areas={"2k": _2K, "1k": _1K},
    choices={"size": ("1k", "2k")},
    cancels=True,
)
# Qwen Image 2.0 and its elder brothers answer 403 to a request for a task: "does not support asynchronous calls".
_QWEN_2 = replace(
    _QWEN_3, name="qwen-image-2.0", title="Qwen Image 2.0", prompt_length=1300, tasks=False, cancels=False
)
_WAN_2_7 = DashScopeModel(
    name="wan2.7-image",
    title="Wan 2.7",
    prompt_length=5000,
    references=_references(9, size=20, side=8000),
    areas={"2k": _2K, "1k": _1K},
    pixels=(768**2, _2K),
    choices={"size": ("1k", "2k"), **_NEITHER},
    batch=4,
    extends=False,
    cancels=True,
)
_WAN_2_2 = DashScopeModel(
    name="wan2.2-t2i-flash",
    protocol="text",
    prompt_length=800,
    areas={"": _1K},
    choices={"size": ()},
    pixels=(512**2, 1440**2),
    sides=(512, 1440),
    batch=4,
    by_default=False,
    cancels=True,
)
_QWEN_1 = replace(
    _WAN_2_2,
    name="qwen-image",
    fixed=FIVE_SIZES,
    areas={"": 1328**2},
    choices={"size": (), "ar": tuple(FIVE_SIZES)},
    sides=None,
    batch=1,
)

MODELS = ModelTable(
    [
        _QWEN_3,
        replace(_QWEN_3, name="qwen-image-3.0-pro", title="Qwen Image 3.0 pro"),
        # third parties: it has no negative prompt. Whether it makes tasks is unknown: see `DashScope.submit`.
        replace(
            _QWEN_3,
            name="qwen-image-2.1-pro",
            title="Qwen Image 2.1 pro",
            prompt_length=2000,
            references=_references(10),
            choices={"size": ("1k", "2k"), **_NEITHER},
        ),
        replace(_QWEN_2, name="qwen-image-2.0-pro", title="Qwen Image 2.0 pro"),
        _QWEN_2,
        replace(
            _QWEN_2,
            name="qwen-image-edit-max",
            title="Qwen Image Edit Max",
            prompt_length=800,
            least_references=1,
            sides=(512, 2048),
        ),
        replace(
            _WAN_2_7,
            name="wan2.7-image-pro",
            title="Wan 2.7 pro",
            areas={"2k": _2K, "1k": _1K, "4k": _4K},
            pixels=(768**2, _4K),
            choices={"size": TIERS, **_NEITHER},
        ),
        _WAN_2_7,
        DashScopeModel(
            name="wan2.6-t2i",
            title="Wan 2.6",
            areas={"": 1440**2},
            pixels=(1280**2, 1440**2),
            ratio=4,
            choices={"size": ()},
            batch=4,
            cancels=True,
        ),
        DashScopeModel(
            name="wan2.6-image",
            title="Wan 2.6 Image",
            references=_references(4, side=5000),
            least_references=1,
            areas={"1k": 1280**2, "2k": _2K},
            pixels=(768**2, _2K),
            ratio=4,
            choices={"size": ("1k", "2k")},
            batch=4,
            cancels=True,
        ),
        replace(
            _WAN_2_2, name="wan2.5-t2i-preview", pixels=(1280**2, 1440**2), areas={"": 1440**2}, sides=None, ratio=4
        ),
        replace(_WAN_2_2, name="wan2.2-t2i-plus"),
        _WAN_2_2,
        replace(_QWEN_1, name="qwen-image-plus"),
        _QWEN_1,
    ],
    # A snapshot of a day or a later model.
    unknown=replace(_QWEN_3, name="", title="", prompt_length=5000, references=_references(10), choices={}),
)
