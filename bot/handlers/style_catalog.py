"""Styles: named additions to a prompt, a person's own and the built-in ones."""

import re
from collections.abc import Iterator, Sequence
from difflib import get_close_matches

from aiogram.utils.i18n import gettext as _

from bot.handlers.prompt_flags import FlagError, shortened
from bot.telegram.i18n import in_every_language
from providers.errors import Sentence
from providers.options import N_
from storage.settings_records import Style

NO_STYLE = N_("none")
"""Typed for a style: the prompt wants none, whatever its topic has."""
MAX_OWN_STYLES = 30
"""At most so many styles of a person: each is a button."""
MAX_STYLE_LENGTH = 500
MAX_NAME_BYTES = 36
"""Callback data has room for so many bytes: a dozen Chinese characters."""
MAX_NAME_LENGTH = 32
"""The store has room for so many characters."""
NAME = re.compile(r"\w[\w-]*")

BUILT_IN_STYLES = (
    (N_("photo"), N_("a photograph in natural light, shallow depth of field, true colours, fine detail")),
    (N_("watercolour"), N_("a loose watercolour painting, soft washes, paper grain, white margins")),
    (N_("oil"), N_("an oil painting with thick, visible brush strokes, rich colours and warm light")),
    (N_("ink"), N_("a Chinese ink wash painting, few strokes, much empty space, a red seal")),
    (N_("anime"), N_("an anime film still, clean lines, painted background, soft evening light")),
    (N_("sketch"), N_("a pencil sketch on white paper, fine hatching, no colours")),
    (N_("sticker"), N_("a die-cut sticker, bold outlines, flat colours, thick white border, plain background")),
    (N_("pixel"), N_("pixel art of a 16-bit game, few colours, crisp pixels")),
    (N_("clay"), N_("a clay animation scene, soft rounded shapes, fingerprints in the clay, studio light")),
)


def built_in_styles() -> list[Style]:
    """The built-in styles, in the current language."""
    return [Style(_(name), _(words)) for name, words in BUILT_IN_STYLES]


def built_in_style_names() -> set[str]:
    """The names of the built-in styles, in all languages."""
    return {said for name, _words in BUILT_IN_STYLES for said in (name, *in_every_language(name))}


def find(name: str, own: Sequence[Style], *, typed: bool = False) -> Style:
    """The style of this name: a person's own first, then the built-in ones, by their names in this language or English.

    A name that was `typed` may be misspelled (watercolor). Raises `FlagError` with the existing names.
    """
    known = {style.name.casefold(): style for style in _known(own)}
    wanted = name.casefold()
    if typed and wanted not in known:
        wanted = next(iter(get_close_matches(wanted, known, n=1, cutoff=0.85)), wanted)
    if wanted in known:
        return known[wanted]
    names = _(", ").join(style.name for style in (*own, *built_in_styles()))
    raise FlagError(
        Sentence("There is no style called {name}. You can use: {names}.", {"name": shortened(name), "names": names})
    )


def _known(own: Sequence[Style]) -> Iterator[Style]:
    """All styles by precedence: of two with one name the later one counts."""
    for style, (english, _words) in zip(built_in_styles(), BUILT_IN_STYLES, strict=True):
        yield Style(english, style.words)
        yield style
    yield from own
