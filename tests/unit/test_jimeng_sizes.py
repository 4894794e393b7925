"""Jimeng's table of models and the computation of sizes."""

from fractions import Fraction

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from providers.jimeng.models import MODELS, SIDES
from providers.jimeng.simulator.rules import ROWS
from providers.jimeng.sizes import (
    LEAST_AREA,
    LEAST_RATIO,
    MOST_AREA,
    MOST_RATIO,
    allowed,
    best_size,
    parse_ratio,
    parse_size,
)


@settings(deadline=None)
@given(
    ratio=st.fractions(min_value=LEAST_RATIO, max_value=MOST_RATIO, max_denominator=1000),
    tier=st.sampled_from(list(SIDES)),
    model=st.sampled_from(list(MODELS)),
)
@example(Fraction(3), "4k", "4.0")
@example(Fraction(1, 3), "1k", "4.6")
def test_any_ratio_fits_the_bounds(ratio: Fraction, tier: str, model: str) -> None:
    width, height = best_size(MODELS[model], ratio, tier)
    assert LEAST_AREA <= width * height <= MOST_AREA
    assert Fraction(1, 3) <= Fraction(width, height) <= 3
    assert abs(width / height / ratio - 1) < 0.02, "the shape is the one asked for"
    assert abs(width * height / SIDES[tier] ** 2 - 1) < 0.13, "the area is the tier's"


@pytest.mark.parametrize(
    ("model", "ratio", "tier", "size"),
    [
        ("4.0", "1:1", "1k", (1024, 1024)),
        ("4.0", "1:1", "2k", (2048, 2048)),
        ("4.0", "4:3", "2k", (2304, 1728)),
        ("4.0", "3:4", "2k", (1728, 2304)),
        ("4.0", "3:2", "2k", (2496, 1664)),
        ("4.0", "16:9", "2k", (2560, 1440)),
        ("4.0", "9:16", "2k", (1440, 2560)),
        ("4.0", "21:9", "2k", (3024, 1296)),
        ("4.0", "4:3", "4k", (4694, 3520)),
        ("4.6", "4:3", "4k", (4693, 3520)),
        ("4.0", "9:21", "4k", (2656, 6198)),
        ("4.6", "21:9", "4k", (6197, 2656)),
        ("4.0", "16:9", "4k", (5404, 3040)),
        ("4.0", "3:1", "4k", (7056, 2352)),
    ],
)
def test_recommended_sizes(model: str, ratio: str, tier: str, size: tuple[int, int]) -> None:
    parsed = parse_ratio(ratio)
    assert parsed
    assert best_size(MODELS[model], parsed, tier) == size


def test_the_documents_own_sizes_are_allowed() -> None:
    for model in MODELS.values():
        for sizes in model.sizes.values():
            assert all(allowed(size) and allowed(size[::-1]) for size in sizes)


@pytest.mark.parametrize(
    ("text", "ratio"),
    [
        ("16:9", Fraction(16, 9)),
        (" 16 : 9 ", Fraction(16, 9)),
        ("１６：９", Fraction(16, 9)),
        ("2.35:1", Fraction(235, 100)),
        ("3/4", Fraction(3, 4)),
        ("16x9", None),
        ("0:1", None),
        ("1:0", None),
        ("-1:2", None),
        ("wide", None),
        ("", None),
    ],
)
def test_ratios_as_people_write_them(text: str, ratio: Fraction | None) -> None:
    assert parse_ratio(text) == ratio


@pytest.mark.parametrize(
    ("text", "size"),
    [
        ("2048x1152", (2048, 1152)),
        ("2048×1152", (2048, 1152)),
        ("2048 X 1152", (2048, 1152)),
        ("2048*1152", (2048, 1152)),
        ("2048", None),
        ("2k", None),
        ("x", None),
        ("123456x1", None),
    ],
)
def test_sizes_as_people_write_them(text: str, size: tuple[int, int] | None) -> None:
    assert parse_size(text) == size


@settings(deadline=None)
@given(st.integers(0, 99999), st.integers(0, 99999))
def test_allowed_is_what_the_document_says(width: int, height: int) -> None:
    fits = 1024 * 1024 <= width * height <= 4096 * 4096
    assert allowed((width, height)) == (fits and width <= 3 * height and height <= 3 * width)


def test_the_table_of_models() -> None:
    assert (MODELS["4.0"].req_key, MODELS["4.0"].references) == ("jimeng_t2i_v40", 10)
    assert (MODELS["4.6"].req_key, MODELS["4.6"].references) == ("jimeng_seedream46_cvtob", 14)
    assert {model.req_key: model.references for model in MODELS.values()} == {
        key: row.references for key, row in ROWS.items()
    }


@pytest.mark.parametrize(
    ("model", "share", "scale"),
    [("4.0", 0.5, 0.5), ("4.0", 0.333, 0.33), ("4.0", 0, 0), ("4.6", 0, 1), ("4.6", 0.5, 50), ("4.6", 1, 100)],
)
def test_scale_of_each_model(model: str, share: float, scale: float) -> None:
    scaled = MODELS[model].scaled(share)
    assert scaled == scale
    assert model == "4.0" or isinstance(scaled, int)
