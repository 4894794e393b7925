"""The log: as text or as JSON, with the job of each line, and without secrets."""

import json
import logging
import re
import sys
from collections.abc import Collection, Iterable, Iterator
from datetime import UTC, datetime
from urllib.parse import quote, unquote, urlsplit
from urllib.request import getproxies

from pydantic import BaseModel, SecretStr

from bot.log_subject import present
from bot.settings import LogSettings, Settings

OWN = ("bot", "providers", "storage")
"""The loggers of the bot itself. Libraries never log below INFO: they would show statements and people's prompts."""
TEXT = "%(asctime)s %(levelname)-7s %(name)s: %(message)s"
CHATTY = ("aiogram.event", "alembic.runtime")
SHORTEST_SECRET = 8
"""Shorter values are no secrets, and hiding them would make the log unreadable."""
_SECRET_NAMES = re.compile(r"key|token|secret|password")
_BOT_TOKEN = re.compile(r"\b\d{5,}:[\w-]{30,}")
HIDDEN = "***"
TEXT_AT_INFO = LogSettings()


class SafeFormatter(logging.Formatter):
    """A formatter that hides `secrets`, in messages and in tracebacks."""

    def __init__(self, secrets: Collection[str] = (), layout: str = TEXT) -> None:
        super().__init__(layout)
        found = {one for secret in secrets for one in (secret, quote(secret, safe="")) if len(one) >= SHORTEST_SECRET}
        # The longest first: one may be a part of another.
        self._secrets = sorted(found, key=len, reverse=True)

    def safe(self, text: str) -> str:
        """The text without secrets."""
        for secret in self._secrets:
            text = text.replace(secret, HIDDEN)
        # Also the token of another bot: an old one in an address, say.
        return _BOT_TOKEN.sub(HIDDEN, text)


class TextFormatter(SafeFormatter):
    """One line for people. The job stands before the message, unless the message names it."""

    def format(self, record: logging.LogRecord) -> str:
        """See `logging.Formatter`."""
        return self.safe(super().format(record))

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 - the name in `logging.Formatter`
        """The line without a traceback."""
        job = present().job
        if job is not None and not re.search(rf"\bjob {job}\b", record.message):
            record.message = f"[job {job}] {record.message}"
        return super().formatMessage(record)


class JsonFormatter(SafeFormatter):
    """One JSON object a line: time, level, logger, message; job, task, update and exception where there are any."""

    def format(self, record: logging.LogRecord) -> str:
        """See `logging.Formatter`."""
        return json.dumps(dict(self._fields(record)), ensure_ascii=False)

    def _fields(self, record: logging.LogRecord) -> Iterator[tuple[str, object]]:
        yield "time", datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
        yield "level", record.levelname.lower()
        yield "logger", record.name
        message = record.getMessage()
        yield "message", self.safe(message)
        subject = present()
        for name in ("job", "task", "update"):
            # The loops that serve all jobs have no subject; their messages name one.
            named = re.search(rf"\b{name} (\d{{1,18}})\b", message)
            number = int(named[1]) if named else getattr(subject, name)
            if number is not None:
                yield name, number
        if record.exc_info:
            yield "exception", self.safe(self.formatException(record.exc_info))


def set_up(chosen: LogSettings = TEXT_AT_INFO, secrets: Iterable[str] = (), *, verbose: bool = False) -> None:
    """Set the log up. `secrets` are hidden in it; `verbose`: every step of the bot, whatever the level is.

    Called again it replaces what it has set up. A log that somebody else has set up is left alone.
    """
    root = logging.getLogger()
    if not root.handlers:
        root.addHandler(logging.StreamHandler(sys.stderr))
        root.handlers[0].setFormatter(SafeFormatter())
    own = [handler for handler in root.handlers if isinstance(handler.formatter, SafeFormatter)]
    kind = JsonFormatter if chosen.format == "json" else TextFormatter
    for handler in own:
        handler.setFormatter(kind(list(secrets)))
        _set_levels(logging.DEBUG if verbose else getattr(logging, chosen.level.upper()))


def _set_levels(level: int) -> None:
    logging.getLogger().setLevel(max(level, logging.INFO))
    for name in OWN:
        logging.getLogger(name).setLevel(level)
    for name in CHATTY:
        logging.getLogger(name).setLevel(max(level, logging.WARNING))


def secrets_of(settings: Settings) -> Iterator[str]:
    """The secrets of the settings and of the environment's proxies, as far as their names tell."""
    for _, section in settings:
        if isinstance(section, BaseModel):
            yield from _secrets_in(section)
    for table in settings.providers.tables.values():
        yield from _secrets_in(table.items())
    for address in getproxies().values():
        yield from _password(address)


def _secrets_in(section: Iterable[tuple[str, object]]) -> Iterator[str]:
    for name, value in section:
        text = value.get_secret_value() if isinstance(value, SecretStr) else value
        if isinstance(text, str) and "://" in text:
            yield from _password(text)
        elif isinstance(text, str) and (text is not value or _SECRET_NAMES.search(name)):
            yield text


def _password(address: str) -> Iterator[str]:
    try:
        # The environment's proxies may have no scheme.
        password = urlsplit(address if "://" in address else f"//{address}").password
    except ValueError:
        return
    if password:
        yield from (password, unquote(password))
