"""Help with words in the whole bot: a simulated assistant, and people who have agreed to it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from bot.demo.assistant import AssistantSimulator, settings_of
from bot.demo.telegram import ChatMessage, Person
from storage import ledger
from tests.support.app_harness import AppHarness, open_app_harness
from tests.support.gates import Gate, Gates

BETTER = "soft morning light, close-up, fine detail"
"""What the simulated assistant adds to English words."""
HOST = "127.0.0.1"


@asynccontextmanager
async def open_helped_harness(folder: Path, assistant: AssistantSimulator) -> AsyncIterator[AppHarness]:
    """Everybody has agreed. Requests above ¥0.30 are asked about; an answer of the assistant costs ¥0.01."""
    settings = settings_of(assistant)
    async with open_app_harness(folder, assistant=settings, budgets={"confirm": ["0.30 CNY"]}) as harness:
        await consent(harness, harness.ann, harness.ming, harness.bob)
        yield harness


async def consent(harness: AppHarness, *people: Person) -> None:
    for person in people:
        await harness.app.store.suggestions.agree(person.id, HOST, 1.0)


def held(gates: Gates, assistant: AssistantSimulator) -> Gate:
    """The assistant thinks until this is open."""
    gate = gates.new()

    async def wait(_seconds: float) -> None:
        await gate.pass_through()

    assistant.sleep = wait
    return gate


async def offered(harness: AppHarness, words: str = "Better words?", **where: Any) -> ChatMessage:
    found = await harness.shown(words, **where)
    await harness.quiet()
    return found


async def spent(harness: AppHarness) -> int:
    """What help has cost by the ledger, in ten-thousandths."""
    since = harness.app.store.clock() - 86400
    used = await harness.app.store.usage.since(since)
    found = [one for one in used if one.provider == ledger.ASSISTANT]
    return sum(cost.amount for one in found for cost in one.costs)
