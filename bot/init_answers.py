"""Where `init` gets its answers: from files and standard input, or from whoever sits at the terminal."""

import sys
from getpass import getpass
from pathlib import Path
from typing import Protocol

from bot.settings import SettingsError

STANDARD_INPUT = Path("-")


class Person(Protocol):
    """Somebody who can be asked."""

    def line(self, question: str) -> str:
        """The answer, which may be empty."""
        ...

    def hidden(self, question: str) -> str:
        """The answer, which is not shown while it is typed."""
        ...


class TerminalPerson:
    """Asks at the terminal."""

    def line(self, question: str) -> str:
        """Ask; what is typed is shown. Raises `SettingsError` at the end of input."""
        try:
            return input(question).strip()
        except EOFError:
            raise SettingsError("\nThe input has ended. Nothing was written.") from None

    def hidden(self, question: str) -> str:
        """Ask; what is typed is not shown. Raises `SettingsError` at the end of input."""
        try:
            return getpass(question).strip()
        except EOFError:
            raise SettingsError("\nThe input has ended. Nothing was written.") from None


def at_terminal() -> Person | None:
    """The person at the terminal, if there is one."""
    return TerminalPerson() if sys.stdin.isatty() else None


def read_secret(file: Path) -> str:
    """The secret in a file; `-` takes the next line of standard input. Raises `SettingsError`."""
    try:
        text = sys.stdin.readline() if file == STANDARD_INPUT else file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is no text"
        raise SettingsError(f"{file} can't be read: {reason}. Nothing was written.") from None
    if not text.strip():
        what = "standard input" if file == STANDARD_INPUT else file
        raise SettingsError(f"There is no secret in {what}. Nothing was written.")
    return text.strip()
