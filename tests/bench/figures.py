"""Helpers of all measurements: percentiles and databases."""

import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from tests.support import postgres


def percentile(values: Sequence[float], share: float) -> float:
    """The value below which `share` of the values lie."""
    return sorted(values)[min(len(values) - 1, int(share * len(values)))]


@contextmanager
def databases() -> Iterator[dict[str, str]]:
    """An empty database of each kind, by its name: URLs."""
    with tempfile.TemporaryDirectory() as folder:
        found = {"SQLite": f"sqlite:///{folder}/bot.db"}
        if postgres.programs() is None:
            sys.stdout.write("PostgreSQL is not installed: its figures are left out.\n")
            yield found
            return
        with postgres.running() as server:
            yield found | {"PostgreSQL": server.url(server.database())}
