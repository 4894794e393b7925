"""How long a voice message is: OGG with Opus, as Telegram has it (RFC 7845, RFC 6716)."""

from collections.abc import Iterator

_HEADER_BYTES = 27
_RATE = 48_000
"""Of the positions of pages, whatever the rate of the recording."""
_SILK, _HYBRID, _CELT = (10, 20, 40, 60), (10, 20), (2.5, 5, 10, 20)
"""Milliseconds of a frame, by the lowest bits of a packet's configuration."""


def seconds_of(data: bytes) -> float | None:
    """The seconds of a voice message: the longer of what its pages say and what its packets hold, since a forged file
    may lie in either. None: it is no such file."""
    if not data.startswith(b"OggS") or b"OpusHead" not in data[:128]:
        return None
    last, milliseconds = 0, 0.0
    for position, packets in _pages(data):
        last = max(last, position)
        milliseconds += sum(map(_milliseconds, packets))
    return max(last / _RATE, milliseconds / 1000)


def _pages(data: bytes) -> Iterator[tuple[int, list[bytes]]]:
    """The position of each page, and the packets that begin in it, at least their first bytes."""
    start, is_begun = data.find(b"OggS"), False
    while start >= 0 and len(data) >= start + _HEADER_BYTES:
        place = start + _HEADER_BYTES + data[start + 26]
        packets = []
        for length in data[start + _HEADER_BYTES : place]:
            if not is_begun:
                packets.append(data[place : place + length])
            # A part of 255 bytes is followed by another one of the same packet.
            is_begun = length == 255
            place += length
        yield int.from_bytes(data[start + 6 : start + 14], "little", signed=True), packets
        start = data.find(b"OggS", place)


def _milliseconds(packet: bytes) -> float:
    """Of one packet; none of a header."""
    if not packet or packet.startswith(b"Opus"):
        return 0.0
    kind, count = packet[0] >> 3, packet[0] & 3
    frame = _SILK[kind % 4] if kind < 12 else _HYBRID[kind % 2] if kind < 16 else _CELT[kind % 4]
    if count == 3:
        return frame * (packet[1] & 63 if len(packet) > 1 else 0)
    return frame * (1 if count == 0 else 2)
