"""What a service's errors become: each maker turns a fault, as the service reported it, into a `ProviderError`."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from providers.errors import (
    ContentRefusedError,
    GenerationFailedError,
    InvalidRequestError,
    KeyRefusedError,
    MisconfiguredError,
    NoCreditError,
    ProviderBusyError,
    ProviderError,
    ProviderUnavailableError,
    Sentence,
    UnusableModelError,
)


@dataclass(frozen=True, slots=True)
class Fault:
    """An error that a service reported. `code`: the service's own, or ""; `paying`: in answer to a paying call."""

    status: int
    code: str = ""
    message: str = ""
    retry_after: float | None = None
    paying: bool = False

    @property
    def detail(self) -> str:
        """The text for the log."""
        return f"HTTP {self.status} {self.code}: {self.message[:300]}"


ZERO_LIMIT = re.compile(r"\blimit:? ?0(?!\.?[0-9])", re.IGNORECASE)
"""A limit that no wait can lift: the account may not use the model at all."""
BILL = "the account has no credit left, or a bill to pay: see its billing at the service"
NO_MODEL = "there is no such model or address: check the model and the endpoint"

Maker = Callable[[Fault], ProviderError]


def refused(what: Literal["prompt", "reference", "result"]) -> Maker:
    """Moderation refused the prompt, a reference or the result."""
    return lambda fault: ContentRefusedError(what, detail=fault.detail)


def invalid(words: Sentence | None = None) -> Maker:
    """The request must be changed; `words` say how."""
    return lambda fault: InvalidRequestError(words, detail=fault.detail)


def busy(seconds: float, words: Sentence | None = None) -> Maker:
    """The service takes no task now. `seconds`: when to retry, where the service doesn't say."""
    return lambda fault: ProviderBusyError(words, retry_after=fault.retry_after or seconds, detail=fault.detail)


def when(pattern: re.Pattern[str], then: Maker, otherwise: Maker) -> Maker:
    """`then` where the service's message matches `pattern`, else `otherwise`."""
    return lambda fault: (then if pattern.search(fault.message) else otherwise)(fault)


def unavailable(fault: Fault) -> ProviderError:
    """The service is down, and says that it took nothing."""
    return ProviderUnavailableError(retry_after=fault.retry_after, detail=fault.detail)


def operator(advice: str, kind: type[MisconfiguredError] = MisconfiguredError) -> Maker:
    """The operator must act."""
    return lambda fault: kind(f"{fault.code or f'HTTP {fault.status}'}: {advice}", detail=fault.detail)


def key_refused(advice: str) -> Maker:
    """The operator must act about the credentials."""
    return operator(advice, KeyRefusedError)


def no_credit(advice: str) -> Maker:
    """The operator must act about the account's balance, bills or own limit."""
    return operator(advice, NoCreditError)


def unusable(advice: str) -> Maker:
    """The operator must act about the model of this request."""
    return operator(advice, UnusableModelError)


def failed(fault: Fault) -> ProviderError:
    """The service accepted the task, and the task failed."""
    return GenerationFailedError(detail=fault.detail)
