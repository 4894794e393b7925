"""Codes and words of errors."""

import re

import pytest

from providers.errors import ContentRefusedError, InvalidRequestError, MisconfiguredError, OutcomeUnknownError
from providers.faults import ZERO_LIMIT, Fault, busy, invalid, operator, refused, when
from providers.json_api import Rest, error_object

TABLE = {
    "Input": invalid(),
    "Input.Text": refused("prompt"),
    "Input.Text.Exact.Code": operator("exactly"),
}
REST = Rest(None, {}, error_object, TABLE, "the key")  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        ("Input.Text.Exact.Code", MisconfiguredError),
        ("Input.Text.Exact", ContentRefusedError),
        ("Input.Text.PolicyViolation", ContentRefusedError),
        ("Input.Picture", InvalidRequestError),
        ("Input.", InvalidRequestError),
        ("InputText", OutcomeUnknownError),
        (".Input", OutcomeUnknownError),
        ("...", OutcomeUnknownError),
        ("", OutcomeUnknownError),
    ],
)
def test_a_code_matches_by_its_longest_dotted_prefix(code: str, kind: type[Exception]) -> None:
    assert type(REST.explain(Fault(500, code, paying=True))) is kind


@pytest.mark.parametrize(
    ("words", "matches"),
    [
        ("limit: 0, model: x", True),
        ("Limit 0, Used 0", True),
        ("limit:0", True),
        ("limit: 05", False),
        ("limit: 0.5", False),
        ("limit: 10", False),
        ("unlimited 0", False),
    ],
)
def test_a_limit_of_nothing(words: str, *, matches: bool) -> None:
    assert bool(ZERO_LIMIT.search(words)) is matches


def test_the_words_of_an_error_may_decide() -> None:
    maker = when(re.compile("bill"), operator("pay"), busy(5))
    assert isinstance(maker(Fault(429, message="an unpaid bill")), MisconfiguredError)
    assert not isinstance(maker(Fault(429, message="too fast")), MisconfiguredError)


@pytest.mark.parametrize(("status", "advice"), [(401, "the key"), (403, "the key"), (402, "a bill to pay")])
def test_the_advice_for_a_status(status: int, advice: str) -> None:
    error = REST.explain(Fault(status, "unheard_of", paying=True))
    assert isinstance(error, MisconfiguredError)
    assert advice in error.advice
