"""Answers of OpenAI and Gemini that their simulators play at a prompt's words: a bill, refusals, no picture."""

from typing import Any, NamedTuple

import pytest

from providers.errors import (
    ContentRefusedError,
    InvalidRequestError,
    NoCreditError,
    OutcomeUnknownError,
    ProviderError,
)
from providers.gemini import Gemini
from providers.gemini.simulator import GeminiSimulator
from providers.openai import OpenAI
from providers.openai.simulator import OpenAISimulator
from providers.simulators.faults import Fault
from providers.testing.bench import open_bench
from providers.testing.steps import failure

OPENAI = (OpenAI, OpenAISimulator, {"api_key": "{key}", "base_url": "{url}/v1"})
PREVIEWS = (OpenAI, OpenAISimulator, {"api_key": "{key}", "base_url": "{url}/v1", "previews": 2})
GEMINI = (Gemini, GeminiSimulator, {"api_key": "{key}", "endpoint": "{url}/v1beta"})


class Row(NamedTuple):
    """The error of a prompt, what a refusal is about, whether it is paid, and the number of tasks that were taken."""

    service: tuple[type[Any], type[Any], dict[str, Any]]
    prompt: str
    error: type[ProviderError]
    what: str | None
    paid: bool | None
    taken: int
    has_references: bool = False


ROWS = [
    *(
        row
        for service in (OPENAI, PREVIEWS)
        for row in (
            Row(service, "an unpaid bill", NoCreditError, None, False, 0),
            Row(service, "a forbidden fox", ContentRefusedError, "prompt", False, 0),
            Row(service, "an unsafe reference", ContentRefusedError, "input", False, 0, has_references=True),
            Row(service, "an unsafe result", ContentRefusedError, "result", None, 1),
        )
    ),
    Row(GEMINI, "an unpaid bill", NoCreditError, None, False, 0),
    Row(GEMINI, "a forbidden fox", ContentRefusedError, "prompt", None, 0),
    Row(GEMINI, "an unsafe reference", ContentRefusedError, "input", None, 0, has_references=True),
    Row(GEMINI, "an unsafe result", ContentRefusedError, "result", None, 1),
    Row(GEMINI, "a protected work", ContentRefusedError, "result", None, 1),
    Row(GEMINI, "a fox in only words", InvalidRequestError, None, None, 1),
    Row(GEMINI, "nothing to see", InvalidRequestError, None, None, 1),
]


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row.service[0].title} {row.prompt}")
async def test_what_a_prompts_words_play(row: Row) -> None:
    kind, simulator, settings = row.service
    async with open_bench(kind, simulator, settings) as harness:
        references = harness.references(1, url=False) if row.has_references else ()
        error = await failure(harness, harness.request(row.prompt, references), row.error)
        assert type(error) is row.error
        assert error.paid is row.paid
        assert getattr(error, "what", None) == row.what
        assert harness.submitted == row.taken


@pytest.mark.parametrize(("kind", "simulator", "settings"), [OPENAI, GEMINI])
async def test_a_gateway_that_came_too_late(kind: type[Any], simulator: type[Any], settings: dict[str, Any]) -> None:
    """Any other answer is played word by word."""
    async with open_bench(kind, simulator, settings) as harness:
        body = '{"error": {"message": "Request timeout"}}'
        harness.simulator.faults.append(Fault(kind="json", action="submit", status=408, text=body))
        await failure(harness, harness.request("a fox"), OutcomeUnknownError)
