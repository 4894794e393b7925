"""Pictures that come inside an answer, as base64 or as a data URI."""

import logging
import re
from base64 import b64decode
from urllib.parse import unquote_to_bytes

from providers.base import Picture

log = logging.getLogger(__name__)

_SPACE = re.compile(r"\s+")
_STANDARD = str.maketrans("-_", "+/")


def decode(text: str) -> bytes | None:
    """The bytes of a text in base64, or None where it is none.

    It may be a data URI, have white space in it, lack its padding, and use the alphabet for URLs.
    """
    try:
        return b64decode(text, validate=True)
    except ValueError:
        return _tolerant(text)


def picture(text: str) -> Picture:
    """A picture from base64. A text that can't be decoded was paid all the same: it is kept as it came.

    The bot says of such a picture that its file is damaged, and keeps its bytes in the store.
    """
    data = decode(text)
    if data is None:
        log.warning("a picture of %d characters is not base64; the text is kept", len(text))
        data = text.encode()
    return Picture(data=data)


def linked(url: str) -> Picture:
    """A picture at its address, or from the data URI that stands in its place."""
    return picture(url) if _is_data(url) else Picture(url=url)


def _tolerant(text: str) -> bytes | None:
    if _is_data(text):
        head, _comma, text = text.partition(",")
        if not head.rstrip().lower().endswith(";base64"):
            return unquote_to_bytes(text) or None
    digits = _SPACE.sub("", text).rstrip("=").translate(_STANDARD)
    try:
        return b64decode(digits + "=" * (-len(digits) % 4), validate=True) or None
    except ValueError:
        return None


def _is_data(text: str) -> bool:
    return text[:5].lower() == "data:"
