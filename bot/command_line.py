"""The bot's own command as somebody can type it here."""

import shlex
import shutil
import sys
from pathlib import Path

NAME = "imagine-bot"


def command_line(command: str, config: Path | None) -> str:
    """The line that runs a command of this installation: `imagine-bot run`, `.venv/bin/python -m bot run`."""
    script = Path(sys.argv[0])
    if script.name == NAME:
        found = shutil.which(NAME)
        program = [NAME if found and Path(found).resolve() == script.resolve() else _near(script)]
    else:
        program = [_near(Path(sys.executable)), "-m", "bot"]
    return shlex.join([*program, command, *(["--config", str(config)] if config else [])])


def _near(path: Path) -> str:
    """The path as seen from the current folder, where it is inside."""
    return str(path.relative_to(Path.cwd())) if path.is_relative_to(Path.cwd()) else str(path)
