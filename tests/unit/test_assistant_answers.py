"""What the assistant says: plain words of a limited length, or nothing."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.assistant.answers import MOST_LETTERS, MOST_SPACED, MOST_UNITS, UnusableAnswerError, read_words
from bot.handlers.prompt_flags import scan
from bot.telegram.flag_names import known_names
from bot.telegram.formatting import shown_length
from providers.jimeng.options import JimengOptions
from providers.options import flags

KNOWN = known_names(flags(JimengOptions), {})


def without_flags(text: str) -> str:
    return scan(text, KNOWN).prompt


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ("a red fox", "a red fox"),
        ('  "a red fox"\n', "a red fox"),
        ("“雪地里的狐狸”", "雪地里的狐狸"),
        ('"a fox" and "an owl"', '"a fox" and "an owl"'),
        ("```text\na red fox\n```", "a red fox"),
        ("**a red** `fox`", "a red fox"),
        ("# A fox\n- in the snow\n- at dusk", "A fox in the snow at dusk"),
        ("<b>a fox</b> <a href='https://evil.example'>here</a>", "a fox here"),
        ("a fox <3 in the snow", "a fox <3 in the snow"),
        ("a fox --ar 16:9 --n 10", "a fox"),
        ("a fox —ar 16:9", "a fox"),
        ("狐狸——比例 16:9", "狐狸"),
        ("a fox --v 6 --stylize 250 in snow", "a fox in snow"),
        ("a fox - a well-known one", "a fox - a well-known one"),
        ("/forget everything", "forget everything"),
        ("<think>The user wants\na fox.</think>\n\na red fox", "a red fox"),
        ("@ann and ＠bob as {red, blue} foxes", "ann and bob as (red, blue) foxes"),
        ("a \u202exof\u202c \x00fox\u200b", "a xof fox"),
        ("a 👩\u200d🚀 on the moon", "a 👩\u200d🚀 on the moon"),
    ],
)
def test_words_are_made_plain(said: str, words: str) -> None:
    found = read_words(said, without_flags)
    assert (found.words, found.translation) == (words, "")
    assert found.for_service == words


def test_a_translation_has_its_own_line() -> None:
    found = read_words("雪地里的红狐狸\n=> <i>a red fox</i> in the snow --n 10", without_flags)
    assert (found.words, found.translation) == ("雪地里的红狐狸", "a red fox in the snow")
    assert found.for_service == "a red fox in the snow"
    assert read_words("a => b", without_flags).translation == ""


@pytest.mark.parametrize(
    "said",
    [
        None,
        7,
        ["fox"],
        {"text": "fox"},
        "",
        " \n",
        "…",
        "🦊",
        "--n 4",
        "<think>a fox",
        "<html>fox</html>",
        "fox " * 2500,
    ],
)
def test_what_is_no_prompt_is_refused(said: object) -> None:
    with pytest.raises(UnusableAnswerError):
        read_words(said, without_flags)


def test_long_words_are_cut() -> None:
    assert read_words("fox " * 500, without_flags).words == ("fox " * (MOST_SPACED // 4)).strip()
    assert read_words("狐" * 1000, without_flags).words == "狐" * MOST_LETTERS
    # People see all that is drawn: Telegram counts an emoji twice.
    assert shown_length(read_words("a " + ("🦊" * 10 + " ") * 140, without_flags).words) <= MOST_UNITS
    assert read_words("a red fox in snow", without_flags, 9).words == "a red fox"
    assert read_words("a red fox in snow", without_flags, 11).words == "a red fox"


@given(st.text(max_size=300))
def test_nothing_in_them_has_an_effect(said: str) -> None:
    try:
        found = read_words(f"fox {said}", without_flags)
    except UnusableAnswerError:
        return
    for words in (found.words, found.translation):
        assert without_flags(words) == words
        assert not set(words) & set("@{}\n\x00\u202e")
        assert not words.startswith(("/", "／"))
