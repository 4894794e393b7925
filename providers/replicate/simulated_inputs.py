"""The checks of a model's input for the simulator, as the models' schemas have them.

A wrong input raises `ValueError` or `TypeError`.
"""

from collections.abc import Mapping, Sequence
from math import sqrt
from typing import Any

from providers.replicate.models import ReplicateModel
from providers.simulators.received import shape
from providers.single_field import SINGLE

SIDES: Mapping[str, int] = {"1K": 1024, "2K": 2048, "3K": 3072, "4K": 4096, "1 MP": 1024, "4 MP": 2048}


def addresses(row: ReplicateModel, given: Mapping[str, Any]) -> list[str]:
    """The addresses of the references in an input; it may have no inputs that the model doesn't know."""
    known = {"prompt", "aspect_ratio", *([row.size_field] if row.sizes else [])}
    if unknown := set(given) - known - ({row.reference_field} if row.references else set()):
        raise ValueError(f"unknown inputs: {unknown}")
    asked = given.get(row.reference_field)
    if asked is None:
        return []
    if not isinstance(asked, str if row.reference_field in SINGLE else list):
        raise TypeError(row.reference_field)
    listed = [asked] if isinstance(asked, str) else asked
    if row.references is None or len(listed) > row.references.count:
        raise ValueError(f"too many in {row.reference_field}")
    return listed


def sides(row: ReplicateModel, given: Mapping[str, Any], references: Sequence[bytes]) -> tuple[int, int]:
    """The sides of the picture that an input asks for."""
    asked, size = given.get("aspect_ratio"), given.get(row.size_field)
    if asked not in {None, row.keeps or None, *row.choices["ar"]} or size not in {None, *row.sizes.values()}:
        raise ValueError("aspect_ratio or size")
    width, height = shape(references) if asked in {None, row.keeps} else map(int, str(asked).split(":"))
    side, ratio = SIDES[str(size or "1K").upper()], sqrt(width / height)
    return round(side * ratio), round(side / ratio)
