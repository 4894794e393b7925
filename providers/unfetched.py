"""References that a service can't fetch from their addresses: where it takes bytes, they are sent once more as such."""

import logging
from dataclasses import replace

from providers.base import ImageRequest, OptionsT
from providers.errors import InvalidRequestError, Sentence
from providers.faults import Maker

log = logging.getLogger(__name__)

_FETCHING = ("download", "fetch", "retriev")
_THINGS = ("url", "image", "picture", "media", "file", "timeout", "timed out")


class UnfetchedReferenceError(InvalidRequestError):
    """The service can't fetch a reference from its address."""

    default = Sentence(
        "The image service couldn't fetch the reference pictures from this bot. Try again, or without them. "
        "(Whoever runs this bot can check that web.public_url is reachable from the internet.)"
    )


def is_unfetched(message: str) -> bool:
    """Whether a service's words say that it could not fetch a reference."""
    words = message.lower()
    return any(word in words for word in _FETCHING) and any(word in words for word in _THINGS)


def unfetched(otherwise: Maker) -> Maker:
    """The reference can't be fetched, where the message says so; else the error of `otherwise`."""
    return lambda fault: (
        UnfetchedReferenceError(detail=fault.detail) if is_unfetched(fault.message) else otherwise(fault)
    )


def with_bytes(
    request: ImageRequest[OptionsT], error: UnfetchedReferenceError, most: int | None = None
) -> ImageRequest[OptionsT]:
    """The request without the addresses of its references, to be sent once more in place of the one that failed.

    `most`: the bytes of references that the service takes. Raises `error` where something may be paid, or where the
    second attempt would send the same or too much.
    """
    size = sum(reference.size for reference in request.references)
    is_the_same = not any(reference.url for reference in request.references)
    if error.paid is not False or is_the_same or (most is not None and size > most):
        raise error
    log.warning("the service can't fetch references by their addresses; sending bytes: %s", error.detail)
    return replace(request, references=tuple(replace(one, url=None) for one in request.references))
