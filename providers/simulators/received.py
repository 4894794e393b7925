"""Reads the references that a simulator was sent. Other bytes raise `ValueError`: the answer is "invalid"."""

import io
from base64 import b64decode
from collections.abc import Sequence

from aiohttp import ClientError, ClientSession
from PIL import Image


class UnfetchedError(ValueError):
    """The address of a reference gives no answer, or an error."""


def picture(data: bytes) -> bytes:
    """The same bytes, if they are a picture. Raises `ValueError`."""
    try:
        with Image.open(io.BytesIO(data)) as image:
            image.verify()
    except (OSError, SyntaxError) as error:
        raise ValueError("image") from error
    return data


def shape(references: Sequence[bytes]) -> tuple[int, int]:
    """Width and height of the first reference, which services keep; a square without one."""
    if not references:
        return 1, 1
    with Image.open(io.BytesIO(references[0])) as image:
        return image.size


def decoded(text: object) -> bytes:
    """A picture in base64."""
    return picture(b64decode(str(text), validate=True))


async def fetched(session: ClientSession, address: object, *, urls: bool) -> bytes:
    """A picture in a data URI or, where the service takes them, at a URL."""
    text = str(address)
    if text.startswith("data:image/") and ";base64," in text:
        return decoded(text.partition(";base64,")[2])
    if not urls or not text.startswith(("http://", "https://")):
        raise ValueError("image url")
    try:
        async with session.get(text, raise_for_status=True) as response:
            return picture(await response.read())
    except (ClientError, TimeoutError) as error:
        raise UnfetchedError(f"Timeout while downloading url={text[:100]}") from error
