"""Signed numbers for addresses: they can't be forged, and they expire."""

import hashlib
from collections.abc import Callable
from typing import Any

from itsdangerous import BadData, TimestampSigner, URLSafeTimedSerializer


class _Stamper(TimestampSigner):
    """Takes timestamps from a clock that all processes share."""

    def __init__(self, *arguments: Any, clock: Callable[[], float], **how: Any) -> None:
        super().__init__(*arguments, **how)
        self._clock = clock

    def get_timestamp(self) -> int:
        return int(self._clock())


class Signer:
    """Signs for one `purpose` with a key derived one-way from `secret`. `clock`: seconds since 1970."""

    def __init__(self, purpose: str, secret: str, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._serializer = URLSafeTimedSerializer(
            secret, salt=purpose, signer=_Stamper, signer_kwargs={"digest_method": hashlib.sha256, "clock": clock}
        )

    def sign(self, number: int) -> str:
        """The signed number, ready for an address."""
        return str(self._serializer.dumps(number))

    def read(self, key: str, lifetime: float) -> int | None:
        """The number; None when it is forged, or was signed more than `lifetime` seconds ago.

        A signature from the future is valid, too, by up to `lifetime`: another process's clock may be ahead.
        """
        try:
            number, signed_at = self._serializer.loads(key, return_timestamp=True)
            number = int(number)
        except (BadData, ValueError, TypeError):
            return None
        return number if abs(self._clock() - signed_at.timestamp()) <= lifetime else None


def derived(purpose: str, token: str) -> str:
    """A secret of its own for each purpose, the same in every process, with nothing to configure."""
    return hashlib.sha256(f"{purpose} {token}".encode()).hexdigest()
