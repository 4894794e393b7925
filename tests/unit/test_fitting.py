"""Sizes of any shape within the bounds of a model."""

import pytest

from providers.fitting import fitted, ratio_of


@pytest.mark.parametrize("area", [1024**2, 1440**2, 2048**2, 4096**2])
@pytest.mark.parametrize("ratio", [1 / 20, 1 / 8, 0.31, 9 / 16, 0.99, 1, 1.01, 16 / 9, 2.39, 7.9, 30])
def test_a_size_is_near_its_shape_and_area(area: int, ratio: float) -> None:
    width, height = fitted(ratio, area, most_ratio=8)
    assert 0.9 * area <= width * height <= area
    assert 1 / 8 <= width / height <= 8
    assert width / height == pytest.approx(min(max(ratio, 1 / 8), 8), rel=0.03)
    assert width % 16 == height % 16 == 0


@pytest.mark.parametrize("ratio", [0.1, 0.5, 1, 2.5, 9])
def test_each_side_has_its_bounds(ratio: float) -> None:
    width, height = fitted(ratio, 2048**2, most_ratio=8, sides=(512, 2048))
    assert min(width, height) >= 512
    assert max(width, height) <= 2048


def test_known_sizes() -> None:
    assert fitted(1, 2048**2, most_ratio=8) == (2048, 2048)
    assert fitted(ratio_of("16:9"), 1024**2, most_ratio=8) == (1360, 768)
    assert fitted(ratio_of("1:1"), 1440**2, most_ratio=4) == (1440, 1440)
