"""Stores what people attach, given as bytes, paths or uploads."""

import asyncio
from pathlib import Path

from bot.demo.bot_api.errors import ApiError, PeopleError
from bot.demo.bot_api.files import FileStore, Upload, upload
from bot.demo.bot_api.model import Document, Photo

Sendable = Upload | Path | bytes


async def stored(files: FileStore, attached: Sendable, *, as_document: bool) -> Photo | Document:
    """A photo, or (`as_document`, and where it is none) a document. Raises `PeopleError`."""
    file = await asyncio.to_thread(as_upload, attached)
    try:
        if not as_document and await files.looks_like_photo(file):
            return await files.add_picture(file.content)
        return await files.add_document(file)
    except ApiError as error:
        raise PeopleError(f"{file.name} can't be sent: {error.description}.") from error


def as_upload(file: Sendable) -> Upload:
    """An upload from bytes or a path, which is read from disk."""
    if isinstance(file, Path):
        return upload(file.read_bytes(), file.name)
    return upload(file, f"picture{suffix(file)}") if isinstance(file, bytes) else file


def suffix(data: bytes) -> str:
    """The file name extension for a picture with these bytes."""
    known = {b"\x89PNG": ".png", b"RIFF": ".webp", b"GIF8": ".gif", b"\xff\xd8\xff": ".jpg"}
    return next((ending for start, ending in known.items() if data.startswith(start)), ".bin")
