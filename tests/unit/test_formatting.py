"""Captions, bars and durations."""

from html import unescape

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.jobs.ports import Phase, Progress
from bot.telegram.formatting import CAPTION_LENGTH, bar, caption, cut, duration, say, together
from bot.telegram.i18n import Languages
from bot.telegram.progress_text import words
from providers.errors import Sentence


def units(text: str) -> int:
    return len(text.encode("utf-16-le")) // 2


@settings(max_examples=40)
@given(st.text(max_size=3000), st.text(alphabet="abc×·", max_size=40))
def test_a_caption_always_fits(prompt: str, detail: str) -> None:
    shown = unescape(caption(prompt, detail)).replace("<i>", "").replace("</i>", "")
    assert units(shown) <= CAPTION_LENGTH


@given(st.text(max_size=300), st.integers(2, 200))
def test_what_is_cut_is_the_beginning(text: str, length: int) -> None:
    shown = cut(text, length)
    assert units(shown) <= length
    assert shown == text or (shown.endswith("…") and text.startswith(shown[:-1]))


def test_cut_at_a_word_but_chinese_anywhere() -> None:
    assert cut("a red fox in the snow", 14) == "a red fox in…"
    assert cut("a red fox in the snow", 16) == "a red fox in…"
    assert cut("雪地里的一只红狐狸", 5) == "雪地里的…"
    assert cut("🦊🦊🦊", 4) == "🦊…"


def test_a_prompt_is_escaped() -> None:
    assert caption("<b>5 < 6 & 7", "x") == "&lt;b&gt;5 &lt; 6 &amp; 7\n<i>x</i>"


@pytest.mark.parametrize(("fraction", "shown"), [(0, "▱" * 10), (0.55, "▰" * 5 + "▱" * 5), (2.0, "▰" * 10)])
def test_the_bar(fraction: float, shown: str) -> None:
    assert bar(fraction) == shown


@pytest.mark.parametrize(
    ("progress", "text"),
    [
        (Progress(Phase.PREPARING), "👀 Got it."),
        (Progress(Phase.WAITING, place=1), "⏳ You are next."),
        (Progress(Phase.WAITING, place=3, left=44.0), "⏳ Number 3 in the queue.\nabout 45 s left"),
        (Progress(Phase.WORKING), "🎨 Drawing…"),
        (Progress(Phase.WORKING, elapsed=7.2), "🎨 Drawing…\n7 s"),
        (Progress(Phase.WORKING, fraction=0.5, left=6.0), "🎨 Drawing…\n▰▰▰▰▰▱▱▱▱▱  about 6 s left"),
        (
            Progress(Phase.WORKING, fraction=0.3, left=130.0, done=1, total=4),
            "🎨 Drawing… 1 of 4 ready\n▰▰▰▱▱▱▱▱▱▱  about 2 min left",
        ),
        (
            Progress(Phase.WORKING, fraction=0.95, elapsed=61.0, is_late=True),
            "🎨 Drawing…\n▰▰▰▰▰▰▰▰▰▱\nlonger than usual, 60 s so far",
        ),
        (Progress(Phase.WORKING, elapsed=61.0, is_late=True), "🎨 Drawing…\nlonger than usual, 60 s so far"),
        (
            Progress(Phase.PAUSED, why=Sentence("No <luck>.")),
            "⏸ No &lt;luck&gt;.\nYour request stays in the queue and continues by itself.",
        ),
        (Progress(Phase.DELIVERING), "📤 Done! Sending…"),
        (
            Progress(Phase.DELIVERING, why=Sentence("Telegram asks to wait.")),
            "📤 Done, but I can't send it yet: Telegram asks to wait.",
        ),
        (
            Progress(Phase.DELIVERING, why=Sentence("Telegram asks to wait."), retry_in=42.0),
            "📤 Done, but I can't send it yet: Telegram asks to wait.\nTrying again in 40 s.",
        ),
    ],
)
def test_progress_in_words(progress: Progress, text: str) -> None:
    with Languages().speaking("en"):
        assert words(progress) == text


@pytest.mark.parametrize(("seconds", "text"), [(0.1, "1 s"), (8.4, "8 s"), (23, "25 s"), (100, "2 min")])
def test_durations(seconds: float, text: str) -> None:
    with Languages().speaking("en"):
        assert duration(seconds) == text


def test_sentences_are_filled_and_escaped() -> None:
    with Languages().speaking("en"):
        assert say(Sentence("“{value}” is no size.", {"value": "<x>"})) == "“&lt;x&gt;” is no size."


@pytest.mark.parametrize(
    ("language", "sentences", "line"),
    [
        ("en", ("You voted for B.", "Votes so far: 2"), "You voted for B. Votes so far: 2"),
        ("zh", ("你投给了 {B}。", "目前 2 票。", "好。"), "你投给了 {B}。目前 2 票。好。"),
    ],
)
def test_no_space_stands_between_chinese_sentences(language: str, sentences: tuple[str, ...], line: str) -> None:
    with Languages().speaking(language):
        assert together(*sentences) == line


@pytest.mark.parametrize(
    ("code", "language"), [("zh-hans", "zh"), ("zh", "zh"), ("en-GB", "en"), ("fr", "en"), (None, "en")]
)
def test_the_language_follows_telegrams(code: str | None, language: str) -> None:
    assert Languages().pick(code) == language
