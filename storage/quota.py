"""The limits of one person: `Quota`, and the error of a person who has reached one."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Quota:
    """The limits of one person (None: no limit): jobs that are not ready yet, and jobs a day.

    `apart`: seconds within which two presses of the same button are one request.
    """

    waiting: int | None = None
    daily: int | None = None
    apart: float = 0.0


UNLIMITED = Quota()


class QuotaExceededError(Exception):
    """A person has reached a limit: with `waiting`, the one of jobs that have not ended; else the one of a day.

    `most`: how many are allowed.
    """

    def __init__(self, most: int, *, waiting: bool) -> None:
        self.most = most
        self.waiting = waiting
        super().__init__(f"at most {most} {'waiting' if waiting else 'a day'}")
