"""Files as people attach them."""

from pathlib import Path

from bot.demo.bot_api.files import Upload, upload

Sendable = Upload | Path | bytes


def as_upload(file: Sendable) -> Upload:
    """A file as somebody gives it; reads it from disk where it is a path."""
    if isinstance(file, Path):
        return upload(file.read_bytes(), file.name)
    return upload(file, f"picture{suffix(file)}") if isinstance(file, bytes) else file


def suffix(data: bytes) -> str:
    """How the name of a picture with these bytes ends."""
    known = {b"\x89PNG": ".png", b"RIFF": ".webp", b"GIF8": ".gif", b"\xff\xd8\xff": ".jpg"}
    return next((ending for start, ending in known.items() if data.startswith(start)), ".bin")
