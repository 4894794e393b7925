"""How long a voice message is, whatever its sender says."""

import struct

import pytest

from bot.assistant.voices import seconds_of
from bot.demo.bot_api.voice import voice_file

_SILK_60_MS, _CELT_20_MS = b"\x18", b"\xf8"
_THREE_OF_20_MS = b"\xfb\x03"


def page(*packets: bytes, position: int = 0) -> bytes:
    lacing = b"".join(bytes([255] * (len(one) // 255) + [len(one) % 255]) for one in packets)
    return struct.pack("<4sBBqIIIB", b"OggS", 0, 0, position, 1, 0, 0, len(lacing)) + lacing + b"".join(packets)


@pytest.mark.parametrize(
    ("pages", "seconds"),
    [
        (page(_CELT_20_MS, _CELT_20_MS), 0.04),
        (page(_SILK_60_MS * 300, _THREE_OF_20_MS), 0.12),
        (page(_CELT_20_MS, position=48_000), 1.0),
        (page(*[_SILK_60_MS] * 200, position=1) * 100, 1200.0),
        (page(_CELT_20_MS)[:-1], 0.0),
        (b"", 0.0),
    ],
)
def test_pages_and_packets_are_counted(pages: bytes, seconds: float) -> None:
    assert seconds_of(page(b"OpusHead") + pages) == pytest.approx(seconds)


def test_what_is_no_voice_message() -> None:
    assert seconds_of(voice_file("a fox", 7)) == 7.0
    assert seconds_of(b"ID3 a song") is None
    assert seconds_of(page(b"vorbis")) is None
