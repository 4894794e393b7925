import io
import math
import os
import random
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import pytest
from PIL import Image, ImageChops, ImageStat

from providers.testing.artist import draw, words
from providers.testing.artist.brush.canvas import Canvas
from providers.testing.artist.picture import PLACES, paint
from providers.testing.artist.plan import plan
from providers.testing.artist.references import opened, rows
from providers.testing.artist.scene import Scene, Subject, read
from providers.testing.artist.styles import STYLES
from providers.testing.artist.subjects.kinds import KINDS

Colour = tuple[int, int, int]
FOX = "a red fox in the snow"
FLAGS: list[Colour] = [
    (210, 40, 40), (40, 160, 60), (40, 70, 200), (230, 200, 40), (150, 50, 170), (40, 180, 190), (240, 130, 30),
    (110, 70, 40), (240, 120, 180), (20, 20, 20), (250, 250, 250), (120, 120, 120), (130, 180, 40), (20, 60, 90),
]  # fmt: skip


def seen(data: bytes) -> Image.Image:
    image = Image.open(io.BytesIO(data))
    image.load()
    return image


def flat(colour: Colour, size: tuple[int, int] = (60, 45)) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", size, colour).save(out, "PNG")
    return out.getvalue()


def pixels(image: Image.Image) -> list[Colour]:
    data = image.convert("RGB").tobytes()
    return list(zip(data[0::3], data[1::3], data[2::3], strict=True))


def share(image: Image.Image, colour: Colour, within: float = 60) -> float:
    """How much of a picture is near a colour."""
    every = pixels(image.resize((100, 100), Image.Resampling.NEAREST))
    return sum(math.dist(one, colour) < within for one in every) / len(every)


def mean_difference(one: Image.Image, other: Image.Image) -> float:
    """How far two pictures of one size are apart: the mean over all pixels and bands."""
    return sum(ImageStat.Stat(ImageChops.difference(one, other)).mean) / 3


@pytest.mark.parametrize(
    ("width", "height"), [(128, 128), (160, 90), (90, 160), (300, 100), (33, 17), (400, 25), (3000, 1), (1, 1)]
)
def test_a_jpeg_of_the_size_asked_for(width: int, height: int) -> None:
    image = seen(draw(FOX, (), width, height))
    assert (image.format, image.size, image.mode) == ("JPEG", (width, height), "RGB")


def test_large_pictures_are_painted_small_and_scaled_up() -> None:
    assert seen(draw("minimal", (), 2400, 1600)).size == (2400, 1600)


@pytest.mark.parametrize("size", [(0, 10), (10, -1)])
def test_no_size_is_an_error(size: tuple[int, int]) -> None:
    with pytest.raises(ValueError, match="can't be drawn"):
        draw(FOX, (), *size)


def test_the_same_gives_the_same_bytes_from_any_thread() -> None:
    jobs = [(f"a {kind}, {style}", seed) for kind in ("fox", "boat") for style in ("oil", "night") for seed in (1, 2)]

    def one(job: tuple[str, int]) -> bytes:
        return draw(job[0], [flat(FLAGS[job[1]])] if job[1] == 2 else (), 96, 96, job[1])

    alone = [one(job) for job in jobs]
    with ThreadPoolExecutor(4) as threads:
        assert list(threads.map(one, jobs)) == alone


def test_the_same_gives_the_same_bytes_in_another_process() -> None:
    program = (
        "import sys; from providers.testing.artist import draw\n"
        "sys.stdout.buffer.write(draw('cats in a snowy forest with fireflies', (), 64, 64, 7))"
    )
    run = subprocess.run(
        [sys.executable, "-c", program], env={**os.environ, "PYTHONHASHSEED": "5"}, stdout=-1, check=True
    )
    assert run.stdout == draw("cats in a snowy forest with fireflies", (), 64, 64, 7)


@pytest.mark.parametrize("prompt", [FOX, "glorbnax", "一只猫"])
def test_seeds_give_other_compositions(prompt: str) -> None:
    pictures = [seen(draw(prompt, (), 96, 96, seed)) for seed in range(5)]
    assert min(mean_difference(a, b) for i, a in enumerate(pictures) for b in pictures[:i]) > 8


def test_there_is_a_fox_in_the_snow() -> None:
    for seed in range(6):
        image = seen(draw(f"{FOX} at noon", (), 160, 160, seed))
        assert share(image, (226, 90, 48), 55) > 0.03
        assert share(image, (238, 238, 246), 60) > 0.05


def test_a_colour_tints_the_subject() -> None:
    for word, colour in (("green", (87, 168, 90)), ("蓝色的", (63, 127, 207)), ("purple", (138, 95, 196))):
        with_colour = seen(draw(f"a {word} cat by day, studio, close-up", (), 128, 128, 3))
        plain = seen(draw("a cat by day, studio, close-up", (), 128, 128, 3))
        assert share(with_colour, colour, 50) > share(plain, colour, 50) + 0.1


def test_night_is_darker_than_day() -> None:
    day, night = (
        ImageStat.Stat(seen(draw(f"hills by {time}", (), 96, 96, 5)).convert("L")).mean[0] for time in ("day", "night")
    )
    assert day > night + 40


@pytest.mark.parametrize("word", [said.split(", ")[0] for said in (words.WEATHER | words.ACTIONS).values()])
def test_every_weather_and_action_draws(word: str) -> None:
    assert seen(draw(f"a fox, {word}", (), 64, 64, len(word))).size == (64, 64)


def test_every_subject_has_a_kind_and_every_place_a_painter() -> None:
    assert set(words.SUBJECTS) == set(KINDS)
    assert set(words.PLACES) <= set(PLACES)
    assert {place for kind in KINDS.values() for place in kind.places} <= set(PLACES)
    assert set(words.STYLES) | {""} == set(STYLES)


@pytest.mark.parametrize(("number", "place"), list(enumerate(PLACES)))
def test_every_place_and_every_subject_draws(number: int, place: str) -> None:
    where = words.PLACES.get(place, "snow").split(", ")[0]
    for kind in list(KINDS)[number :: len(PLACES)]:
        assert seen(draw(f"{words.SUBJECTS[kind].split(', ')[0]} {where}", (), 64, 64, number)).size == (64, 64)


def test_styles_change_the_picture() -> None:
    canvas = Canvas.blank(128, 128)
    paint(read(FOX), canvas, random.Random(1))
    styled = [style(canvas.image.copy(), random.Random(1)).resize((128, 128)) for style in STYLES.values()]
    apart = [mean_difference(one, other) for i, one in enumerate(styled) for other in styled[:i]]
    assert min(apart) > 3


def test_black_and_white_has_no_colours() -> None:
    image = seen(draw("a red fox, black and white", (), 96, 96, 1))
    assert max(max(pixel) - min(pixel) for pixel in pixels(image)) < 12


def test_pixel_art_is_made_of_squares() -> None:
    image = seen(draw("a fox, pixel art", (), 1040, 1040, 1)).convert("L")
    squares = [image.crop((x, y, x + 8, y + 8)) for x in range(1, 1000, 90) for y in range(1, 1000, 90)]
    assert max(ImageStat.Stat(square).stddev[0] for square in squares) < 5


@pytest.mark.parametrize(
    ("prompt", "scene"),
    [
        (FOX, Scene((Subject("fox", (217, 72, 43)),), season="winter", weather=frozenset({"snow"}))),
        ("一只红色的狐狸，夜晚，水彩", Scene((Subject("fox", (217, 72, 43)),), time="night", style="watercolour")),
        ("两只猫在海边", Scene((Subject("cat", None, 2),), place="sea")),
        ("狐狸是蓝色的", Scene((Subject("fox", (63, 127, 207)),))),
        ("画一只Fox吧", Scene((Subject("fox"),))),
        ("three FOXES and a white dog", Scene((Subject("fox", None, 3), Subject("dog", (246, 245, 250))))),
        ("a fox without snow", Scene((Subject("fox"),))),
        ("a fox under a purple sky", Scene((Subject("fox"),), tint=(138, 95, 196))),
        ("熊猫和猫头鹰", Scene((Subject("panda"), Subject("owl")))),
        ("a castle under the moon", Scene((Subject("castle"),), time="night")),
        ("a boxer's foxtrot, catalogue, 山楂味", Scene(place="heights")),
        ("Ｆｏｘ", Scene((Subject("fox"),))),
        ("", Scene()),
    ],
)
def test_reading(prompt: str, scene: Scene) -> None:
    assert read(prompt) == scene


def test_every_listed_word_is_read_as_something() -> None:
    tables = (words.SUBJECTS, words.PLACES, words.TIMES, words.SEASONS, words.STYLES, words.ACTIONS)
    listed = [word for table in tables for words_of in table.values() for word in words_of.split(", ")]
    assert [word for word in listed if read(word) == Scene()] == []


def test_fish_in_the_sea_are_under_water() -> None:
    assert plan(read("a fish in the sea"), random.Random(1)).place == "underwater"


@pytest.mark.parametrize(
    "prompt", ["", "😀🎉 \x00\n", "???", "a " * 2000, "foxfoxfox", "٣ لون", "2 3 4 5 red blue", "no no not"]
)
def test_any_words_give_a_picture(prompt: str) -> None:
    assert seen(draw(prompt, (), 64, 64, 1)).size == (64, 64)


@pytest.mark.parametrize("prompt", ["make it better", "a fox", "at night"])
@pytest.mark.parametrize("colour", FLAGS[:2])
def test_one_reference_becomes_the_scene(prompt: str, colour: Colour) -> None:
    for seed in range(2):
        image = seen(draw(prompt, [flat(colour)], 96, 96, seed))
        strong = max(range(3), key=lambda band: colour[band])
        mean = ImageStat.Stat(image.crop((0, 0, 96, 48))).mean
        assert max(range(3), key=lambda band: mean[band]) == strong


def test_one_reference_is_recognised_by_its_parts() -> None:
    halves = Image.new("RGB", (100, 100), (220, 60, 50))
    halves.paste((50, 90, 220), (50, 0, 100, 100))
    out = io.BytesIO()
    halves.save(out, "JPEG")
    image = seen(draw("by day", [out.getvalue()], 128, 128, 2))
    left, right = (ImageStat.Stat(image.crop(box)).mean for box in ((5, 5, 40, 60), (88, 5, 123, 60)))
    assert left[0] > left[2] + 40
    assert right[2] > right[0] + 40


@pytest.mark.parametrize("count", [2, 4, 9, 14])
@pytest.mark.parametrize("seed", range(3))
def test_the_colours_of_every_reference_appear(count: int, seed: int) -> None:
    image = seen(draw("combine these by day", [flat(colour) for colour in FLAGS[:count]], 256, 256, seed))
    assert [colour for colour in FLAGS[:count] if share(image, colour) < 0.12 / count] == []


def test_the_colours_appear_behind_a_subject_too() -> None:
    for seed in range(4):
        image = seen(draw("a fox at noon", [flat(colour) for colour in FLAGS[:4]], 256, 256, seed))
        assert [colour for colour in FLAGS[:4] if share(image, colour) < 0.02] == []


def saved(image: Image.Image, kind: str, **options: object) -> bytes:
    out = io.BytesIO()
    image.save(out, kind, **options)
    return out.getvalue()


def test_kinds_of_references() -> None:
    red = Image.new("RGB", (80, 60), (200, 30, 30))
    given = [
        saved(red, "JPEG"),
        saved(red, "WEBP"),
        saved(red.convert("CMYK"), "JPEG"),
        saved(red.quantize(4), "PNG"),
        saved(red.convert("RGBA"), "PNG"),
        saved(red.quantize(4), "GIF", transparency=3),
        saved(red.convert("L"), "PNG"),
        saved(red.convert("1"), "PNG"),
        saved(red.convert("LA"), "PNG"),
        saved(Image.new("I;16", (80, 60), 40000), "PNG"),
        saved(Image.new("RGB", (1, 1), (1, 2, 3)), "PNG"),
        saved(Image.new("RGB", (900, 3), (1, 2, 3)), "PNG"),
    ]
    assert seen(draw("a fox", given, 128, 128)).size == (128, 128)
    assert [opened(data, 100).mode for data in given] == ["RGB"] * len(given)
    assert opened(given[9], 100).getpixel((5, 5)) == (156, 156, 156)


def test_the_turn_in_exif_is_undone_and_what_is_clear_is_white() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    assert opened(saved(Image.new("RGB", (400, 100)), "JPEG", exif=exif), 100).size == (25, 100)
    clear = saved(Image.new("RGBA", (10, 10), (255, 0, 0, 0)), "PNG")
    assert opened(clear, 100).getpixel((5, 5)) == (255, 255, 255)


@pytest.mark.parametrize("data", [b"", b"not a picture", flat((1, 2, 3))[:60], b"\x89PNG\r\n\x1a\n" + b"0" * 50])
def test_what_is_no_picture_is_an_error(data: bytes) -> None:
    with pytest.raises(ValueError, match="can't be read"):
        draw("a fox", [data], 64, 64)


@pytest.mark.parametrize("count", range(1, 15))
def test_rows_lie_within_the_area_and_apart(count: int) -> None:
    ratios = [(0.6, 1.0, 1.8)[i % 3] for i in range(count)]
    laid = rows(ratios, 90, 70, 3)
    assert [wide / high for _, _, wide, high in laid] == pytest.approx(ratios)
    assert all(x >= -0.01 and x + wide <= 90.01 and y >= -0.01 and y + high <= 70.01 for x, y, wide, high in laid)
    for i, (x, y, wide, high) in enumerate(laid):
        for ox, oy, other_wide, other_high in laid[:i]:
            assert x >= ox + other_wide or ox >= x + wide or y >= oy + other_high or oy >= y + high
