"""A duel in the whole bot: asked about and begun, and what the store knows of it."""

from typing import Any

from bot.demo.telegram import Chat, ChatMessage
from storage.duel_records import DuelState
from storage.job_states import JobState
from tests.support.app_harness import AppHarness

START, SHOW = "⚔️ Start", "🏁 Show the names"
NAMES = ("Jimeng", "OpenAI", "GPT")


async def begun(harness: AppHarness, words: str = "a fox", *files: Any, chat: Chat | None = None) -> ChatMessage:
    """Ask for a duel, and press Start; returns the question."""
    await harness.say(f"/duel {words}", *files, chat=chat)
    asked = await harness.shown(START, chat)
    await harness.press(asked, START)
    return asked


async def states(harness: AppHarness) -> list[JobState]:
    found = await harness.app.store.duels.standing(1)
    assert found
    return [job.state for job in found.jobs]


async def duel_state(harness: AppHarness) -> DuelState:
    found = await harness.app.store.duels.get(1)
    assert found
    return found.state
