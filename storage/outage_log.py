"""Logging an outage: one line when it starts, another each minute, and one when it is over."""

import logging
import time
from collections.abc import Callable

from storage.store_errors import describe_error

REPEAT_SECONDS = 60.0
"""How often an outage is logged while it lasts."""


class Outage:
    """An outage of one thing. `what`: a clause that says what fails, for the log; `clock`: monotonic seconds."""

    def __init__(self, log: logging.Logger, what: str, clock: Callable[[], float] = time.monotonic) -> None:
        self._log = log
        self._what = what
        self._clock = clock
        self._since: float | None = None
        self._logged_at = 0.0

    def lasts(self, why: BaseException, seconds: float | None = None) -> None:
        """It fails, or still does. The next attempt is in `seconds`; None: with the next round of the caller's loop."""
        now = self._clock()
        if self._since is None:
            self._since = now
        elif now - self._logged_at < REPEAT_SECONDS:
            return
        self._logged_at = now
        following = "retrying" if seconds is None else f"retrying in {seconds:g} s"
        self._log.warning("%s (%s); %s", self._what, describe_error(why), following)

    def ends(self) -> None:
        """It works again."""
        if self._since is not None:
            self._log.info("%s: over after %.0f s", self._what, self._clock() - self._since)
            self._since = None
