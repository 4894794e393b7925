"""The checks of an app's input, as the apps' schemas have them, for the simulator. A wrong one raises `ValueError`."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import sqrt
from typing import Any

from providers.fal.models import MODELS, SQUARE_1K, FalModel
from providers.simulators import received

PRESET_SIDES: Mapping[str, tuple[int, int]] = {
    "square_hd": (1024, 1024),
    "landscape_4_3": (1024, 768),
    "portrait_4_3": (768, 1024),
    "landscape_16_9": (1024, 576),
    "portrait_16_9": (576, 1024),
    "auto_1K": (1024, 1024),
    "auto_2K": (2048, 2048),
}
TIER_SIDES: Mapping[str, int] = {"1K": 1024, "2K": 2048, "4K": 4096}


@dataclass(frozen=True, slots=True)
class App:
    """An app of the service. `edits`: it needs references."""

    row: FalModel
    edits: bool


def known_app(name: str) -> App | None:
    """The app of this name. One whose references go elsewhere takes none."""
    for row in MODELS:
        if name in {row.name, row.edit_app}:
            return App(row, edits=name == row.edit_app)
    return None


def asked_for(app: App, given: Mapping[str, Any], references: Sequence[bytes]) -> tuple[tuple[int, int], int]:
    """The sides and the number of the pictures that an input asks for."""
    row, inputs = app.row, _inputs(app)
    count = given.get("num_images", 1)
    if unknown := set(given) - inputs:
        raise ValueError(f"unknown inputs: {unknown}")
    if given.get("output_format", "jpeg") not in {"jpeg", "png"} or not 1 <= count <= row.pictures:
        raise ValueError("output_format or num_images")
    if app.edits:
        _check_references(row, given.get(row.reference_field))
    return _sides(row, given, references), count


def _inputs(app: App) -> set[str]:
    row, shapes = app.row, {"image_size"} if app.row.areas else {"aspect_ratio"}
    optional = {
        "num_images": row.pictures > 1,
        "seed": "seed" not in row.choices,
        "resolution": bool(row.resolutions),
        row.reference_field: app.edits,
    }
    return {"prompt", "output_format", "sync_mode", *shapes, *(name for name, taken in optional.items() if taken)}


def _check_references(row: FalModel, given: object) -> None:
    is_one = row.reference_field == "image_url"
    most = row.references.count if row.references else 0
    if not isinstance(given, str if is_one else list) or (isinstance(given, list) and not 1 <= len(given) <= most):
        raise ValueError(row.reference_field)


def _sides(row: FalModel, given: Mapping[str, Any], references: Sequence[bytes]) -> tuple[int, int]:
    if row.areas:
        return _image_size(row, given.get("image_size") or row.presets.get("auto", "auto_2K"))
    shape, tier = given.get("aspect_ratio", "auto"), str(given.get("resolution", "1K"))
    if shape not in {"auto", *row.choices["ar"]} or tier not in {"1K", *row.resolutions.values()}:
        raise ValueError("aspect_ratio or resolution")
    width, height = received.shape(references) if shape == "auto" else map(int, shape.split(":"))
    side, ratio = TIER_SIDES[tier.upper()], sqrt(width / height)
    return round(side * ratio), round(side / ratio)


def _image_size(row: FalModel, size: Any) -> tuple[int, int]:
    if isinstance(size, str):
        if size not in {*row.presets.values(), row.presets.get("auto", "auto_2K")}:
            raise ValueError("image_size")
        return PRESET_SIDES[size]
    width, height = size["width"], size["height"]
    least = SQUARE_1K if row.choices["size"] else 1
    if not least <= width * height <= max(row.areas.values()):
        raise ValueError("image_size")
    return width, height
