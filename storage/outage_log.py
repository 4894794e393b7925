"""One line in the log for something that fails for a while, another now and then, and one when it is over."""

import logging
import time
from collections.abc import Callable

from storage.store_errors import briefly

AGAIN_SECONDS = 60.0
"""How often it is said while it lasts."""


class Outage:
    """One thing that fails (`what`, a sentence without its end). `clock`: monotonic seconds."""

    def __init__(self, log: logging.Logger, what: str, clock: Callable[[], float] = time.monotonic) -> None:
        self._log = log
        self._what = what
        self._clock = clock
        self._since: float | None = None
        self._said = 0.0

    def lasts(self, why: BaseException, seconds: float | None = None) -> None:
        """It fails, or still does. The next try comes in `seconds`; None: with the next round of the caller's loop."""
        now = self._clock()
        if self._since is None:
            self._since = now
        elif now - self._said < AGAIN_SECONDS:
            return
        self._said = now
        following = "retrying" if seconds is None else f"retrying in {seconds:g} s"
        self._log.warning("%s (%s); %s", self._what, briefly(why), following)

    def ends(self) -> None:
        """It works."""
        if self._since is not None:
            self._log.info("%s: over after %.0f s", self._what, self._clock() - self._since)
            self._since = None
