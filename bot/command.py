"""The entry of the command `imagine-bot`. `health` is answered without loading the bot: a container asks all the time.

That takes a quarter of the time and half the memory: `bot` itself does not load aiogram for it.
"""

import argparse
import sys
from pathlib import Path


def main() -> int:
    """Run a command; return the exit code. See `bot.__main__`."""
    if sys.argv[1:2] == ["health"]:
        return _health(sys.argv[2:])
    from bot.__main__ import main as run  # noqa: PLC0415

    return run()


def _health(arguments: list[str]) -> int:
    from bot.settings import SettingsError  # noqa: PLC0415
    from bot.settings_reader import load  # noqa: PLC0415
    from bot.web.probe import ask_health  # noqa: PLC0415

    parser = argparse.ArgumentParser(prog="imagine-bot health", description="Ask a running bot whether it is alive.")
    parser.add_argument("--config", type=Path, metavar="FILE")
    try:
        return ask_health(load(parser.parse_args(arguments).config).web)
    except SettingsError as error:
        sys.stderr.write(f"{error}\n")
        return 2
