"""Reads the requests of the chat page: numbers, JSON objects and forms with files. Errors are sentences for people."""

from collections.abc import Awaitable, Callable

from aiohttp import BodyPartReader, web

from bot.demo.bot_api.body import read_file
from bot.demo.bot_api.errors import PeopleError
from bot.demo.bot_api.files import Upload
from bot.demo.bot_api.model import JSON

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


def number(value: object, name: str) -> int:
    """A whole number from JSON or a form. Raises `PeopleError`."""
    try:
        return int(str(value))
    except ValueError as error:
        raise PeopleError(f"{name} must be a number.") from error


async def read_object(request: web.Request) -> JSON:
    """A JSON object. Raises `PeopleError`."""
    try:
        found = await request.json()
    except ValueError as error:
        raise PeopleError("Send a JSON object.") from error
    if not isinstance(found, dict):
        raise PeopleError("Send a JSON object.")
    return found


async def read_form(request: web.Request) -> tuple[dict[str, str], list[Upload]]:
    """The fields and the files of a multipart form; a file that is too big is refused. Raises `PeopleError`."""
    if request.content_type != "multipart/form-data":
        raise PeopleError("Send a multipart form.")
    fields: dict[str, str] = {}
    files: list[Upload] = []
    try:
        async for part in await request.multipart():
            if isinstance(part, BodyPartReader) and part.filename is not None:
                files.append(await read_file(part))
            elif isinstance(part, BodyPartReader):
                fields[part.name or ""] = await part.text()
    except ValueError as error:
        raise PeopleError("This form can't be read.") from error
    if too_big := next((file for file in files if file.data is None), None):
        raise PeopleError(f"{too_big.name} is too big.")
    return fields, files


def answered(handler: Handler) -> Handler:
    """Wrap a handler: a `PeopleError` becomes a 400 with its sentence."""

    async def wrapped(request: web.Request) -> web.StreamResponse:
        try:
            return await handler(request)
        except PeopleError as error:
            return web.json_response({"error": str(error)}, status=400)

    return wrapped
