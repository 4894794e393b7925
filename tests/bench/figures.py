"""Helpers of all measurements: percentiles and databases."""

import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from itertools import count

from tests.support import postgres


def percentile(values: Sequence[float], share: float) -> float:
    """The value below which `share` of the values lie."""
    return sorted(values)[min(len(values) - 1, int(share * len(values)))]


@contextmanager
def databases() -> Iterator[dict[str, str]]:
    """An empty database of each kind, by its name: URLs."""
    with database_makers() as makers:
        yield {name: make() for name, make in makers.items()}


@contextmanager
def database_makers() -> Iterator[dict[str, Callable[[], str]]]:
    """By the name of each kind of database, a function that gives the URL of one more, which is empty."""
    with tempfile.TemporaryDirectory() as folder:
        numbers = count(1)
        found: dict[str, Callable[[], str]] = {"SQLite": lambda: f"sqlite:///{folder}/{next(numbers)}/bot.db"}
        if postgres.programs() is None:
            sys.stdout.write("PostgreSQL is not installed: its figures are left out.\n")
            yield found
            return
        with postgres.running() as server:
            yield found | {"PostgreSQL": lambda: server.url(server.database())}
