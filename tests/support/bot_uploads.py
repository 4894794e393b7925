"""Files as a bot uploads them to the simulated Telegram."""

from aiogram.types import BufferedInputFile

from tests.support.sample_pictures import picture


def orange() -> bytes:
    """A small orange JPEG of 64×48 pixels."""
    return picture(64, 48, colour="orange")


def upload(data: bytes | None = None, name: str = "a.jpg") -> BufferedInputFile:
    """A file to send; without `data` the orange JPEG."""
    return BufferedInputFile(orange() if data is None else data, name)
