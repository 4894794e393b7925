"""Properties of the simulator's texts: HTML, UTF-16 offsets, trimming."""

from html import escape

from hypothesis import given, settings
from hypothesis import strategies as st

from bot.demo.bot_api.entities import find_entities, trim, utf16_length, utf16_slice
from bot.demo.bot_api.errors import ApiError
from bot.demo.bot_api.markup import parse_html

TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)


@settings(max_examples=60)
@given(TEXTS)
def test_what_is_escaped_comes_back(text: str) -> None:
    assert parse_html(escape(text)) == (text, [])


@settings(max_examples=60)
@given(st.lists(st.tuples(TEXTS, st.sampled_from(["b", "i", "u", "s", "code", "blockquote"]), TEXTS), max_size=5))
def test_entities_cover_what_stood_between_the_tags(parts: list[tuple[str, str, str]]) -> None:
    source = "".join(f"{escape(before)}<{tag}>{escape(inside)}</{tag}>" for before, tag, inside in parts)
    text, entities = parse_html(source)
    covered = [utf16_slice(text, entity["offset"], entity["length"]) for entity in entities]
    assert text == "".join(before + inside for before, _, inside in parts)
    assert covered == [inside for _, _, inside in parts if inside]


@settings(max_examples=100)
@given(st.text(alphabet="<>/&;\"'= abi#x3-", max_size=30))
def test_any_html_is_read_or_refused(source: str) -> None:
    try:
        text, entities = parse_html(source)
    except ApiError as error:
        text, entities = error.description, []
    assert all(entity["offset"] + entity["length"] <= utf16_length(text) for entity in entities)


@settings(max_examples=60)
@given(TEXTS)
def test_found_and_trimmed_entities_lie_within_the_text(text: str) -> None:
    trimmed, entities = trim(text, find_entities(text))
    assert trimmed == text.strip()
    for entity in entities:
        covered = utf16_slice(trimmed, entity["offset"], entity["length"])
        assert utf16_length(covered) == entity["length"] > 0
