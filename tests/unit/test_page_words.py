"""Each label of the chat page has a Chinese translation, and none is left over."""

import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

PAGE = Path(__file__).parents[2] / "bot/demo/page"
STRING = r'"((?:[^"\\]|\\.)*)"'
SAID = re.compile(rf"\b[tw]\({STRING}")
COUNTED = re.compile(rf"\bmany\([^\"]*{STRING}, {STRING}")
ENTRY = re.compile(rf'^  (?:{STRING}|(\w+)): "', re.MULTILINE)
SIMULATOR = "  // Sentences of the simulator."


class Labels(HTMLParser):
    """The labels in the page's HTML that are marked with `data-t`."""

    def __init__(self) -> None:
        super().__init__()
        self.found: set[str] = set()
        self._in_text = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note the marked attributes, and whether the text is marked."""
        attributes = dict(attrs)
        names = (attributes.get("data-t") or "").split()
        self.found |= {attributes[name] or "" for name in names if name != "text"}
        self._in_text = "text" in names

    def handle_data(self, data: str) -> None:
        """Note a marked text."""
        if self._in_text:
            self.found.add(data)
        self._in_text = False


def spoken() -> Iterator[str]:
    labels = Labels()
    labels.feed((PAGE / "index.html").read_text("utf-8"))
    yield from labels.found
    for file in PAGE.glob("*.js"):
        text = file.read_text("utf-8")
        yield from SAID.findall(text)
        yield from (others for _one, others in COUNTED.findall(text))


def test_each_label_is_translated_and_none_is_left_over() -> None:
    labels, _, _sentences = (PAGE / "words.zh.js").read_text("utf-8").partition(SIMULATOR)
    translated = {quoted or plain for quoted, plain in ENTRY.findall(labels)}
    assert set(spoken()) == translated


def test_each_sentence_of_the_simulator_is_one_that_it_says() -> None:
    sentences = (PAGE / "words.zh.js").read_text("utf-8").partition(SIMULATOR)[2].partition("};")[0]
    code = "".join(file.read_text("utf-8") for file in (PAGE.parent).rglob("*.py"))
    known = [quoted for quoted, _plain in ENTRY.findall(sentences)]
    assert known
    assert [sentence for sentence in known if f'"{sentence}"' not in code] == []
