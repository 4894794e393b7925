"""The wait that a service asks for, in every form that services use."""

import math
from typing import Any

import pytest

from providers.http import Answer
from providers.retry_after import retry_after

NOON, LATER = "Wed, 21 Oct 2026 12:00:00 GMT", "Wed, 21 Oct 2026 12:00:30 GMT"


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, None),
        ({"Retry-After": "7"}, 7),
        ({"Retry-After": " 0.7 "}, 0.7),
        ({"Retry-After": "0"}, 0),
        ({"Retry-After": "99999999"}, 99999999),
        ({"Retry-After": "9" * 400}, math.inf),
        ({"Retry-After-Ms": "250", "Retry-After": "1"}, 0.25),
        ({"Retry-After-Ms": "soon", "Retry-After": "1"}, 1),
        ({"Retry-After": LATER, "Date": NOON}, 30),
        ({"Retry-After": NOON, "Date": LATER}, 0),
        ({"Retry-After": "Wed, 21 Oct 1998 12:00:00 GMT"}, 0),
        ({"Retry-After": "Wed, 21 Oct 2026 12:00:30 -0000", "Date": NOON}, 30),
        ({"Retry-After": LATER, "Date": "yesterday"}, pytest.approx(0, abs=1e9)),
        *[
            ({"Retry-After": words}, None)
            for words in (
                "-5",
                "NaN",
                "inf",
                "1e9",
                "0x10",
                "1_000",
                "٣",
                "soon",
                "",
                ",",
                "Wed, 99 Oct 99999 99:99:99",
            )
        ],
    ],
)
def test_how_long_a_service_asks_to_wait(headers: dict[str, str], seconds: float | None) -> None:
    assert Answer(503, headers, b"").retry_after == seconds


def google(delay: object) -> dict[str, Any]:
    details = [
        {"@type": "type.googleapis.com/google.rpc.Help"},
        {"@type": "…/google.rpc.RetryInfo", "retryDelay": delay},
    ]
    return {"error": {"code": 429, "status": "RESOURCE_EXHAUSTED", "details": [None, *details]}}


THROTTLED = "Request was throttled. Your rate limit for creating predictions is reduced. It resets in ~30s."


@pytest.mark.parametrize(
    ("spoken", "seconds"),
    [
        (google("53s"), 53),
        (google("0.5s"), 0.5),
        (google("-1s"), None),
        (google(None), None),
        (google("soon"), None),
        ({"detail": THROTTLED, "status": 429}, 30),
        ({"detail": THROTTLED, "retry_after": 12}, 12),
        ({"detail": THROTTLED, "retry_after": None}, 30),
        ({"retry_after": "2.5"}, 2.5),
        ({"retry_after": True}, None),
        ({"retry_after": -3}, None),
        ({"detail": "Request was throttled. Expected available in 1 second."}, 1),
        ({"error": {"message": "Rate limit reached. Please try again in 250ms."}}, 0.25),
        ({"error": {"message": "Rate limit reached. Please try again in 1m12s."}}, 72),
        ({"error": {"message": "Rate limit reached. Please try again in 2h24m0s."}}, 8640),
        ({"error": {"message": "Please retry in 53.2s."}}, 53.2),
        ({"error": {"message": "Try again in 3 steps, or retry in 2 sentences."}}, None),
        ({"error": "Please retry in 7s."}, 7),
        ({"error": {"message": None, "details": {"retryDelay": "1s"}}}, None),
        ({"message": "x" * 5000 + " try again in 5s"}, None),
        ({"error": {"code": "429", "message": "Rate limit exceeded. Please retry after 26 seconds."}}, 26),
        ([google("53s")], 53),
        ([], None),
        ("try again in 5s", None),
        (None, None),
    ],
)
def test_a_wait_in_the_body(spoken: object, seconds: float | None) -> None:
    assert retry_after({}, spoken) == seconds


def test_the_header_goes_first() -> None:
    assert retry_after({"Retry-After": "0.7"}, google("53s")) == 0.7
    assert retry_after({"Retry-After": "soon"}, google("53s")) == 53
