"""The meaning of every documented code: for a submit, for a query, and at a task's end."""

from string import Formatter

import pytest

from providers.errors import (
    Busy,
    Failed,
    InvalidRequest,
    Misconfigured,
    OutcomeUnknown,
    ProviderError,
    Refused,
    Unavailable,
)
from providers.jimeng.errors import TABLE, Fault, explain
from providers.jimeng.simulator.envelopes import MESSAGES, SUCCESS
from providers.polling import PassingError

# code: HTTP status, in answer to a submit, in answer to a query
CODES: dict[int | str, tuple[int, type[Exception], type[Exception]]] = {
    50411: (400, Refused, Refused),
    50518: (400, Refused, Refused),
    50412: (400, Refused, Refused),
    50413: (400, Refused, Refused),
    50512: (400, Refused, Refused),
    50511: (400, Refused, Refused),
    50519: (400, Refused, Refused),
    50520: (400, Unavailable, PassingError),
    50521: (400, Unavailable, PassingError),
    50522: (400, Unavailable, PassingError),
    50429: (429, Busy, Busy),
    50430: (429, Busy, Busy),
    50500: (500, Failed, PassingError),
    50501: (500, Failed, PassingError),
    50200: (400, InvalidRequest, InvalidRequest),
    50201: (400, InvalidRequest, InvalidRequest),
    50204: (400, InvalidRequest, InvalidRequest),
    50215: (400, InvalidRequest, Failed),
    50205: (400, InvalidRequest, InvalidRequest),
    50206: (400, InvalidRequest, InvalidRequest),
    50207: (400, InvalidRequest, InvalidRequest),
    50213: (400, InvalidRequest, InvalidRequest),
    50400: (401, Misconfigured, Misconfigured),
    "MissingParameter": (400, Misconfigured, Misconfigured),
    "MissingRequestInfo": (400, Misconfigured, Misconfigured),
    "InvalidTimestamp": (403, Misconfigured, Misconfigured),
    "InvalidAuthorization": (400, Misconfigured, Misconfigured),
    "InvalidCredential": (400, Misconfigured, Misconfigured),
    "InvalidActionOrVersion": (404, Misconfigured, Misconfigured),
    "ServiceNotFound": (404, Misconfigured, Misconfigured),
    "InvalidAccessKey": (401, Misconfigured, Misconfigured),
    "SignatureDoesNotMatch": (401, Misconfigured, Misconfigured),
    "InvalidSecretToken": (401, Misconfigured, Misconfigured),
    "LackPolicy": (403, Misconfigured, Misconfigured),
    "AccessDenied": (403, Misconfigured, Misconfigured),
    "FlowLimitExceeded": (429, Busy, Busy),
    "InternalError": (500, OutcomeUnknown, Busy),
    "InternalServiceError": (502, OutcomeUnknown, Busy),
    "InternalServiceTimeout": (504, OutcomeUnknown, Busy),
    # not documented
    50999: (400, Failed, Failed),
    50998: (429, Busy, Busy),
    50997: (500, Failed, PassingError),
    50996: (403, Misconfigured, Misconfigured),
    "ServiceUnavailable": (503, OutcomeUnknown, Busy),
    "SomethingNew": (400, Failed, Failed),
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
    if not isinstance(error, OutcomeUnknown):
        assert error.paid is False, "an error answer to a submit means that nothing was taken"
    if code in WHAT and isinstance(error, Refused):
        assert error.what == WHAT[code]


@pytest.mark.parametrize("code", CODES)
def test_a_query(code: int | str) -> None:
    error = explain(fault(code, submitting=False))
    assert type(error) is CODES[code][2]
    assert inner(error).paid is None, "what a task that failed has cost is not known"


@pytest.mark.parametrize("code", CODES)
def test_the_end_of_a_task_is_the_end(code: int | str) -> None:
    error = explain(fault(code, submitting=False, ended=True))
    assert not isinstance(error, Busy | PassingError)


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
    if isinstance(error, Misconfigured):
        assert str(code) in error.advice
        assert error.advice not in sentence
    if isinstance(error, Busy) and code in TABLE and not isinstance(code, str):
        assert error.retry_after


def test_the_services_own_wait_wins() -> None:
    error = explain(Fault(50429, "", 429, "", 17, submitting=True))
    assert isinstance(error, Busy)
    assert error.retry_after == 17


@pytest.mark.parametrize("code", [50215, 50207, 50500, 50999])
@pytest.mark.parametrize("submitting", [True, False])
def test_a_reference_that_could_not_be_fetched(code: int, *, submitting: bool) -> None:
    error = explain(fault(code, submitting=submitting, message="Post failed: Download Url Error"))
    assert isinstance(error, InvalidRequest)
    assert "web.public_url" in str(error.sentence)
