"""Choices in a prompt: which braces are some, what each picture's words are, and how many there may be."""

from collections.abc import Mapping

import pytest

from bot.handlers import choices
from bot.handlers.choices import MOST_PICTURES, Words, check_count, names_among, read_choices
from bot.handlers.prompt_flag_scan import Scan, scan
from bot.handlers.prompt_flags import FlagError
from bot.jobs.prices import Price
from bot.telegram.flag_names import KnownFlag, known_names
from providers.options import flags
from tests.support.flag_models import Drawing

FOUR = ["red fox in snow", "red fox in rain", "blue fox in snow", "blue fox in rain"]


@pytest.mark.parametrize(
    ("prompt", "choices"),
    [
        ("{red, blue} fox in {snow, rain}", FOUR),
        ("{ red ,blue } fox in {snow,\nrain}", FOUR),
        ("｛红，蓝｝色的狐狸", ["红色的狐狸", "蓝色的狐狸"]),
        ("{红、蓝}狐狸", ["红狐狸", "蓝狐狸"]),
        ("｛红、白，蓝}的旗", ["红、白的旗", "蓝的旗"]),
        ("｛水彩，油画｝：{an, ox}", ["水彩：an", "水彩：ox", "油画：an", "油画：ox"]),
        ("{red, {dark, light} blue} fox", ["red fox", "dark blue fox", "light blue fox"]),
        # A comma too many.
        ("{red, , blue,} fox", ["red fox", "blue fox"]),
        (r"{red\, white, blue} flag", ["red, white flag", "blue flag"]),
        (r"{red, blue} \{x\}", ["red {x}", "blue {x}"]),
        # Only pairs of braces are some.
        ("{red, blue} fox in {snow, rain", ["red fox in {snow, rain", "blue fox in {snow, rain"]),
        ("{16:9 film, 4:3 film}", ["16:9 film", "4:3 film"]),
        ("{fox, fox}", ["fox", "fox"]),
    ],
)
def test_choices(prompt: str, choices: list[str]) -> None:
    assert read_choices(prompt) == Words(prompt, choices, len(choices))


@pytest.mark.parametrize(
    "prompt",
    [
        "a red fox, in snow",
        "a {red} fox",
        "a {red,} fox",
        "{}",
        "{,} {、}",
        "{{name}} has a {{fox}}",
        "{red, blue fox",
        "red, blue} fox {",
        '{"subject": "a fox, red", "style": {"ink": 1, "oil": 2}, "tags": ["a", "b"]}',
        "{“画面”：“狐狸，雪地”，“风格”：“水墨”}",
        "{style: anime, colour: red} fox",
        "C:\\foxes\\red, {blue}",
        "、，,",
    ],
)
def test_what_has_no_choices_stays_as_it_is(prompt: str) -> None:
    assert read_choices(prompt) == Words(prompt)


def test_a_backslash_makes_braces_plain() -> None:
    assert read_choices(r"a \{red, blue\} fox, ｛x") == Words("a {red, blue} fox, ｛x")


def test_millions_of_pictures_are_only_counted() -> None:
    found = read_choices("{a,b}" * 500)
    assert found.count == 2**500
    assert found.choices
    assert len(found.choices) == MOST_PICTURES + 1
    assert read_choices("{" * 4000).choices is None


@pytest.mark.parametrize(
    ("prompt", "each", "told"),
    [
        ("{a,b,c,d,e}{f,g}", 1, None),
        ("{a,b,c,d,e}", 2, None),
        ("{a,b,c,d,e}{f,g,h}", 1, "That would be 15 pictures, and an album holds 10. Leave out some choices."),
        ("{a,b,c}", 4, "That would be 12 pictures, and an album holds 10. Leave out some choices, or add --n 1."),
        ("{a,b}" * 50, 1, "That would be 999+ pictures, and an album holds 10. Leave out some choices."),
    ],
)
def test_an_album_is_the_most(prompt: str, each: int, told: str | None) -> None:
    words = read_choices(prompt)
    price = Price(each * len(words.choices or []), None)
    if told is None:
        check_count(words, price)
    else:
        with pytest.raises(FlagError) as refused:
            check_count(words, price)
        assert str(refused.value) == told
    check_count(read_choices("a fox"), price)


@pytest.mark.parametrize(
    ("text", "is_among"),
    [("a {fox --ar 16:9, owl}", True), ("a {fox, owl} --ar 16:9", False), ("a {fox} {--ar 16:9}", False)],
)
def test_a_flag_among_choices_is_found(text: str, is_among: bool) -> None:
    known = known_names(flags(Drawing))
    (flag,) = scan(text, known).flags
    assert (flag.name in names_among(text, known)) is is_among


def test_choices_in_choices_are_scanned_once(monkeypatch: pytest.MonkeyPatch) -> None:
    scanned = list[str]()

    def counting(part: str, known: Mapping[str, KnownFlag]) -> Scan:
        scanned.append(part)
        return scan(part, known)

    monkeypatch.setattr(choices, "scan", counting)
    text = "{a, " * 300 + "--ar 16:9" + "}" * 300 + " --ar 1:1" * 100
    assert names_among(text, known_names(flags(Drawing))) == {"ar"}
    assert sum(map(len, scanned)) < len(text)
