"""`CallLog`: the calls of the bot to the simulators, for the page's inspector and the tests. It holds no secrets."""

import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any

SECRET_NAMES = frozenset(
    {"token", "secret_token", "access_key", "secret_key", "authorization", "x-security-token", "password", "secret"}
)
MAX_STRING_LENGTH = 4000
"""A longer string is cut: an answer may carry whole pictures in base64."""


@dataclass(frozen=True, slots=True)
class Call:
    """One call and its answer. `at` in unix seconds; `status` 0: the connection was closed without an answer."""

    n: int
    at: float
    service: str
    name: str
    status: int
    ms: float
    request: Any
    response: Any

    def as_json(self) -> dict[str, Any]:
        """The call as the people's API shows it."""
        return {field.name: getattr(self, field.name) for field in fields(self)}


class CallLog:
    """A bounded log that every simulator of the demo writes into.

    `keep`: how many calls are remembered. `clock` gives unix seconds.
    """

    def __init__(self, keep: int = 1000, clock: Callable[[], float] = time.time) -> None:
        self._calls: deque[Call] = deque(maxlen=keep)
        self._clock = clock
        self._secrets: set[str] = set()
        self._listeners: list[Callable[[Call], None]] = []
        self._last = 0

    def hide(self, *secrets: str) -> None:
        """Replace these words by stars in every call recorded from now on."""
        self._secrets.update(secret for secret in secrets if secret)

    def listen(self, listener: Callable[[Call], None]) -> None:
        """Call `listener` with each call recorded from now on."""
        self._listeners.append(listener)

    def record(self, service: str, name: str, *, status: int, ms: float, request: Any, response: Any) -> Call:
        """Record one call, redacted and shortened. `request` and `response` are anything like JSON."""
        self._last += 1
        cleaned = self._clean(request), self._clean(response)
        call = Call(self._last, self._clock(), service, name, status, round(ms, 1), *cleaned)
        self._calls.append(call)
        for listener in self._listeners:
            listener(call)
        return call

    def since(self, n: int = 0) -> list[Call]:
        """The calls after number `n`, oldest first, as far as they are still remembered."""
        return [call for call in self._calls if call.n > n]

    def named(self, name: str) -> list[Call]:
        """The calls of one method or action, oldest first."""
        return [call for call in self._calls if call.name == name]

    def __iter__(self) -> Iterator[Call]:
        return iter(list(self._calls))

    def __len__(self) -> int:
        return len(self._calls)

    def _clean(self, value: Any) -> Any:
        if isinstance(value, Mapping):
            return {
                str(key): "***" if str(key).lower() in SECRET_NAMES and item else self._clean(item)
                for key, item in value.items()
            }
        if isinstance(value, bytes | bytearray | memoryview):
            return {"size": len(value)}
        if isinstance(value, str):
            return self._clean_text(value)
        if isinstance(value, Sequence):
            return [self._clean(item) for item in value]
        return value if value is None or isinstance(value, bool | int | float) else self._clean_text(str(value))

    def _clean_text(self, text: str) -> str:
        for secret in self._secrets:
            text = text.replace(secret, "***")
        return text if len(text) <= MAX_STRING_LENGTH else f"{text[:MAX_STRING_LENGTH]}… ({len(text)} characters)"
