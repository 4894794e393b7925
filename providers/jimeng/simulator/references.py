"""The references of a submit: fetched by HTTP or decoded from the body, then checked."""

import asyncio
import binascii
import io
from base64 import b64decode
from collections.abc import Mapping
from typing import Any

from aiohttp import ClientError, ClientSession, InvalidURL
from PIL import Image

from providers.jimeng.models import JimengModel
from providers.jimeng.simulator.envelopes import Refusal
from providers.models import ReferenceLimits


async def take(payload: Mapping[str, Any], model: JimengModel, session: ClientSession) -> tuple[bytes, ...]:
    """The bytes of a submit's references, in order, checked by the limits of the model. Raises `Refusal`."""
    limits = model.references
    if limits is None:
        return ()
    pictures = [await _fetch(url, limits.size, session) for url in payload.get("image_urls", [])]
    pictures += [_decode(text) for text in payload.get("binary_data_base64", [])]
    for picture in pictures:
        await asyncio.to_thread(check, picture, limits)
    return tuple(pictures)


async def _fetch(url: str, most: int, session: ClientSession) -> bytes:
    """Only http and https are fetched; `data:` and `file:` fail as they do at the service."""
    if not url.startswith(("http://", "https://")):
        raise Refusal(50215, f"Download Url Error: {url[:100]}")
    try:
        async with session.get(url) as response:
            if response.status != 200:
                raise Refusal(50215, f"Download Url Error: HTTP {response.status}")
            body = bytearray()
            async for chunk in response.content.iter_chunked(1 << 16):
                body += chunk
                if len(body) > most:
                    raise Refusal(50205, f"more than {most} bytes")
            return bytes(body)
    except (ClientError, TimeoutError, InvalidURL) as error:
        raise Refusal(50215, f"Download Url Error: {type(error).__name__}") from error


def _decode(text: str) -> bytes:
    try:
        return b64decode(text, validate=True)
    except binascii.Error as error:
        raise Refusal(50207, "not base64 (a data: prefix is not allowed)") from error


def check(picture: bytes, limits: ReferenceLimits) -> None:
    """Refuse anything but a JPEG or PNG within these limits."""
    if not picture:
        raise Refusal(50206)
    if len(picture) > limits.size:
        raise Refusal(50205, f"{len(picture)} bytes")
    try:
        with Image.open(io.BytesIO(picture), formats=("JPEG", "PNG")) as image:
            width, height = image.size
            if max(width, height) > limits.side:
                raise Refusal(50205, f"{width}×{height}")
            if not limits.ratio[0] <= width / height <= limits.ratio[1]:
                raise Refusal(50215, f"the ratio of {width}×{height} is not within 1:3–3:1")
            image.draft("RGB", (256, 256))  # decodes all of a JPEG, at a fraction of the cost
            image.load()
    except (OSError, Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise Refusal(50207, str(error)) from error
