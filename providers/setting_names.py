"""The names of settings in sentences: the dotted key, the file that has it, the environment variable."""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

ENV_PREFIX = "BOT_"
LOCAL = Path("config.local.toml")
"""Where operators write their settings, unless they name another file."""


def variable(key: str) -> str:
    """The environment variable of a dotted key: `telegram.token` → `BOT_TELEGRAM__TOKEN`."""
    return ENV_PREFIX + key.upper().replace(".", "__")


class SettingsFiles:
    """The files that were read, with their values: one in an earlier file counts. `edited`: where operators write."""

    def __init__(self, *files: tuple[Path, Mapping[str, Any]], edited: Path = LOCAL) -> None:
        self._files = files
        self.edited = edited

    @property
    def paths(self) -> tuple[Path, ...]:
        """The files; none where the environment had everything."""
        return tuple(path for path, _values in self._files)

    @property
    def shown_to_others(self) -> tuple[Path, ...]:
        """The files with a token or a service's table that others on this machine can read."""
        return tuple(path for path, values in self._files if _has_secrets(values) and path.stat().st_mode & 0o044)

    def place(self, *path: str, name: str = "") -> str:
        """Where a value stands: "web.port in config.toml (or BOT_WEB__PORT)".

        `path`: the parts of its key; `name`: the environment variable, where it isn't that of the key.
        """
        key = dotted(path)
        name = name or variable(key)
        file = next((file for file, values in self._files if _has(values, path)), None)
        return f"{key} in {file} (or {name})" if file else f"{key} ({name})"

    def set_it(self, key: str) -> str:
        """How to set a value: "set it in config.local.toml or as BOT_WEB__PORT"."""
        return f"set it in {self.edited} or as {variable(key)}"


def dotted(path: Sequence[str]) -> str:
    """The key, as TOML writes it."""
    return ".".join(part if re.fullmatch(r"[\w-]+", part) else f'"{part}"' for part in path)


def _has(values: object, path: Sequence[str]) -> bool:
    """Whether a value stands there; what is inside a list is not looked for."""
    if not path or not isinstance(values, Mapping):
        return True
    return path[0] in values and _has(values[path[0]], path[1:])


def _has_secrets(values: Mapping[str, Any]) -> bool:
    telegram, services = values.get("telegram", {}), values.get("providers", {})
    return bool(telegram.get("token")) or any(isinstance(table, dict) for table in services.values())
