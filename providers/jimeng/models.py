"""The table of the models that use this protocol: one row for each."""

from collections.abc import Mapping
from dataclasses import dataclass

Size = tuple[int, int]
"""Width and height in pixels."""

SIDES: Mapping[str, int] = {"1k": 1024, "2k": 2048, "4k": 4096}
"""The side of each tier's square, in pixels: a tier means its area."""

_COMMON: Mapping[str, tuple[Size, ...]] = {
    "1k": ((1024, 1024),),
    "2k": ((2048, 2048), (2304, 1728), (2496, 1664), (2560, 1440), (3024, 1296)),
}


@dataclass(frozen=True, slots=True)
class Model:
    """One model: its `req_key`, the most references, the bounds and decimals of `scale`, and the sizes that the
    document recommends for each tier (landscape; for portrait, width and height are swapped)."""

    req_key: str
    references: int
    scale: tuple[float, float, int]
    sizes: Mapping[str, tuple[Size, ...]]

    def scaled(self, share: float) -> float:
        """The model's `scale` for a share of 0–1."""
        low, high, digits = self.scale
        value = round(max(low, share * high), digits)
        return value if digits else int(value)


MODELS: Mapping[str, Model] = {
    # docs/85621/1817045
    "4.0": Model(
        req_key="jimeng_t2i_v40",
        references=10,
        scale=(0, 1, 2),
        sizes={**_COMMON, "4k": ((4096, 4096), (4694, 3520), (4992, 3328), (5404, 3040), (6198, 2656))},
    ),
    # Its own document has the same parameters except for the range of `scale`, 14 references and two sizes.
    "4.6": Model(
        req_key="jimeng_seedream46_cvtob",
        references=14,
        scale=(1, 100, 0),
        sizes={**_COMMON, "4k": ((4096, 4096), (4693, 3520), (4992, 3328), (5404, 3040), (6197, 2656))},
    ),
}
