"""An assistant that lies, fails, is slow or gets lost, and a bot that is removed or killed meanwhile."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from bot.demo.assistant import AssistantSimulator, settings_of
from bot.demo.bot_api.bot_view import message_json
from providers.simulators.faults import Fault
from storage.database import StoreError
from storage.money import NO_BUDGETS
from storage.quota import UNLIMITED
from storage.records import NewJob
from storage.suggestions import NewSuggestion
from tests.support.app_harness import AppHarness, open_app_harness
from tests.support.helped import HOST, consent, held, offered, open_helped_harness, spent


@pytest.fixture
async def harness(tmp_path: Path, assistant: AssistantSimulator) -> AsyncIterator[AppHarness]:
    """Requests above ¥0.30 are asked about; an answer of the assistant costs ¥0.01."""
    async with open_helped_harness(tmp_path, assistant) as harness:
        yield harness


LIES: dict[str, Any] = {
    "html": {"content": "<!DOCTYPE html><html><body>Log in</body></html>"},
    "ten thousand characters": {"content": "fox " * 2500},
    "tool calls": {"content": None, "tool_calls": [{"id": "1", "type": "function", "function": {"name": "pay"}}]},
    "empty": {"content": "  \n"},
    "a number": {"content": 7},
    "a list": {"content": [{"type": "text", "text": "fox"}]},
    "dots": {"content": "…"},
}


async def test_what_is_no_prompt_is_not_shown(harness: AppHarness, assistant: AssistantSimulator) -> None:
    for lie, said in LIES.items():
        assistant.says.append(said)
        asked = await harness.say(f"/improve {lie}")
        await harness.quiet()
        shown = harness.answers()[-1]
        assert shown.reply_to == asked.id
        assert shown.text == ("The assistant had no useful suggestion. Its answer may have been charged."), lie
        assert shown.buttons == []


async def test_flags_and_commands_in_its_words_are_none(harness: AppHarness, assistant: AssistantSimulator) -> None:
    said = "/forget <b>a fox</b> for @ann --n 10 --provider ark {red, blue} — tall &amp; <i>x</i> --ar 1:3"
    assistant.says.append({"content": said})
    await harness.say("/improve a fox")
    shown = await offered(harness)
    await harness.press(shown, "Use")
    await harness.quiet()
    (task,) = harness.tasks
    assert task.prompt == "forget a fox for ann (red, blue) — tall &amp; x"
    job = await harness.app.store.jobs.get(1)
    assert job is not None
    assert dict(job.options) == {}


async def test_an_assistant_that_refuses_fails_or_is_lost(harness: AppHarness, assistant: AssistantSimulator) -> None:
    faults = [
        (Fault(kind="problem", name="prompt"), "doesn't want to help with this. Nothing was charged."),
        (Fault(kind="problem", name="busy"), "can't be reached right now. Try again later. Nothing was charged."),
        (Fault(kind="problem", name="credentials"), "isn't set up correctly. Please tell whoever runs this bot. Noth"),
        (Fault(kind="lost"), "didn't answer. Its answer may have been charged."),
        (Fault(kind="text", text="[1, 2"), "didn't answer. Its answer may have been charged."),
    ]
    for number, (fault, words) in enumerate(faults):
        assistant.faults.append(fault)
        await harness.say(f"/improve fox {number}")
        await harness.shown(words)
        await harness.quiet()
    # Nothing is asked again by itself, and only the two whose outcome is unknown count.
    assert assistant.asked == ["fox 3"]
    assert await spent(harness) == 200


async def test_a_slow_assistant_delays_no_picture(harness: AppHarness, assistant: AssistantSimulator) -> None:
    gate = held(harness.gates, assistant)
    await harness.say("/improve a fox")
    await harness.shown("Looking for better words")
    await harness.say("an owl")
    await harness.shown("Again")
    assert [task.prompt for task in harness.tasks] == ["an owl"]
    second = await harness.say("/improve a cat")
    await harness.shown("You've reached your limit: 1 at a time.")
    gate.open()
    shown = await offered(harness)
    assert (shown.reply_to, second.id > shown.id) == (second.id - 4, True)


async def test_a_bot_that_is_removed_meanwhile(harness: AppHarness, assistant: AssistantSimulator) -> None:
    gate = held(harness.gates, assistant)
    await harness.say("/improve a fox", chat=harness.group)
    await harness.shown("Looking for better words", harness.group)
    harness.telegram.set_bot(harness.group, "kicked", harness.ann)
    gate.open()
    await harness.quiet()
    assert await spent(harness) == 100
    await harness.say("/improve an owl")
    await offered(harness)


async def test_a_restart_tells_of_what_got_lost(harness: AppHarness, assistant: AssistantSimulator) -> None:
    gate = held(harness.gates, assistant)
    await harness.say("/improve a fox")
    waiting = await harness.shown("Looking for better words")
    await gate.reached()
    await harness.restart()
    lost = await harness.shown("I was interrupted while I asked the assistant")
    assert lost.id == waiting.id
    gate.open()
    await harness.quiet()
    assert assistant.asked == ["a fox"]
    assert await spent(harness) == 100


async def test_what_was_lost_before_it_was_shown_is_told_in_a_new_message(harness: AppHarness) -> None:
    store = harness.app.store
    request = NewJob("a", harness.ann.id, None, harness.ann.id, "en", "jimeng", "a fox", {})
    found = await store.suggestions.add(NewSuggestion("improve", request), HOST, store.clock())
    now, rules = store.clock(), NO_BUDGETS
    assert await store.suggestions.ask(found, 999, now, price=None, quota=UNLIMITED, budgets=rules)
    await store.workers.leave(999)
    await harness.shown("I was interrupted while I asked the assistant")


async def test_an_assistant_that_never_answers(tmp_path: Path, assistant: AssistantSimulator) -> None:
    settings = settings_of(assistant).model_copy(update={"time_limit": 0.05})
    async with open_app_harness(tmp_path, assistant=settings) as harness:
        await consent(harness, harness.ann)
        gate = held(harness.gates, assistant)
        await harness.say("/improve a fox")
        await harness.shown("The assistant didn't answer. Its answer may have been charged.")
        gate.open()
        await harness.quiet()
        assert await spent(harness) == 100


async def test_a_store_that_fails_once_asks_once(
    harness: AppHarness, assistant: AssistantSimulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    store, lost = harness.app.store.suggestions, list[str]()

    def losing(name: str) -> None:
        step = getattr(store, name)

        async def lose_once(*values: Any, **named: Any) -> Any:
            done = await step(*values, **named)
            if name not in lost:
                lost.append(name)
                raise StoreError("the answer to a commit got lost")
            return done

        monkeypatch.setattr(store, name, lose_once)

    for name in ("ask", "shown_at", "answered"):
        losing(name)
    await harness.say("/improve a fox")
    shown = await offered(harness)
    assert "Use" in "".join(shown.buttons)
    assert lost == ["ask", "shown_at", "answered"]
    assert assistant.asked == ["a fox"]
    assert await spent(harness) == 100
    assert not await harness.app.store.erasure.is_under_way(harness.ann.id)


async def test_a_voice_message_is_as_long_as_its_sender_says(
    harness: AppHarness, assistant: AssistantSimulator
) -> None:
    """Its price is reserved by what the sender says."""
    sent = harness.telegram.send_thing(harness.ann, "voice", said="a fox", seconds=90)
    await offered(harness, "I heard:")
    about = message_json(sent)
    about |= {"message_id": sent.id + 100, "voice": {**about["voice"], "duration": 1}}
    harness.telegram.world.updates.push("message", about)
    await harness.shown("too long for me. Please make it shorter. Nothing was charged.")
    assert assistant.asked == ["a fox"]
