"""Jimeng's table of models and the computation of sizes."""

from fractions import Fraction

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from providers.jimeng.models import MODELS, UPSCALER, JimengModel, by_key, known
from providers.jimeng.sizes import (
    LEAST_RATIO,
    MOST_RATIO,
    allowed,
    best_size,
    parse_ratio,
    parse_size,
    tier_area,
)

EDITOR = known("3.0").working_with(1)
ROWS = {**{row.name: row for row in MODELS}, "editor": EDITOR}
TIERS = [(name, tier) for name, row in ROWS.items() for tier in row.sizes]


@given(
    ratio=st.fractions(min_value=LEAST_RATIO, max_value=MOST_RATIO, max_denominator=1000),
    of=st.sampled_from(TIERS),
)
@example(Fraction(3), ("4.0", "4k"))
@example(Fraction(1, 3), ("4.6", "1k"))
@example(Fraction(3), ("editor", "1k"))
@example(Fraction(1, 3), ("3.1", "2k"))
def test_any_ratio_fits_the_bounds(ratio: Fraction, of: tuple[str, str]) -> None:
    model, tier = ROWS[of[0]], of[1]
    width, height = best_size(model, ratio, tier)
    assert allowed(model, (width, height))
    assert model.area[0] <= width * height <= model.area[1]
    assert Fraction(1, 3) <= Fraction(width, height) <= 3
    assert abs(width / height / ratio - 1) < 0.02, "the shape is the one asked for"
    if model is not EDITOR:
        assert abs(width * height / tier_area(model, tier) - 1) < 0.13, "the area is the tier's"


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
        ("3.1", "1:1", "1k", (1328, 1328)),
        ("3.0", "9:16", "1k", (936, 1664)),
        ("3.1", "4:3", "2k", (2304, 1728)),
        ("editor", "21:9", "1k", (2016, 864)),
        ("editor", "3:1", "1k", (2016, 672)),
    ],
)
def test_recommended_sizes(model: str, ratio: str, tier: str, size: tuple[int, int]) -> None:
    parsed = parse_ratio(ratio)
    assert parsed
    assert best_size(ROWS[model], parsed, tier) == size


def test_the_documents_own_sizes_are_allowed() -> None:
    for model in ROWS.values():
        for sizes in model.sizes.values():
            assert all(allowed(model, size) and allowed(model, size[::-1]) for size in sizes)


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


@given(st.integers(0, 99999), st.integers(0, 99999))
def test_allowed_is_what_the_document_says(width: int, height: int) -> None:
    fits = 1024 * 1024 <= width * height <= 4096 * 4096
    assert allowed(MODELS["4.0"], (width, height)) == (fits and width <= 3 * height and height <= 3 * width)


def test_the_table_of_models() -> None:
    assert MODELS.current == ("4.0", "4.6", "3.1", "3.0")
    assert {row.name: (row.req_key, _count(row)) for row in (*MODELS, EDITOR, UPSCALER)} == {
        "4.0": ("jimeng_t2i_v40", 10),
        "4.6": ("jimeng_seedream46_cvtob", 14),
        "3.1": ("jimeng_t2i_v31", 0),
        "3.0": ("jimeng_i2i_v30", 1),
        "upscaler": ("jimeng_i2i_seed3_tilesr_cvtob", 1),
    }
    assert MODELS["3.0"].all_keys == ("jimeng_t2i_v30", "jimeng_i2i_v30")


def _count(row: JimengModel) -> int:
    return row.references.count if row.references else 0


@pytest.mark.parametrize(
    ("model", "references", "key"),
    [
        ("4.0", 0, "jimeng_t2i_v40"),
        ("4.0", 3, "jimeng_t2i_v40"),
        ("4.6", 1, "jimeng_seedream46_cvtob"),
        ("3.1", 0, "jimeng_t2i_v31"),
        ("3.0", 0, "jimeng_t2i_v30"),
        ("3.0", 1, "jimeng_i2i_v30"),
        ("jimeng_t2i_v50", 1, "jimeng_t2i_v50"),
    ],
)
def test_the_model_that_is_called(model: str, references: int, key: str) -> None:
    assert known(model).working_with(references).req_key == key
    assert model == "jimeng_t2i_v50" or by_key(key) is not None


@pytest.mark.parametrize(
    ("model", "share", "scale"),
    [("4.0", 0.5, 0.5), ("4.0", 0.333, 0.33), ("4.0", 0, 0), ("4.6", 0, 1), ("4.6", 0.5, 50), ("4.6", 1, 100)],
)
def test_scale_of_each_model(model: str, share: float, scale: float) -> None:
    scaled = MODELS[model].scaled(share)
    assert scaled == scale
    assert model == "4.0" or isinstance(scaled, int)
    assert UPSCALER.scaled(0.5) == 50
