"""Reads the body of a request, or of a webhook's response: JSON, a form, or multipart with files."""

import json
import mimetypes
from collections.abc import AsyncIterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from aiohttp import BodyPartReader, web

from bot.demo.bot_api.errors import DroppedError, bad_request
from bot.demo.bot_api.files import MAX_UPLOAD_BYTES, Upload

CHUNK_BYTES = 256 * 1024
UNKNOWN_TYPE = "application/octet-stream"


@dataclass(slots=True)
class Body:
    """The parameters by name (strings unless they came as JSON) and the files by the name of their part."""

    params: dict[str, Any] = field(default_factory=dict)
    uploads: dict[str, Upload] = field(default_factory=dict)


async def read_body(request: web.Request) -> Body:
    """All parameters of a call, those in the address included.

    Raises `ApiError`, or `DroppedError` when the client went away in the middle.
    """
    body = Body(dict(request.query))
    try:
        if request.content_type == "application/json":
            body.params |= read_json(await request.text())
        elif request.content_type == "multipart/form-data":
            await read_multipart(await request.multipart(), body)
        elif request.content_type == "application/x-www-form-urlencoded":
            body.params |= {name: value for name, value in (await request.post()).items() if isinstance(value, str)}
    except ValueError as error:
        raise bad_request("Can't parse the request") from error
    except ConnectionError as error:
        raise DroppedError from error
    return body


def read_json(text: str) -> Mapping[str, Any]:
    """A JSON object; an empty text is an empty object."""
    try:
        found = json.loads(text or "{}")
    except ValueError as error:
        raise bad_request("Can't parse JSON object") from error
    if not isinstance(found, dict):
        raise bad_request("Object expected as JSON request")
    return found


async def read_multipart(reader: AsyncIterable[object], body: Body) -> None:
    """Take the parts into `body`; a part with a file name is a file."""
    async for part in reader:
        if not isinstance(part, BodyPartReader) or part.name is None:
            raise bad_request("Wrong part in the multipart request")
        if part.filename is None:
            body.params[part.name] = await part.text()
        else:
            body.uploads[part.name] = await read_file(part)


async def read_file(part: BodyPartReader) -> Upload:
    """Read one file in chunks. The bytes beyond the limit are read and dropped, so that the client gets an answer."""
    chunks: list[bytes] = []
    size = 0
    while chunk := await part.read_chunk(CHUNK_BYTES):
        size += len(chunk)
        if size <= MAX_UPLOAD_BYTES:
            chunks.append(chunk)
    name = part.filename or "file"
    told = part.headers.get("Content-Type", UNKNOWN_TYPE)
    mime_type = (mimetypes.guess_type(name)[0] if told == UNKNOWN_TYPE else None) or told
    return Upload(name, b"".join(chunks) if size <= MAX_UPLOAD_BYTES else None, mime_type, size)
