"""Words with choices: `{red, blue} fox in {snow, rain}` is four pictures, each with words of its own.

- Braces with a comma in them are choices; full-width ones count as well, and in Chinese `、` separates where no comma
  does. Choices may hold choices.
- Braces with a single choice, braces without a partner, and what looks like JSON stay as they are. So do braces after
  a backslash, which is taken away; within braces it does the same for a comma.
- Empty choices are left out: they come from a comma too many.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from bot.handlers.prompt_flag_scan import scan
from bot.handlers.prompt_flags import FlagError
from bot.jobs.prices import Price
from bot.telegram.flag_names import KnownFlag
from providers.errors import Sentence
from providers.options import N_

MOST_PICTURES = 10
"""An album of Telegram holds ten: so the pictures stand together, and a slip costs no more than ten."""
MOST_COUNTED = 999
"""A larger number of pictures is not told."""
_OPEN, _CLOSE, _COMMAS, _ENUMERATION = "{｛", "}｝", ",，", "、"
_TOKEN = re.compile(r"\\[{}｛｝,，、]|[{}｛｝,，、]|[^\\{}｛｝,，、]+|\\")
_ESCAPE = re.compile(r"\\([{}｛｝,，、])")
_KEY = re.compile(r"""\s*(?:"[^"]*"|'[^']*'|“[^”]*”)\s*[:：]""")
_BARE_KEY = re.compile(r"\s*[^\W\d][\w-]*\s*[:：]\s*\S")
TOO_MANY = N_("That would be {count} pictures, and an album holds {most}. Leave out some choices.")
TOO_MANY_OF_EACH = N_(
    "That would be {count} pictures, and an album holds {most}. Leave out some choices, or add {use} 1."
)
FLAG_AMONG = N_("Options can't be inside the braces. Put --{name} after them.")

_Inside = tuple[int, str]
"""Where braces begin, and the text within them."""


@dataclass(frozen=True, slots=True)
class Words:
    """What a prompt asks for. `prompt`: as typed where it has choices, else without escapes; `choices`: the words of
    each picture, the first `MOST_PICTURES` + 1 at most, None without choices; `count`: how many there are."""

    prompt: str
    choices: list[str] | None = None
    count: int = 1


@dataclass(frozen=True, slots=True)
class _Readings:
    """The texts that a part of a prompt can become: the first of them, and how many there are."""

    texts: tuple[str, ...] = ("",)
    count: int = 1

    def then(self, other: "_Readings") -> "_Readings":
        """Each of these before each of the others; the later ones change first."""
        if other.count == 1 and self.count == 1:
            return _Readings((self.texts[0] + other.texts[0],))
        texts = [first + second for first in self.texts for second in other.texts]
        return _Readings(tuple(texts[: MOST_PICTURES + 1]), self.count * other.count)


@dataclass(slots=True)
class _Group:
    """Braces that are open. `begins`: their place in the prompt; `parts`: readings, and the separators between them."""

    opening: str = ""
    begins: int = 0
    parts: list[_Readings | str] = field(default_factory=list)

    def add(self, text: str) -> None:
        """Some more text."""
        self.parts.append(_Readings((text,)))

    def as_written(self, closing: str = "") -> _Readings:
        """The braces and separators as they are; what is in them may have choices."""
        whole = _joined(_Readings((one,)) if isinstance(one, str) else one for one in self.parts)
        return _joined([_Readings((self.opening,)), whole, _Readings((closing,))])

    def read(self, closing: str) -> _Readings:
        """The choices, one after the other; as written where there are fewer than two."""
        options = [one for part in self._split() if (one := _stripped(_joined(part)))]
        if len(options) < 2:
            return self.as_written(closing)
        texts = [text for one in options for text in one.texts]
        return _Readings(tuple(texts[: MOST_PICTURES + 1]), sum(one.count for one in options))

    def _split(self) -> Iterator[list[_Readings]]:
        has_comma = any(isinstance(one, str) and one in _COMMAS for one in self.parts)
        part: list[_Readings] = []
        for one in self.parts:
            if isinstance(one, str) and (one in _COMMAS or not has_comma):
                yield part
                part = []
            else:
                part.append(_Readings((one,)) if isinstance(one, str) else one)
        yield part


def read_choices(prompt: str) -> Words:
    """Find the choices of a prompt. It takes no longer for a prompt that would be millions of pictures."""
    if not any(brace in prompt for brace in _OPEN + _CLOSE):
        return Words(prompt)
    found = _read(prompt)
    if found.count == 1:
        return Words(found.texts[0])
    return Words(prompt, [text.strip() for text in found.texts], found.count)


def names_among(text: str, known: Mapping[str, KnownFlag]) -> set[str]:
    """The names of the flags that stand within the choices of a text. Each of its characters is scanned once."""
    inside: list[_Inside] = []
    _read(text, inside)
    return {one.name for _begins, part in inside for one in scan(part, known).flags}


def _read(prompt: str, inside: list[_Inside] | None = None) -> _Readings:
    """The readings of a prompt. `inside`: gets the texts within the outermost braces that hold choices."""
    groups = [_Group()]
    for match in _TOKEN.finditer(prompt):
        _take(groups, match[0], match.start(), prompt, inside)
    while len(groups) > 1:
        # Braces without a partner.
        inner = groups.pop()
        groups[-1].parts.append(inner.as_written())
    return groups[0].as_written()


def _take(groups: list[_Group], token: str, place: int, prompt: str, found: list[_Inside] | None) -> None:
    top = groups[-1]
    if token in _OPEN:
        groups.append(_Group(token, place))
    elif token in _CLOSE and len(groups) > 1:
        groups.pop()
        inside = prompt[top.begins + 1 : place]
        is_data = _is_data(inside)
        whole = _Readings((prompt[top.begins : place + 1],)) if is_data else top.read(token)
        groups[-1].parts.append(whole)
        if found is not None and whole.count > 1:
            while found and found[-1][0] > top.begins:
                found.pop()
            found.append((top.begins, inside))
    elif token in _COMMAS + _ENUMERATION and len(groups) > 1:
        top.parts.append(token)
    elif (escape := _ESCAPE.fullmatch(token)) and (len(groups) > 1 or escape[1] in _OPEN + _CLOSE):
        top.add(escape[1])
    else:
        top.add(token)


def _is_data(inside: str) -> bool:
    """Whether the text between braces is no choice of words but data: JSON, or what looks like it."""
    if _KEY.match(inside):
        return True
    parts = re.split("[,，]", inside)
    return len(parts) > 1 and all(_BARE_KEY.match(part) for part in parts)


def _joined(parts: Iterable[_Readings]) -> _Readings:
    whole = _Readings()
    for part in parts:
        whole = whole.then(part)
    return whole


def _stripped(one: _Readings) -> _Readings | None:
    """A choice without spaces around it; None: it is empty."""
    texts = tuple(text.strip() for text in one.texts)
    return _Readings(texts, one.count) if any(texts) else None


def check_count(words: Words, price: Price | None) -> None:
    """Refuse more pictures than one request may have. `price`: of the request. Raises `FlagError`."""
    if words.choices is None:
        return
    each = price.pictures // len(words.choices) if price else 1
    total = words.count * each
    if total <= MOST_PICTURES:
        return
    shown = str(total) if total <= MOST_COUNTED else f"{MOST_COUNTED}+"
    values: dict[str, object] = {"count": shown, "most": MOST_PICTURES}
    if each > 1 and words.count <= MOST_PICTURES:
        raise FlagError(Sentence(TOO_MANY_OF_EACH, {**values, "use": "--n"}))
    raise FlagError(Sentence(TOO_MANY, values))
