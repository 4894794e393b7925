"""Turns bytes and paths that people attach into uploads."""

from pathlib import Path

from bot.demo.bot_api.files import Upload, upload

Sendable = Upload | Path | bytes


def as_upload(file: Sendable) -> Upload:
    """An upload from bytes or a path, which is read from disk."""
    if isinstance(file, Path):
        return upload(file.read_bytes(), file.name)
    return upload(file, f"picture{suffix(file)}") if isinstance(file, bytes) else file


def suffix(data: bytes) -> str:
    """The file name extension for a picture with these bytes."""
    known = {b"\x89PNG": ".png", b"RIFF": ".webp", b"GIF8": ".gif", b"\xff\xd8\xff": ".jpg"}
    return next((ending for start, ending in known.items() if data.startswith(start)), ".bin")
