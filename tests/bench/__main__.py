"""`make bench`: measures each figure beside a named baseline of the same run. `ARGS="history flight"` chooses parts."""

import asyncio
import sys
from collections.abc import Callable, Coroutine
from functools import partial
from typing import Any

from tests.bench import beside, engine, flight, history, isolation, moving, pictures, places, tickets, watching

PARTS = {
    "watching": watching.main,
    "engine": engine.main,
    "tickets": tickets.main,
    "flight": flight.main,
    "history": history.main,
    "isolation": isolation.main,
    "pictures": pictures.main,
    "places": places.main,
    "beside": beside.main,
}
SHORTER: dict[str, Callable[[], Coroutine[Any, Any, None]]] = {
    "beside-quick": partial(beside.main, quick=True),
    "moving": moving.main,
}
"""Parts that run only when they are named."""


def main(chosen: list[str]) -> int:
    """Run the parts; returns the exit code."""
    known = PARTS | SHORTER
    if unknown := set(chosen) - set(known):
        sys.stderr.write(f"{', '.join(sorted(unknown))}: there are only {', '.join(known)}\n")
        return 2
    for name in chosen or PARTS:
        sys.stdout.write(f"\n{name}\n")
        asyncio.run(known[name]())
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
