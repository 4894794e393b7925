"""The meaning of every documented code: for a submit, for a query, and at a task's end."""

from string import Formatter

import pytest

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
)
from providers.jimeng.errors import TABLE, Fault, explain
from providers.jimeng.simulator.envelopes import MESSAGES, SUCCESS
from providers.polling import PassingError

# code: HTTP status, in answer to a submit, in answer to a query
CODES: dict[int | str, tuple[int, type[Exception], type[Exception]]] = {
    50411: (400, ContentRefusedError, ContentRefusedError),
    50518: (400, ContentRefusedError, ContentRefusedError),
    50412: (400, ContentRefusedError, ContentRefusedError),
    50413: (400, ContentRefusedError, ContentRefusedError),
    50512: (400, ContentRefusedError, ContentRefusedError),
    50511: (400, ContentRefusedError, ContentRefusedError),
    50519: (400, ContentRefusedError, ContentRefusedError),
    50520: (400, ProviderUnavailableError, PassingError),
    50521: (400, ProviderUnavailableError, PassingError),
    50522: (400, ProviderUnavailableError, PassingError),
    50429: (429, ProviderBusyError, ProviderBusyError),
    50430: (429, ProviderBusyError, ProviderBusyError),
    50500: (500, GenerationFailedError, PassingError),
    50501: (500, GenerationFailedError, PassingError),
    50200: (400, InvalidRequestError, InvalidRequestError),
    50201: (400, InvalidRequestError, InvalidRequestError),
    50204: (400, InvalidRequestError, InvalidRequestError),
    50215: (400, InvalidRequestError, GenerationFailedError),
    50205: (400, InvalidRequestError, InvalidRequestError),
    50206: (400, InvalidRequestError, InvalidRequestError),
    50207: (400, InvalidRequestError, InvalidRequestError),
    50213: (400, InvalidRequestError, InvalidRequestError),
    50400: (401, MisconfiguredError, MisconfiguredError),
    "MissingParameter": (400, MisconfiguredError, MisconfiguredError),
    "MissingRequestInfo": (400, MisconfiguredError, MisconfiguredError),
    "InvalidTimestamp": (403, MisconfiguredError, MisconfiguredError),
    "InvalidAuthorization": (400, MisconfiguredError, MisconfiguredError),
    "InvalidCredential": (400, KeyRefusedError, KeyRefusedError),
    "InvalidActionOrVersion": (404, MisconfiguredError, MisconfiguredError),
    "ServiceNotFound": (404, MisconfiguredError, MisconfiguredError),
    "InvalidAccessKey": (401, KeyRefusedError, KeyRefusedError),
    "SignatureDoesNotMatch": (401, KeyRefusedError, KeyRefusedError),
    "InvalidSecretToken": (401, KeyRefusedError, KeyRefusedError),
    "LackPolicy": (403, MisconfiguredError, MisconfiguredError),
    "AccessDenied": (403, MisconfiguredError, MisconfiguredError),
    "FlowLimitExceeded": (429, ProviderBusyError, ProviderBusyError),
    "InternalError": (500, OutcomeUnknownError, ProviderBusyError),
    "InternalServiceError": (502, OutcomeUnknownError, ProviderBusyError),
    "InternalServiceTimeout": (504, OutcomeUnknownError, ProviderBusyError),
    # not documented
    50999: (400, GenerationFailedError, GenerationFailedError),
    50998: (429, ProviderBusyError, ProviderBusyError),
    50997: (500, GenerationFailedError, PassingError),
    50995: (401, KeyRefusedError, KeyRefusedError),
    50996: (403, MisconfiguredError, MisconfiguredError),
    "ServiceUnavailable": (503, OutcomeUnknownError, ProviderBusyError),
    "SomethingNew": (400, GenerationFailedError, GenerationFailedError),
}
WHAT = {
    **dict.fromkeys((50411, 50518), "reference"),
    **dict.fromkeys((50412, 50413, 50512), "prompt"),
    **dict.fromkeys((50511, 50519), "result"),
}


def fault(code: int | str, *, submitting: bool, message: str = "service's words", ended: bool = False) -> Fault:
    status = CODES[code][0]
    return Fault(code, message, status, "202601", None, submitting=submitting, ended=ended)


def inner(error: ProviderError | PassingError) -> ProviderError:
    return error.error if isinstance(error, PassingError) else error


def test_the_table_here_covers_the_table_there() -> None:
    assert set(TABLE) <= set(CODES)
    assert set(MESSAGES) - {SUCCESS} <= set(TABLE)


@pytest.mark.parametrize("code", CODES)
def test_a_submit(code: int | str) -> None:
    error = explain(fault(code, submitting=True))
    assert type(error) is CODES[code][1]
    assert isinstance(error, ProviderError)
    if not isinstance(error, OutcomeUnknownError):
        assert error.paid is False, "an error answer to a submit means that nothing was taken"
    if code in WHAT and isinstance(error, ContentRefusedError):
        assert error.what == WHAT[code]


@pytest.mark.parametrize("code", CODES)
def test_a_query(code: int | str) -> None:
    error = explain(fault(code, submitting=False))
    assert type(error) is CODES[code][2]
    assert inner(error).paid is None, "what a task that failed has cost is not known"


@pytest.mark.parametrize("code", CODES)
def test_the_end_of_a_task_is_the_end(code: int | str) -> None:
    error = explain(fault(code, submitting=False, ended=True))
    assert not isinstance(error, ProviderBusyError | PassingError)


@pytest.mark.parametrize("submitting", [True, False])
@pytest.mark.parametrize("code", CODES)
def test_words(code: int | str, *, submitting: bool) -> None:
    error = inner(explain(fault(code, submitting=submitting)))
    sentence = str(error.sentence)
    assert str(code) in error.detail
    assert "202601" in error.detail
    assert str(code) not in sentence
    assert "service's words" not in sentence
    assert sentence.endswith((".", ")"))
    assert not [field for _, field, _, _ in Formatter().parse(error.sentence.template) if field]
    if isinstance(error, MisconfiguredError):
        assert str(code) in error.advice
        assert error.advice not in sentence
    if isinstance(error, ProviderBusyError) and code in TABLE and not isinstance(code, str):
        assert error.retry_after


def test_the_services_own_wait_wins() -> None:
    error = explain(Fault(50429, "", 429, "", 17, submitting=True))
    assert isinstance(error, ProviderBusyError)
    assert error.retry_after == 17


@pytest.mark.parametrize("status", [408, 425])
def test_a_submit_that_came_too_late_may_have_been_taken(status: int) -> None:
    assert isinstance(explain(Fault(0, "", status, submitting=True)), OutcomeUnknownError)
    assert isinstance(explain(Fault(0, "", status, submitting=False)), ProviderBusyError)


@pytest.mark.parametrize("code", [50215, 50207, 50500, 50999])
@pytest.mark.parametrize("submitting", [True, False])
def test_a_reference_that_could_not_be_fetched(code: int, *, submitting: bool) -> None:
    error = explain(fault(code, submitting=submitting, message="Post failed: Download Url Error"))
    assert isinstance(error, InvalidRequestError)
    assert "web.public_url" in str(error.sentence)
