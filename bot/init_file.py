"""The file that `init` writes: new, readable by its owner alone, with only the values that were set."""

import json
import os
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from bot.settings import SettingsError


def write_new(file: Path, tables: Mapping[str, Any]) -> None:
    """Write the tables as TOML. Raises `SettingsError` when the file is there already, or can't be written."""
    try:
        descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        raise SettingsError(f"{file} is there already. Nothing was written.") from None
    except OSError as error:
        raise SettingsError(f"{file} can't be written: {error.strerror}.") from None
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as opened:
            opened.write(toml(tables))
    except OSError as error:
        file.unlink(missing_ok=True)
        raise SettingsError(f"{file} can't be written: {error.strerror}.") from None


def toml(tables: Mapping[str, Any]) -> str:
    """The tables as TOML; those of `providers` are tables of their own."""
    return "\n".join(_sections((), tables)).lstrip("\n") + "\n"


def _sections(path: tuple[str, ...], table: Mapping[str, Any]) -> Iterator[str]:
    """The lines of a table. Below `[providers.x]` tables are written inline."""
    inner = {key: value for key, value in table.items() if isinstance(value, dict) and len(path) < 2}
    plain = {key: value for key, value in table.items() if key not in inner}
    if path and plain:
        yield f"\n[{'.'.join(map(_key, path))}]"
    yield from (f"{_key(key)} = {_value(value)}" for key, value in plain.items())
    for key, value in inner.items():
        yield from _sections((*path, key), value)


def _key(name: str) -> str:
    return name if re.fullmatch(r"[A-Za-z0-9_-]+", name) else _text(name)


def _value(value: Any) -> str:
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{_key(key)} = {_value(one)}" for key, one in value.items()) + " }"
    if isinstance(value, list):
        return f"[{', '.join(map(_value, value))}]"
    return _text(value) if isinstance(value, str) else json.dumps(value)


def _text(value: str) -> str:
    """JSON's strings are TOML's, but for one control character."""
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
