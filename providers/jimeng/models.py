"""The table of the models that use this protocol: one row for each."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from providers.models import Model, ModelTable, ReferenceLimits
from providers.options import N_

Size = tuple[int, int]
"""Width and height in pixels."""

UPSCALED = "upscaled"
"""The value of the option `size` that selects the upscaler. "Larger" sets it; nobody needs to type it."""
MOST_TOGETHER = 15
"""The most references and pictures of one request (document: output count at most 15 − references)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class JimengModel(Model):
    """One model, by its `req_key`.

    `scale`: its bounds and decimals; None: it has none. `sizes`: those that the document recommends for each tier,
    first the square, then landscape (for portrait, width and height are swapped). `area`: the bounds of width × height,
    `sides`: those of each. Without width and height, one with `picks_shape` chooses the ratio itself (and takes `size`,
    an area), and reads the number of pictures from the prompt unless it is forced to one. `seeds`: it takes a seed.
    `calls_back`: it calls `callback_url`. `resolution`: what an upscaler is asked for.
    `editor`: the model that makes the pictures when there are references.
    """

    languages: tuple[str, ...] = ("en", "zh")
    req_key: str
    scale: tuple[float, float, int] | None = None
    sizes: Mapping[str, tuple[Size, ...]] = field(default_factory=dict)
    area: tuple[int, int] = (1024 * 1024, 4096 * 4096)
    sides: tuple[int, int] = (1, 4096 * 4096)
    picks_shape: bool = False
    seeds: bool = False
    calls_back: bool = False
    resolution: str = ""
    editor: "JimengModel | None" = None

    def taken(self, option: str) -> tuple[str, ...] | None:
        """See `Model.taken`. Sizes in pixels can be typed, too, so those of a model are no `choices`."""
        return tuple(self.sizes) if option == "size" and "size" not in self.choices else self.choices.get(option)

    def scaled(self, share: float) -> float:
        """The model's `scale` for a share of 0–1."""
        low, high, digits = self.scale or (0, 1, 2)
        value = round(max(low, share * high), digits)
        return value if digits else int(value)

    def working_with(self, references: int) -> "JimengModel":
        """The model that is really called for a request with so many references."""
        if self.editor is None:
            return self
        return self.editor if references else replace(self, references=None)

    @property
    def all_keys(self) -> tuple[str, ...]:
        """The `req_key`s that an account must have for it."""
        return (self.req_key, self.editor.req_key) if self.editor else (self.req_key,)


_2K: tuple[Size, ...] = ((2048, 2048), (2304, 1728), (2496, 1664), (2560, 1440), (3024, 1296))
_4K: tuple[Size, ...] = ((4096, 4096), (4694, 3520), (4992, 3328), (5404, 3040), (6198, 2656))
_4K_OF_46: tuple[Size, ...] = ((4096, 4096), (4693, 3520), (4992, 3328), (5404, 3040), (6197, 2656))
_1K_OF_3: tuple[Size, ...] = ((1328, 1328), (1472, 1104), (1584, 1056), (1664, 936), (2016, 864))


def _references(count: int, size: int = 15 << 20) -> ReferenceLimits:
    types = frozenset({"image/jpeg", "image/png"})
    return ReferenceLimits(count=count, media_types=types, size=size, side=4096, ratio=(1 / 3, 3), by_url=True)


_ONE = _references(1, size=4_700_000)
_NUMBERS = tuple(str(number) for number in range(1, MOST_TOGETHER + 1))

# docs/85621/1817045
_40 = JimengModel(
    name="4.0",
    title="Jimeng 4.0",
    req_key="jimeng_t2i_v40",
    prompt_length=800,
    references=_references(10),
    pictures=MOST_TOGETHER,
    together=MOST_TOGETHER,
    scale=(0, 1, 2),
    sizes={"1k": ((1024, 1024),), "2k": _2K, "4k": _4K},
    picks_shape=True,
    calls_back=True,
    # Third parties send a seed, which the document doesn't have.
    choices={"seed": ()},
)
# Its own document has the same parameters except for the range of `scale`, 14 references and two sizes.
_46 = replace(
    _40,
    name="4.6",
    title="Jimeng 4.6",
    req_key="jimeng_seedream46_cvtob",
    references=_references(14),
    scale=(1, 100, 0),
    sizes={**_40.sizes, "4k": _4K_OF_46},
)
# Third parties: the bounds of the area, and that there are no callbacks.
_31 = JimengModel(
    name="3.1",
    title="Jimeng 3.1",
    req_key="jimeng_t2i_v31",
    prompt_length=800,
    pictures=MOST_TOGETHER,
    sizes={"1k": _1K_OF_3, "2k": _2K},
    area=(512 * 512, 2048 * 2048),
    seeds=True,
    choices={"scale": (), "n": _NUMBERS},
)
# docs/85621/1747301 has the sides; third parties: 4.7 MB.
_EDITOR_30 = JimengModel(
    name="3.0",
    title="Jimeng 3.0",
    req_key="jimeng_i2i_v30",
    prompt_length=800,
    references=_ONE,
    pictures=MOST_TOGETHER,
    scale=(0, 1, 2),
    sizes={"1k": _1K_OF_3},
    area=(512 * 512, 2016 * 2016),
    sides=(512, 2016),
    seeds=True,
)
_30 = replace(
    _31,
    name="3.0",
    title="Jimeng 3.0",
    req_key="jimeng_t2i_v30",
    references=_ONE,
    choices={"n": _NUMBERS},
    editor=_EDITOR_30,
)

UPSCALER = JimengModel(
    name="upscaler",
    title=N_("Jimeng, enlarged"),
    req_key="jimeng_i2i_seed3_tilesr_cvtob",
    # It gets none, so the words of any model will do.
    prompt_length=100_000,
    references=_ONE,  # third parties
    scale=(0, 100, 0),  # third parties; how much detail it invents
    sizes={UPSCALED: ()},
    has_prompt=False,
    resolution="4k",  # third parties: "4k" or "8k"
)
"""The model of "Larger". It is no choice of the option `model`."""

MODELS = ModelTable([_40, _46, _31, _30], unknown=replace(_40, name="", title=""))


def known(name: str) -> JimengModel:
    """The row of a model, also of one that is not in the table: its name is its `req_key`, and it is like 4.0."""
    return MODELS[name] if name in MODELS else replace(_40, name=name, title="", req_key=name)


def by_key(key: str) -> JimengModel | None:
    """The model that is called by this `req_key`; None: there is none."""
    return _BY_KEY.get(key)


_BY_KEY = {row.req_key: row.working_with(0) for row in (*MODELS, _EDITOR_30, UPSCALER)}
