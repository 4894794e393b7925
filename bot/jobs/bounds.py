"""Bounds for what a service answers: its tickets, its progress, and how many pictures it gives."""

import logging
import math
from dataclasses import replace

from providers.base import MOST_TICKET_CHARACTERS, Accepted, Event, Finished, Picture, Working
from providers.errors import GenerationFailedError, OutcomeUnknownError
from storage.column_types import clean

log = logging.getLogger(__name__)

MOST_ADDRESS = 8000
"""Characters of a picture's address; signed ones have some hundred."""
MOST_PREVIEW = 5 << 20
"""Bytes of an unfinished picture that is shown; a larger one is left out."""


def bounded(event: Event, most: int, name: str) -> Event:
    """An event of a task with nothing in it that can't be. `most`: pictures it may give; `name`: its own, for the log.

    Raises `OutcomeUnknownError` for a ticket that can't be one, and `GenerationFailedError` where no picture is left.
    """
    match event:
        case Accepted(ticket) if not 0 < len(ticket) <= MOST_TICKET_CHARACTERS:
            raise OutcomeUnknownError(detail=f"not a ticket: {ticket!r:.100}")
        case Working(progress, preview):
            return Working(_share(progress), preview if preview and len(preview) <= MOST_PREVIEW else None)
        case Finished(pictures):
            return replace(event, pictures=_pictures(pictures, most, name))
        case _:
            return event


def _share(progress: float | None) -> float | None:
    """From 0 to 1; None where it is no number."""
    if progress is None or math.isnan(progress):
        return None
    return min(1.0, max(0.0, progress))


def _pictures(pictures: tuple[Picture, ...], most: int, name: str) -> tuple[Picture, ...]:
    cleaned = (replace(one, url=clean(one.url)) if one.url else one for one in pictures)
    usable = tuple(one for one in cleaned if one.data or (one.url and _is_address(one.url)))
    if len(usable) < len(pictures):
        log.warning("%s: %d pictures have no usable address; left out", name, len(pictures) - len(usable))
    if len(usable) > most:
        log.warning("%s: the service gave %d pictures where it may give %d; left out", name, len(usable), most)
    if pictures and not usable:
        raise GenerationFailedError(detail=f"none of {len(pictures)} pictures has a usable address")
    return usable[:most]


def _is_address(url: str) -> bool:
    is_web = url.startswith(("http://", "https://"))
    return is_web and len(url) <= MOST_ADDRESS and url.isprintable() and " " not in url
