"""Flags of a prompt, tested with generated texts."""

import re
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass

from hypothesis import given, settings
from hypothesis import strategies as st

from bot.handlers.prompt_flags import FlagError, Parsed
from tests.support.flag_models import Drawing, parsed


@dataclass(frozen=True)
class Typed:
    name: str
    value: object
    text: str


FULL_WIDTH = {code: code + 0xFEE0 for code in range(0x21, 0x7F)}
NAMES = {
    "ar": ["ar", "比例"],
    "size": ["size", "尺寸"],
    "n": ["n", "数量"],
    "scale": ["scale"],
    "provider": ["provider", "服务"],
}
SPACE = st.sampled_from([" ", "  ", "\u00a0", "\u3000"])


@st.composite
def typed_flag(draw: st.DrawFn) -> Typed:
    name, value = draw(
        st.one_of(
            st.tuples(st.just("ar"), st.sampled_from(["16:9", "1:1", "21:9"])),
            st.tuples(st.just("size"), st.sampled_from(["1k", "4k"])),
            st.tuples(st.just("n"), st.one_of(st.integers(1, 15), st.just("auto"))),
            st.tuples(st.just("scale"), st.integers(0, 100).map(lambda hundredths: hundredths / 100)),
            st.tuples(st.just("provider"), st.sampled_from(["jimeng", "other"])),
        )
    )
    dashes = draw(st.sampled_from(["--", "—", "–", "––", "——", "－－", "──", "—-", "‑‑", "−−", "-", "－"]))
    change: st.SearchStrategy[Callable[[str], str]] = st.sampled_from(
        [str.lower, str.upper, lambda text: text.translate(FULL_WIDTH)]
    )
    unseen = draw(st.sampled_from(["", "", "\u200b", "\ufeff", "\u2066", "\u00ad"]))
    word, written = unseen + draw(change)(draw(st.sampled_from(NAMES[name]))), draw(change)(str(value)) + unseen
    quotes = draw(st.sampled_from(["", "", '""', "“”", "””", "‘’", "「」"]))
    between = draw(st.one_of(SPACE, st.sampled_from(["=", "＝", "：", " = "])))
    after = draw(st.sampled_from(["", "，", "。", "、", ",", "."]))
    return Typed(name, value, f"{dashes}{word}{between}{quotes[:1]}{written}{quotes[1:]}{after}")


WORDS = st.lists(
    st.sampled_from(["fox", "Snow", "狐狸", "雪地", "🦊", "sci-fi", "naïve", "cat —", "(two)"]), max_size=6
)


@settings(max_examples=60)
@given(WORDS, st.lists(st.tuples(st.integers(0, 6), typed_flag(), SPACE), max_size=5))
def test_any_flag_in_any_form_anywhere_reads_the_same(words: list[str], placed: list[tuple[int, Typed, str]]) -> None:
    parts: list[str] = []
    in_order: dict[str, object] = {}
    for place in range(7):
        for _, flag, space in (each for each in placed if each[0] == place):
            parts.append(space + flag.text + space)
            in_order[flag.name] = flag.value
        parts += [word + " " for word in words[place : place + 1]]

    result = parsed("".join(parts))

    provider = in_order.pop("provider", None)
    assert result.options == Drawing.model_validate(in_order)
    assert result.extra == ({"provider": provider} if provider else {})
    assert re.sub(r"[，。、,.\s]+", " ", result.prompt).strip() == " ".join(words)


@given(
    st.text(
        st.sampled_from("ar n49k:=x\n\u3000，。\"“”'’-—–－─狐狸[]{}()%\\") | st.characters(exclude_categories=["Cs"])
    )
)
def test_nothing_but_a_sentence_is_ever_raised(text: str) -> None:
    with suppress(FlagError):
        result = parsed(text)
        assert not set(result.prompt) - set(text) - {" "}
        assert result.prompt == result.prompt.strip()


@given(st.text(st.characters(exclude_categories=["Cs", "Pd"], exclude_characters="─━−")))
def test_prose_without_dashes_is_untouched(text: str) -> None:
    assert parsed(text) == Parsed(text.strip(), Drawing(), {})


@given(st.lists(st.sampled_from(["a", "cat", "狐狸", " — ", " - ", "-", " ", "\n", " -- ", " – ", "。"])).map("".join))
def test_lone_dashes_are_words(text: str) -> None:
    # "-" twice before a letter is a flag; anything less is how people write.
    if not re.search(r"[-—–]{2}\w", text):
        assert parsed(text).prompt == text.strip()
