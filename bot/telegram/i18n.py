"""The languages of the bot, from the gettext catalogues in `bot/locales`."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from gettext import GNUTranslations
from io import BytesIO
from pathlib import Path

from aiogram.utils.i18n import I18n
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

LOCALES = Path(__file__).parent.parent / "locales"
DOMAIN = "messages"
ENGLISH = "en"
_HAN, _KANA = re.compile(r"[\u3400-\u9fff]"), re.compile(r"[\u3040-\u30ff]")
NAMES = {"en": "English", "zh": "中文"}
"""The languages' own names."""


class Languages(I18n):
    """aiogram's I18n, reading the catalogues' sources: there are no compiled files that could be outdated."""

    def __init__(self) -> None:
        super().__init__(path=LOCALES, default_locale=ENGLISH, domain=DOMAIN)

    def find_locales(self) -> dict[str, GNUTranslations]:
        """The catalogues, compiled in memory, once for each process."""
        return dict(_compiled())

    def pick(self, code: str | None) -> str:
        """The bot's language for a Telegram language code: `zh-hans` → `zh`, unknown ones → `en`."""
        language = (code or ENGLISH).split("-")[0].lower()
        return language if language in self.locales else ENGLISH

    def of_words(self, text: str) -> str:
        """The language in which a text seems to be written: Chinese if it has Chinese characters and no Japanese ones,
        else English."""
        return "zh" if _HAN.search(text) and not _KANA.search(text) else ENGLISH

    @contextmanager
    def speaking(self, language: str) -> Iterator[None]:
        """Translate into this language inside the block."""
        # aiogram looks for the current instance of I18n itself, not of a subclass.
        token = I18n.set_current(self)
        try:
            with self.use_locale(language):
                yield
        finally:
            I18n.reset_current(token)


@cache
def _compiled() -> dict[str, GNUTranslations]:
    found = {}
    for source in LOCALES.glob(f"*/LC_MESSAGES/{DOMAIN}.po"):
        compiled = BytesIO()
        with source.open("rb") as file:
            write_mo(compiled, read_po(file))
        compiled.seek(0)
        found[source.parent.parent.name] = GNUTranslations(compiled)
    return found


def in_every_language(words: str) -> set[str]:
    """The translations of `words` into all languages of the bot."""
    return {catalogue.gettext(words) for catalogue in _compiled().values()}
