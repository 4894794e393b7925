"""HTML as the Bot API reads it, with TDLib's refusals (td/telegram/MessageEntity.cpp, parse_html)."""

import re

from bot.demo.bot_api.entities import utf16_length
from bot.demo.bot_api.errors import ApiError, bad_request
from bot.demo.bot_api.model import JSON

KINDS = {
    "b": "bold", "strong": "bold", "i": "italic", "em": "italic", "u": "underline", "ins": "underline",
    "s": "strikethrough", "strike": "strikethrough", "del": "strikethrough", "tg-spoiler": "spoiler",
    "span": "spoiler", "a": "text_link", "code": "code", "pre": "pre", "blockquote": "blockquote",
    "tg-emoji": "custom_emoji",
}  # fmt: skip
CHARACTERS = {"lt": "<", "gt": ">", "amp": "&", "quot": '"'}
REFERENCE = re.compile(r"&(?:#(\d+)|#x([0-9a-f]+)|(lt|gt|amp|quot))(?:;|(?=\W|$))", re.IGNORECASE)
ATTRIBUTE = re.compile(r"""\s*([^\s=>/]+)(?:\s*=\s*("[^"]*"|'[^']*'|[\w.-]+))?""")


def parse_html(source: str) -> tuple[str, list[JSON]]:
    """The plain text and its entities. Raises `ApiError` for unbalanced and unknown tags."""
    return Reader(source).read()


class Reader:
    """Reads one text from its beginning to its end."""

    def __init__(self, source: str) -> None:
        self.source = source
        self.at = 0
        self.text = ""
        self.entities: list[JSON] = []
        self.open: list[tuple[str, JSON, int]] = []
        """The tags not yet closed: name, entity and where it begins in UTF-16 units."""

    def read(self) -> tuple[str, list[JSON]]:
        """Read it all."""
        while self.at < len(self.source):
            if self.source.startswith("</", self.at):
                self.end_tag()
            elif self.source[self.at] == "<":
                self.start_tag()
            else:
                self.characters()
        if self.open:
            raise unparsable(f'Can\'t find end tag corresponding to start tag "{self.open[-1][0]}"')
        for entity in self.entities:
            if entity["type"] == "code":
                entity.pop("language", None)
        self.entities.sort(key=lambda entity: (entity["offset"], -entity["length"]))
        return self.text, self.entities

    def characters(self) -> None:
        """Take what stands up to the next tag; an ampersand that begins no known character stays as it is."""
        end = self.source.find("<", self.at)
        end = len(self.source) if end < 0 else end
        self.text += REFERENCE.sub(character, self.source[self.at : end])
        self.at = end

    def start_tag(self) -> None:
        """Take `<name attribute="value">`."""
        begin = self.at
        end = closing(self.source, begin)
        if end < 0:
            raise unparsable(f"Unclosed start tag at {self.place(begin)}")
        inside = self.source[begin + 1 : end]
        stop = next((at for at, letter in enumerate(inside) if letter.isspace()), len(inside))
        name, rest = inside[:stop].lower(), inside[stop:]
        if name not in KINDS:
            raise unparsable(f'Unsupported start tag "{name}" at {self.place(begin)}')
        entity = self.entity(name, self.attributes(name, rest, begin), begin)
        self.open.append((name, entity, utf16_length(self.text)))
        self.at = end + 1

    def attributes(self, name: str, rest: str, begin: int) -> dict[str, str]:
        """The attributes of a start tag."""
        found: dict[str, str] = {}
        rest = rest.rstrip()
        at = 0
        while at < len(rest):
            match = ATTRIBUTE.match(rest, at)
            if match is None:
                raise unparsable(f'Empty attribute name in the tag "{name}" at {self.place(begin)}')
            if match[2] is None and (name, match[1].lower()) != ("blockquote", "expandable"):
                raise unparsable(
                    f'Expected equal sign in declaration of an attribute of the tag "{name}" at {self.place(begin)}'
                )
            value = match[2] or ""
            value = value[1:-1] if value[:1] in {'"', "'"} else value
            found[match[1].lower()] = REFERENCE.sub(character, value)
            at = match.end()
        return found

    def entity(self, name: str, attributes: dict[str, str], begin: int) -> JSON:
        """The entity a tag stands for, without its place."""
        if name == "span" and attributes.get("class") != "tg-spoiler":
            raise unparsable(f'Tag "span" must have class "tg-spoiler" at {self.place(begin)}')
        if name == "a":
            return {"type": "text_link", "url": attributes.get("href", "")}
        if name == "tg-emoji":
            return {"type": "custom_emoji", "custom_emoji_id": attributes.get("emoji-id", "")}
        if name == "code" and attributes.get("class", "").startswith("language-"):
            return {"type": "code", "language": attributes["class"].removeprefix("language-")}
        if name == "blockquote" and "expandable" in attributes:
            return {"type": "expandable_blockquote"}
        return {"type": KINDS[name]}

    def end_tag(self) -> None:
        """Take `</name>`."""
        begin = self.at
        end = self.source.find(">", begin)
        if not self.open:
            raise unparsable(f"Unexpected end tag at {self.place(begin)}")
        if end < 0:
            raise unparsable(f"Unclosed end tag at {self.place(begin)}")
        found = self.source[begin + 2 : end].strip().lower()
        name, entity, offset = self.open.pop()
        if found not in {"", name}:
            raise unparsable(f'Unmatched end tag at {self.place(begin)}, expected "</{name}>", found "</{found}>"')
        self.at = end + 1
        length = utf16_length(self.text) - offset
        if length:
            self.close(entity, offset, length)

    def close(self, entity: JSON, offset: int, length: int) -> None:
        """Keep an entity. `<pre><code class="language-x">` is one `pre` with a language; a link needs an address."""
        if entity["type"] == "pre" and self.entities:
            inner = self.entities[-1]
            if inner["type"] == "code" and (inner["offset"], inner["length"]) == (offset, length):
                entity = {**self.entities.pop(), "type": "pre"}
        if entity["type"] == "text_link" and not entity["url"]:
            return
        place = {"offset": offset, "length": length}
        self.entities.append({"type": entity.pop("type"), **place, **entity})

    def place(self, at: int) -> str:
        """Where in the source, as TDLib tells it."""
        return f"byte offset {len(self.source[:at].encode())}"


def closing(source: str, begin: int) -> int:
    """Where the start tag at `begin` ends; a `>` within quotes doesn't end it. -1: nowhere."""
    quote = ""
    for at in range(begin + 1, len(source)):
        if quote:
            quote = "" if source[at] == quote else quote
        elif source[at] in "\"'" and source[at - 1] == "=":
            quote = source[at]
        elif source[at] == ">":
            return at
    return -1


def character(match: re.Match[str]) -> str:
    """The character that `&lt;`, `&#60;` or `&#x3c;` stands for; others stay as they are."""
    decimal, hexadecimal, name = match.groups()
    if name:
        return CHARACTERS[name.lower()]
    code = int(decimal) if decimal else int(hexadecimal, 16)
    return chr(code) if 0 < code < 0x10FFFF and not 0xD800 <= code < 0xE000 else match[0]


def unparsable(reason: str) -> ApiError:
    """The refusal of a text."""
    return bad_request(f"can't parse entities: {reason}")
