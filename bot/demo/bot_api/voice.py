"""Voice messages of the simulated people: silent OGG files with Opus (RFC 7845), as Telegram has them. What is said
stands in a comment of the file, so that the simulated assistant can hear it."""

import struct

SAID = b"TITLE="
RATE = 48_000
UNSAID = {"zh": "雪地里的红狐狸"}
"""By language: what is said where no words are given. The simulated assistant knows something in English."""
_SILENCE = b"\xf8\xff\xfe"
"""A packet of 20 ms."""


def voice_file(words: str, seconds: int) -> bytes:
    """A voice message in which somebody says `words`."""
    head = b"OpusHead" + struct.pack("<BBHIhB", 1, 1, 312, RATE, 0, 0)
    comment = SAID + words.encode()
    tags = b"OpusTags" + _text(b"imagine-bot demo") + struct.pack("<I", 1) + _text(comment)
    parts = [_page(head, 0, 0, first=True), _page(tags, 1, 0)]
    return b"".join([*parts, _page(_SILENCE, 2, RATE * seconds, last=True)])


def words_in(data: bytes) -> str | None:
    """What is said in a voice message; None: it is no OGG file with Opus."""
    if not data.startswith(b"OggS") or b"OpusHead" not in data[:128]:
        return None
    start = data.find(SAID)
    if start < 4:
        return ""
    (length,) = struct.unpack("<I", data[start - 4 : start])
    return data[start + len(SAID) : start + length].decode("utf-8", "replace")


def _text(words: bytes) -> bytes:
    return struct.pack("<I", len(words)) + words


def _page(packet: bytes, number: int, position: int, *, first: bool = False, last: bool = False) -> bytes:
    """A page that holds one packet."""
    lacing = bytes([255] * (len(packet) // 255) + [len(packet) % 255])
    kind = 2 * first + 4 * last
    header = struct.pack("<4sBBqIIIB", b"OggS", 0, kind, position, 1, number, 0, len(lacing)) + lacing
    checksum = struct.pack("<I", _checksum(header + packet))
    return header[:22] + checksum + header[26:] + packet


def _checksum(data: bytes) -> int:
    """The CRC of an OGG page: polynomial 0x04c11db7, nothing inverted."""
    crc = 0
    for each in data:
        crc ^= each << 24
        for _bit in range(8):
            crc = (crc << 1) ^ (0x04C11DB7 if crc & 0x80000000 else 0)
        crc &= 0xFFFFFFFF
    return crc
