"""The pictures that the simulators draw: size, seed, subjects, styles and references."""

import io
import math
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from PIL import Image, ImageChops, ImageFilter, ImageStat

from providers.simulators import pictures
from providers.simulators.pictures.cutouts import names
from providers.simulators.pictures.picker import draw
from providers.simulators.pictures.scene import Subject, catalogue, read

Colour = tuple[int, int, int]
FOX = "a red fox in the snow"
FLAGS: list[Colour] = [
    (210, 40, 40), (40, 160, 60), (40, 70, 200), (230, 200, 40), (150, 50, 170), (40, 180, 190), (240, 130, 30),
    (110, 70, 40), (240, 120, 180), (20, 20, 20), (250, 250, 250), (120, 120, 120), (130, 180, 40), (20, 60, 90),
]  # fmt: skip
WORDS, LOOKS = catalogue("words"), catalogue("looks")


def seen(data: bytes) -> Image.Image:
    image = Image.open(io.BytesIO(data))
    image.load()
    return image


def saved(image: Image.Image, kind: str = "PNG", **options: object) -> bytes:
    out = io.BytesIO()
    image.save(out, kind, **options)
    return out.getvalue()


def flat(colour: Colour) -> bytes:
    return saved(Image.new("RGB", (60, 45), colour))


def pixels(image: Image.Image) -> list[Colour]:
    data = image.convert("RGB").tobytes()
    return list(zip(data[0::3], data[1::3], data[2::3], strict=True))


def share(image: Image.Image, colour: Colour, within: float = 60) -> float:
    """The share of a picture's pixels that are near a colour."""
    every = pixels(image.resize((100, 100), Image.Resampling.NEAREST))
    return sum(math.dist(one, colour) < within for one in every) / len(every)


def mean_difference(one: Image.Image, other: Image.Image) -> float:
    """The mean difference of two pictures of one size, over all pixels and bands."""
    return sum(ImageStat.Stat(ImageChops.difference(one, other)).mean) / 3


def listed(row: str | list[str]) -> list[str]:
    return [word.strip() for word in (row if isinstance(row, str) else row[2]).split(",")]


@pytest.mark.parametrize(
    ("width", "height"), [(128, 128), (160, 90), (90, 160), (300, 100), (33, 17), (400, 25), (3000, 1), (1, 1)]
)
def test_a_jpeg_of_the_size_asked_for(width: int, height: int) -> None:
    image = seen(draw(FOX, (), width, height))
    assert (image.format, image.size, image.mode) == ("JPEG", (width, height), "RGB")


def test_large_pictures_are_composed_small_and_scaled_up() -> None:
    assert seen(draw("minimal", (), 4096, 2304)).size == (4096, 2304)


def test_the_same_gives_the_same_bytes_from_any_thread() -> None:
    jobs = [(f"a {kind}, {style}", seed) for kind in ("fox", "boat") for style in ("oil", "night") for seed in (1, 2)]

    def one(job: tuple[str, int]) -> bytes:
        return draw(job[0], [flat(FLAGS[job[1]])] if job[1] == 2 else (), 96, 96, job[1])

    alone = [one(job) for job in jobs]
    with ThreadPoolExecutor(4) as threads:
        assert list(threads.map(one, jobs)) == alone


def test_the_same_gives_the_same_bytes_in_another_process() -> None:
    program = (
        "import sys; from providers.simulators.pictures.picker import draw\n"
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


def test_an_edit_looks_different_with_another_seed() -> None:
    picture = draw(FOX, (), 256, 256, 1)
    edits = [seen(draw("at night", [picture], 96, 96, seed)) for seed in range(3)]
    assert min(mean_difference(a, b) for i, a in enumerate(edits) for b in edits[:i]) > 2


def test_there_is_a_red_fox_in_the_snow() -> None:
    for seed in range(6):
        image = seen(draw(f"{FOX} at noon", (), 160, 160, seed))
        assert share(image, (210, 66, 42), 55) > 0.03
        assert share(image, (238, 238, 246), 60) > 0.05


def test_a_colour_tints_the_subject() -> None:
    for word, colour in (("green", (87, 168, 90)), ("蓝色的", (63, 127, 207)), ("purple", (138, 95, 196))):
        with_colour = seen(draw(f"a {word} cat by day, studio, close-up", (), 128, 128, 3))
        plain = seen(draw("a cat by day, studio, close-up", (), 128, 128, 3))
        assert share(with_colour, colour, 50) > share(plain, colour, 50) + 0.1


def test_a_number_is_how_many_there_are() -> None:
    def width(image: Image.Image) -> int:
        """The width of all that has the colour of a fox, in pixels."""
        columns = [x for x in range(128) if share(image.crop((x, 0, x + 1, 128)), (226, 112, 58), 55) > 0.1]
        return max(columns) - min(columns)

    one, four = (seen(draw(f"{count} fox by day, studio, sitting", (), 128, 128, 3)) for count in ("a", "four"))
    assert width(four) > width(one) + 20


def test_night_is_darker_than_day() -> None:
    day, night = (
        ImageStat.Stat(seen(draw(f"hills by {time}", (), 96, 96, 5)).convert("L")).mean[0] for time in ("day", "night")
    )
    assert day > night + 40


def test_words_that_are_not_known_stand_on_the_picture() -> None:
    def edges(prompt: str, seed: int) -> float:
        """The strength of edges where words would stand."""
        image = seen(draw(prompt, (), 256, 256, seed)).crop((32, 80, 224, 136)).convert("L")
        return ImageStat.Stat(image.filter(ImageFilter.FIND_EDGES)).mean[0]

    assert (
        min(edges("glorbnax zimbel", seed) for seed in range(4)) > max(edges("abstract", seed) for seed in range(4)) * 2
    )
    assert (read("glorbnax").caption, read("a unicorn in the forest").caption) == (
        "glorbnax",
        "a unicorn in the forest",
    )
    assert [
        read(prompt).caption for prompt in ("abstract", "the sea at night", "夜里的大海", "a unicorn and a fox")
    ] == [""] * 4


def test_all_that_is_listed_can_be_drawn_and_all_that_can_be_drawn_is_listed() -> None:
    folder = Path(pictures.__file__).parent
    drawn = {
        kind: {file.stem.partition("-")[0] for file in (folder / kind).iterdir()} for kind in ("cutouts", "backgrounds")
    }
    assert drawn["cutouts"] == set(WORDS["subjects"])
    assert drawn["backgrounds"] == set(WORDS["places"])
    assert {place for row in WORDS["subjects"].values() for place in row[0].split()} <= drawn["backgrounds"]
    assert set(LOOKS["styles"]) == set(WORDS["styles"])
    assert set(LOOKS["falling"]) == set(WORDS["weather"])
    assert len(names("cutouts", "fox")) == 4


def test_the_pictures_take_little_room() -> None:
    assert sum(file.stat().st_size for file in Path(pictures.__file__).parent.rglob("*.webp")) < 2_000_000


@pytest.mark.parametrize(
    "word", [listed(row)[0] for table in ("weather", "actions", "styles") for row in WORDS[table].values()]
)
def test_every_weather_action_and_style_changes_the_picture(word: str) -> None:
    assert draw(f"a fox, {word}", (), 64, 64, 4) != draw("a fox", (), 64, 64, 4)


@pytest.mark.parametrize("table", ["subjects", "places"])
def test_every_thing_and_every_place_draws(table: str) -> None:
    every = {draw(listed(row)[0], (), 64, 64, 1) for row in WORDS[table].values()}
    assert len(every) == len(WORDS[table])


def test_styles_look_different_from_each_other() -> None:
    styled = [
        seen(draw(f"a fox by day, {style}", (), 128, 128, 1))
        for style in ("", *(listed(row)[0] for row in WORDS["styles"].values()))
    ]
    apart = [mean_difference(one, other) for i, one in enumerate(styled) for other in styled[:i]]
    assert min(apart) > 3


def test_black_and_white_has_no_colours() -> None:
    image = seen(draw("a red fox, black and white", (), 96, 96, 1))
    assert max(max(pixel) - min(pixel) for pixel in pixels(image)) < 12


def test_pixel_art_is_made_of_squares() -> None:
    image = seen(draw("a fox, pixel art", (), 1040, 1040, 1)).convert("L")
    squares = [image.crop((x, y, x + 8, y + 8)) for x in range(1, 1000, 90) for y in range(1, 1000, 90)]
    assert max(ImageStat.Stat(square).stddev[0] for square in squares) < 5


def test_fish_in_the_sea_are_under_water_and_foxes_on_the_beach() -> None:
    fish, sea = (
        seen(draw(prompt, (), 96, 96, 1)) for prompt in ("a fish in the sea by day", "a fish underwater by day")
    )
    assert read("a fish in the sea").subjects == [Subject("fish", "underwater", "deep")]
    assert mean_difference(fish, sea) < 40
    assert share(seen(draw("a fox in the sea by day", (), 96, 96, 1)), (240, 206, 150), 60) > 0.05


@pytest.mark.parametrize(
    "prompt", ["", "😀🎉 \x00\n", "???", "a " * 2000, "foxfoxfox", "٣ لون", "2 3 4 5 red blue", "no no not", "未知之物"]
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
    image = seen(draw("by day", [saved(halves, "JPEG")], 128, 128, 2))
    left, right = (ImageStat.Stat(image.crop(box)).mean for box in ((5, 5, 40, 60), (88, 5, 123, 60)))
    assert left[0] > left[2] + 40
    assert right[2] > right[0] + 40


@pytest.mark.parametrize("count", [2, 4, 9, 14])
@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("prompt", ["combine these by day", "put them on the beach by day"])
def test_the_colours_of_every_reference_appear(count: int, seed: int, prompt: str) -> None:
    image = seen(draw(prompt, [flat(colour) for colour in FLAGS[:count]], 256, 256, seed))
    assert [colour for colour in FLAGS[:count] if share(image, colour) < 0.12 / count] == []


def test_the_colours_appear_behind_a_subject_too() -> None:
    for seed in range(4):
        image = seen(draw("a fox at noon", [flat(colour) for colour in FLAGS[:4]], 256, 256, seed))
        assert [colour for colour in FLAGS[:4] if share(image, colour) < 0.02] == []


def test_kinds_of_references() -> None:
    red = Image.new("RGB", (80, 60), (200, 30, 30))
    given = [
        saved(red, "JPEG"),
        saved(red, "WEBP"),
        saved(red.convert("CMYK"), "JPEG"),
        saved(red.quantize(4)),
        saved(red.convert("RGBA")),
        saved(red.quantize(4), "GIF", transparency=3),
        saved(red.convert("L")),
        saved(red.convert("1")),
        saved(red.convert("LA")),
        saved(Image.new("I;16", (80, 60), 40000)),
        saved(Image.new("RGB", (1, 1), (1, 2, 3))),
        saved(Image.new("RGB", (900, 3), (1, 2, 3))),
    ]
    assert seen(draw("a fox", given, 128, 128)).size == (128, 128)


def test_the_turn_in_exif_is_undone_and_what_is_clear_is_white() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    halves = Image.new("RGB", (100, 100), "red")
    halves.paste("blue", (0, 50, 100, 100))
    turned = seen(draw("by day", [saved(halves, "JPEG", exif=exif)], 96, 96))
    left, right = (ImageStat.Stat(turned.crop(box)).mean for box in ((5, 5, 30, 90), (66, 5, 91, 90)))
    assert left[2] > left[0] + 40
    assert right[0] > right[2] + 40
    clear = seen(draw("by day", [saved(Image.new("RGBA", (10, 10), (255, 0, 0, 0)))], 96, 96))
    assert share(clear, (255, 255, 255), 20) > 0.9


@pytest.mark.parametrize("data", [b"", b"not a picture", flat((1, 2, 3))[:60], b"\x89PNG\r\n\x1a\n" + b"0" * 50])
def test_what_is_no_picture_is_an_error(data: bytes) -> None:
    with pytest.raises(ValueError, match="can't be read"):
        draw("a fox", [data], 64, 64)
