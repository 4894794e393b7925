"""Two pictures beside each other, and how often a person may ask for that."""

from io import BytesIO

import pytest
from PIL import Image

from bot.telegram.comparison import PersonLimit
from bot.telegram.image_worker import ImageWorker, UnusableImageError
from tests.support.clock import Clock
from tests.support.sample_pictures import picture, picture_info


@pytest.mark.parametrize(
    ("left", "right"),
    [((600, 400), (300, 600)), ((4000, 200), (4000, 200)), ((40, 700), (700, 40)), ((3, 3), (1280, 1280))],
)
async def test_two_pictures_fit_into_a_photo(left: tuple[int, int], right: tuple[int, int]) -> None:
    images = ImageWorker()
    try:
        made = await images.side_by_side(picture(*left, "PNG", "red"), picture(*right, "JPEG", "blue"))
    finally:
        await images.aclose()
    kind, width, height = picture_info(made)
    assert kind == "JPEG"
    assert width + height <= 10_000
    assert width <= 20 * height
    with Image.open(BytesIO(made)) as image:
        red, blue = (image.getpixel((place, height // 2)) for place in (1, width - 2))
    assert (red[0] > 150, blue[2] > 150) == (True, True)  # type: ignore[index]


async def test_what_is_no_picture_is_refused() -> None:
    images = ImageWorker()
    try:
        with pytest.raises(UnusableImageError):
            await images.side_by_side(picture(40, 40, "PNG", "red"), b"no picture")
    finally:
        await images.aclose()


def test_a_person_compares_so_often_and_others_all_the_same() -> None:
    clock = Clock()
    limit = PersonLimit(2, 60.0, clock)
    assert [limit.take(1), limit.take(1), limit.take(1), limit.take(2)] == [True, True, False, True]
    clock.now += 61
    assert limit.take(1)
