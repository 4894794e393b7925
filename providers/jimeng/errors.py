"""Every documented error code of the service, with its error class and the text for the person or the operator.

Sources: the error tables of docs/85621/1817045 (five-digit business codes) and docs/6369/68677 (the gateway's names).
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal

from providers.errors import (
    ContentRefusedError,
    GenerationFailedError,
    InvalidRequestError,
    KeyRefusedError,
    MisconfiguredError,
    OutcomeUnknownError,
    ProviderBusyError,
    ProviderError,
    ProviderUnavailableError,
    Sentence,
)
from providers.http import TOO_LATE_OR_EARLY
from providers.polling import PassingError
from providers.unfetched import UnfetchedReferenceError

_KEYS = "create an access key in the Volcengine console (IAM → API access keys)"
_POLICY = "give the access key's user the policy for visual intelligence (CVFullAccess) in the Volcengine console (IAM)"
_ADDRESS = "check providers.jimeng.endpoint, and whether a proxy changes the requests"


@dataclass(frozen=True, slots=True)
class Fault:
    """An error that the service reported. `code`: a number, or the gateway's name. `submitting`: in answer to a submit,
    else to a result query. `ended`: a result query said that the task has ended."""

    code: int | str
    message: str
    status: int
    request_id: str = ""
    retry_after: float | None = None
    submitting: bool = False
    ended: bool = False

    @property
    def detail(self) -> str:
        """The text for the log: everything that the service's support asks for."""
        return f"{self.code} {self.message} (HTTP {self.status}, request {self.request_id})"


Maker = Callable[[Fault], ProviderError]


def explain(fault: Fault) -> ProviderError | PassingError:
    """The error to raise. After an error answer to a submit nothing was taken, so nothing is paid. The cost of a task
    that failed later is unknown."""
    if "download url error" in fault.message.lower():
        error: ProviderError = UnfetchedReferenceError(detail=fault.detail)
    else:
        error = TABLE.get(fault.code, _unknown)(fault)
    if fault.submitting and isinstance(error, ContentRefusedError):
        error.paid = False
    if fault.submitting:
        return error
    error.paid = None
    if fault.ended and isinstance(error, ProviderBusyError):
        return _failed(fault)
    if (
        not fault.ended
        and isinstance(error, GenerationFailedError)
        and (fault.code in _MAY_PASS or fault.status >= 500)
    ):
        return PassingError(error)
    return error


def _refused(what: Literal["prompt", "reference", "result"], words: Sentence | None = None) -> Maker:
    return lambda fault: ContentRefusedError(what, words, detail=fault.detail)


def _invalid(words: Sentence) -> Maker:
    return lambda fault: InvalidRequestError(words, detail=fault.detail)


def _busy(words: Sentence, seconds: float) -> Maker:
    return lambda fault: ProviderBusyError(words, retry_after=fault.retry_after or seconds, detail=fault.detail)


def _operator(advice: str, kind: type[MisconfiguredError] = MisconfiguredError) -> Maker:
    return lambda fault: kind(f"{fault.code}: {advice}", detail=fault.detail)


def _key(advice: str) -> Maker:
    return _operator(advice, KeyRefusedError)


def _failed(fault: Fault) -> ProviderError:
    if fault.submitting:
        return GenerationFailedError(
            Sentence("The image service couldn't take this request. You can try again."),
            detail=fault.detail,
            paid=False,
        )
    return GenerationFailedError(detail=fault.detail)


def _checker(fault: Fault) -> ProviderError:
    """The moderation service is down: a submit can be retried later, a running task has failed."""
    if fault.submitting:
        words = Sentence("The image service's safety check is out of order at the moment.")
        return ProviderUnavailableError(words, retry_after=fault.retry_after or 30, detail=fault.detail)
    return GenerationFailedError(
        Sentence("The image service's safety check failed on this picture. You can try again."),
        detail=fault.detail,
    )


def _input(fault: Fault) -> ProviderError:
    """50215, "Input invalid for this service": to a query it means a task that is too old or failed on its input."""
    if fault.submitting:
        return InvalidRequestError(_NOT_USABLE, detail=fault.detail)
    return GenerationFailedError(_NOT_USABLE, detail=fault.detail)


def _gateway(fault: Fault) -> ProviderError:
    """The gateway lost the service behind it: whether a submit reached the service is unknown."""
    return OutcomeUnknownError(detail=fault.detail) if fault.submitting else ProviderBusyError(detail=fault.detail)


def _unknown(fault: Fault) -> ProviderError:
    if fault.status == 429:
        return ProviderBusyError(retry_after=fault.retry_after, detail=fault.detail)
    if fault.status in TOO_LATE_OR_EARLY or (isinstance(fault.code, str) and fault.status >= 500):
        return _gateway(fault)
    if fault.status in {401, 403}:
        # 403 may be about something else: a policy, or the account.
        kind = KeyRefusedError if fault.status == 401 else MisconfiguredError
        advice = f"{fault.message}: look at the access key and its policy in the Volcengine console"
        return _operator(advice, kind)(fault)
    return _failed(fault)


_NOT_USABLE = Sentence("The image service couldn't work with this request. If it has reference pictures, try others.")
_WRONG_OPTION = _invalid(Sentence("The image service doesn't accept these options. Leave them out, or choose others."))
_SLOW_DOWN = _busy(Sentence("The image service asked us to slow down for a moment."), 2)
_MAY_PASS = frozenset({50500, 50501, 50520, 50521, 50522})

TABLE: Mapping[int | str, Maker] = {
    # moderation
    50411: _refused("reference"),
    50518: _refused(
        "reference",
        Sentence("A reference picture seems to be protected by copyright. Please try another one."),
    ),
    50412: _refused("prompt"),
    50413: _refused(
        "prompt", Sentence("The prompt contains something the service doesn't allow, such as a protected name.")
    ),
    50512: _refused(
        "prompt", Sentence("The service objected to what it understood from this prompt. Please rephrase it.")
    ),
    50511: _refused("result"),
    50519: _refused(
        "result",
        Sentence("The picture was made, but it resembled a protected work, so the service held it back. Try again."),
    ),
    50520: _checker,
    50521: _checker,
    50522: _checker,
    # limits: refused before a task starts, so they cost nothing. A task's end frees a slot, within seconds.
    50429: _SLOW_DOWN,
    50430: _busy(Sentence("The image service is already working on as many pictures as its account allows."), 5),
    # faults of the service
    50500: _failed,
    50501: _failed,
    # the request
    50200: _WRONG_OPTION,
    50201: _WRONG_OPTION,
    50204: _WRONG_OPTION,
    50215: _input,
    50205: _invalid(Sentence("A reference picture is too large for the image service. Send a smaller one.")),
    50206: _invalid(Sentence("A reference picture didn't reach the image service. Please send it again.")),
    50207: _invalid(Sentence("The image service can't read a reference picture. Send it as JPEG or PNG.")),
    50213: _invalid(Sentence("The reference pictures are too big together. Send fewer or smaller ones.")),
    # the account
    50400: _operator(
        "the account may not use this interface: activate Jimeng 4.0 in the Volcengine console, "
        "settle what is unpaid, and check the access key's policy"
    ),
    # the gateway
    "MissingParameter": _operator(_ADDRESS),
    "MissingRequestInfo": _operator(_ADDRESS),
    "InvalidTimestamp": _operator("this machine's clock is off by more than 15 minutes: let NTP set it"),
    "InvalidAuthorization": _operator(_ADDRESS),
    "InvalidCredential": _key(_KEYS),
    "InvalidActionOrVersion": _operator(_ADDRESS),
    "ServiceNotFound": _operator(_ADDRESS),
    "InvalidAccessKey": _key(f"providers.jimeng.access_key is not known: {_KEYS}"),
    "SignatureDoesNotMatch": _key(
        "providers.jimeng.secret_key does not belong to access_key: copy it exactly as the console shows it"
    ),
    "InvalidSecretToken": _key("providers.jimeng.session_token is wrong or has run out: get new credentials"),
    "LackPolicy": _operator(_POLICY),
    "AccessDenied": _operator(_POLICY),
    "FlowLimitExceeded": _SLOW_DOWN,
    "InternalError": _gateway,
    "InternalServiceError": _gateway,
    "InternalServiceTimeout": _gateway,
}
