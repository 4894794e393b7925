"""The models of Volcengine Ark. Documents: docs/82379/1541523 (API), docs/82379/1824121 (sizes of each model)."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date

from providers.base import Model, ModelTable, ReferenceLimits

SHAPES = ("1:1", "4:3", "3:4", "3:2", "2:3", "16:9", "9:16", "21:9")
TIERS: Mapping[str, int] = {"1k": 1024**2, "1.5k": 1536**2, "2k": 2048**2, "3k": 3072**2, "4k": 4096**2}
"""The area of each tier's square, in pixels."""
USUAL_TIER = "2k"
MOST_RATIO = 16
MOST_TOGETHER = 15
"""The most references and pictures of one request, with the models that make sets."""

_1K = ("1024x1024", "1152x864", "864x1152", "1248x832", "832x1248", "1424x800", "800x1424", "1568x672")
_1K_OF_4 = (*_1K[:5], "1312x736", "736x1312", "1568x672")
_1_5K = ("1536x1536", "1792x1344", "1344x1792", "1872x1248", "1248x1872", "2048x1152", "1152x2048", "2352x1008")
_2K_OF_PRO = ("2048x2048", "2368x1776", "1776x2368", "2496x1664", "1664x2496", "2816x1584", "1584x2816", "3136x1344")
_2K = ("2048x2048", "2304x1728", "1728x2304", "2496x1664", "1664x2496", "2848x1600", "1600x2848", "3136x1344")
_3K = ("3072x3072", "3456x2592", "2592x3456", "3744x2496", "2496x3744", "4096x2304", "2304x4096", "4704x2016")
_4K = ("4096x4096", "4704x3520", "3520x4704", "4992x3328", "3328x4992", "5504x3040", "3040x5504", "6240x2656")


@dataclass(frozen=True, slots=True, kw_only=True)
class ArkModel(Model):
    """A model of Ark. `sizes`: the recommended ones, in the order of `SHAPES`, by tier. `pixels`: the least and the
    most of any size. A model with a `series` of more than one also streams; the others refuse both parameters."""

    languages: tuple[str, ...] = ("en", "zh")
    sizes: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    pixels: tuple[int, int] = (1280 * 720, 4096 * 4096)

    @property
    def largest(self) -> str:
        """The largest tier."""
        return max(self.sizes, key=TIERS.__getitem__)


def _references(count: int) -> ReferenceLimits:
    return ReferenceLimits(count=count, size=10 << 20, side=6000, ratio=(1 / MOST_RATIO, MOST_RATIO), by_url=True)


_PRO = ArkModel(
    name="doubao-seedream-5-0-pro-260628",
    title="Seedream 5.0 pro",
    references=_references(10),
    choices={"size": ("1k", "1.5k", "2k"), "set": ()},
    sizes={"1k": _1K, "1.5k": _1_5K, "2k": _2K_OF_PRO},
    pixels=(1280 * 720, 4_624_220),
)
_LITE = ArkModel(
    name="doubao-seedream-5-0-260128",
    title="Seedream 5.0 lite",
    references=_references(14),
    series=MOST_TOGETHER,
    together=MOST_TOGETHER,
    choices={"size": ("2k", "3k", "4k")},
    sizes={"2k": _2K, "3k": _3K, "4k": _4K},
    pixels=(3_686_400, 4096 * 4096),
    # third parties: switched off on this day, here and at 4.5 and 4.0
    ends=date(2026, 11, 24),
    successor=_PRO.name,
)
_4_5 = replace(
    _LITE,
    name="doubao-seedream-4-5-251128",
    title="Seedream 4.5",
    choices={"size": ("2k", "4k")},
    sizes={"2k": _2K, "4k": _4K},
)
_4_0 = replace(
    _LITE,
    name="doubao-seedream-4-0-250828",
    title="Seedream 4.0",
    choices={"size": ("1k", "2k", "4k")},
    sizes={"1k": _1K_OF_4, "2k": _2K, "4k": _4K},
    pixels=(1280 * 720, 4096 * 4096),
)

MODELS = ModelTable(
    [
        _PRO,
        # BytePlus, with its own endpoint. Volcengine's own name of 5.5 is unknown, and so are its limits: those of 5.0
        # pro, as third parties sell it.
        replace(_PRO, name="dola-seedream-5-0-pro-260628", by_default=False),
        replace(_PRO, name="seedream-5-5-261028", title="Seedream 5.5", by_default=False),
        _LITE,
        replace(_LITE, name="doubao-seedream-5-0-lite-260128"),
        _4_5,
        _4_0,
    ],
    # An inference endpoint (`ep-…`) or a later model: the service refuses what it can't do. 2K fits all models.
    unknown=replace(
        _LITE,
        name="",
        title="",
        choices={},
        sizes={"1k": _1K, "1.5k": _1_5K, "2k": _2K_OF_PRO, "3k": _3K, "4k": _4K},
        pixels=(1280 * 720, 4096 * 4096),
        ends=None,
        successor="",
    ),
)
