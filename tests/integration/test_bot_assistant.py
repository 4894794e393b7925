"""Help with words, between a strict Telegram and a strict assistant."""

from collections.abc import AsyncIterator
from decimal import Decimal
from io import BytesIO
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import pytest
from aiohttp import ClientSession
from sqlalchemy import select

from bot.assistant.client import AssistantClient
from bot.caution import Caution
from bot.check import CheckError, check_assistant
from bot.demo.assistant import AssistantSimulator, settings_of
from bot.demo.telegram import ChatMessage, Person
from bot.handlers.export import archive
from bot.settings import AccessSettings
from bot.telegram.i18n import Languages
from providers.simulators.faults import Fault
from storage import ledger
from storage.schema import consents, spending, suggestions
from tests.support.app_harness import AppHarness, open_app_harness, picture
from tests.support.gates import Gate, Gates

BETTER = "soft morning light, close-up, fine detail"
HOST = "127.0.0.1"


@pytest.fixture
async def assistant() -> AsyncIterator[AssistantSimulator]:
    simulator = AssistantSimulator(durations=lambda _: 0.0)
    await simulator.start()
    yield simulator
    await simulator.aclose()


@pytest.fixture
async def harness(tmp_path: Path, assistant: AssistantSimulator) -> AsyncIterator[AppHarness]:
    """Questions above ¥0.30; an answer of the assistant costs ¥0.01."""
    settings = settings_of(assistant)
    async with open_app_harness(tmp_path, assistant=settings, budgets={"confirm": ["0.30 CNY"]}) as harness:
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


async def test_better_words_are_used_only_by_a_press(harness: AppHarness, assistant: AssistantSimulator) -> None:
    result = await harness.made("a red fox --ar 16:9", picture(201))
    await harness.press(result, "✨")
    shown = await offered(harness)
    assert f"a red fox, {BETTER}" in shown.text
    assert assistant.asked == ["a red fox"]
    assert len(harness.tasks) == 1
    first = await harness.press(shown, "Use")
    await harness.quiet()
    assert first.text == "On its way."
    assert [task.prompt for task in harness.tasks] == ["a red fox", f"a red fox, {BETTER}"]
    assert [len(task.references) for task in harness.tasks] == [1, 1]
    assert shown.buttons == []


async def test_two_taps_ask_once_and_make_one_job(harness: AppHarness, assistant: AssistantSimulator) -> None:
    result = await harness.made("a red fox")
    for _tap in range(2):
        harness.telegram.press(harness.ann, result, "✨")
    await harness.quiet()
    shown = await offered(harness)
    assert len(assistant.asked) == 1
    for _tap in range(2):
        harness.telegram.press(harness.ann, shown, "✅ Use")
    await harness.quiet()
    assert len(harness.tasks) == 2


async def test_the_words_of_a_question_about_a_price(harness: AppHarness) -> None:
    await harness.say("foxes --n 2", picture(201))
    question = await harness.shown("2 pictures, ¥0.40: make them?")
    await harness.press(question, "Better words")
    shown = await offered(harness)
    await harness.press(shown, "Use")
    again = await harness.shown("2 pictures, ¥0.40: make them?")
    assert again.id > shown.id
    assert not harness.tasks
    await harness.press(again, "Make")
    await harness.quiet()
    assert {(task.prompt, len(task.references)) for task in harness.tasks} == {(f"foxes, {BETTER}", 1)}


async def test_edit_gives_words_to_copy_and_the_answer_is_a_prompt(harness: AppHarness) -> None:
    await harness.say("foxes --n 2 --ar 16:9", picture(201))
    await harness.press(await harness.shown("make them?"), "Better words")
    await harness.press(await offered(harness), "Edit")
    question = await harness.shown("Send the words as you want them.")
    assert question.text.endswith(f"foxes, {BETTER} --ar 16:9 --n 2")
    await harness.say("a quick fox --n 1", reply_to=question)
    await harness.quiet()
    assert [(task.prompt, len(task.references)) for task in harness.tasks] == [("a quick fox", 1)]


async def test_no_makes_nothing(harness: AppHarness) -> None:
    await harness.say("/improve a fox")
    shown = await offered(harness)
    await harness.press(shown, "No")
    assert shown.text == "Not used. Nothing was drawn."
    assert not harness.tasks


async def test_words_of_a_forwarded_message(harness: AppHarness) -> None:
    (told,) = await harness.telegram.send(harness.bob, harness.group, text="a castle in the clouds")
    harness.telegram.forward(harness.ann, told)
    await harness.press(await harness.shown("Shall I draw its words?"), "Better words")
    await harness.press(await offered(harness), "Use")
    await harness.quiet()
    assert [task.prompt for task in harness.tasks] == [f"a castle in the clouds, {BETTER}"]


async def test_a_picture_is_described(harness: AppHarness) -> None:
    photo = await harness.say("", picture(64, 48, "JPEG", "red"))
    await harness.taken_in()
    await harness.say("/describe", reply_to=photo)
    shown = await offered(harness, "Words for this picture")
    assert "a scene in red tones" in shown.text
    await harness.press(shown, "Use")
    await harness.quiet()
    assert [(task.prompt, len(task.references)) for task in harness.tasks] == [
        ("a scene in red tones, soft light, a simple composition", 0)
    ]
    await harness.say("/describe", picture(64, 48, "PNG", "blue"), who=harness.ming)
    await harness.shown("以蓝色为主色调的画面", harness.ming.chat)
    await harness.say("/describe")
    await harness.shown("Reply to a picture with /describe")


async def test_a_voice_message_is_heard_and_answers_a_question(harness: AppHarness) -> None:
    await harness.say("", picture(201))
    question = await harness.shown("What should I make of it?")
    harness.telegram.send_thing(harness.ann, "voice", reply_to=question, said="as a watercolour --n 4")
    shown = await offered(harness, "I heard:")
    assert "as a watercolour" in shown.text
    assert shown.buttons == ["✅ Use", "No"]
    await harness.press(shown, "Use")
    await harness.quiet()
    assert [(task.prompt, len(task.references)) for task in harness.tasks] == [("as a watercolour", 1)]
    harness.telegram.send_thing(harness.ann, "voice", said="a long tale", seconds=121)
    await harness.shown("I listen to at most 2 minutes.")


async def test_the_first_use_says_where_words_go(tmp_path: Path, assistant: AssistantSimulator) -> None:
    async with open_app_harness(tmp_path, assistant=settings_of(assistant)) as harness:
        harness.telegram.send_thing(harness.ming, "voice", said="一只狐狸")
        asked = await harness.shown(HOST, harness.ming.chat)
        await harness.quiet()
        assert assistant.asked == []
        await harness.press(asked, asked.buttons[0], who=harness.ming)
        await harness.quiet()
        assert assistant.asked == ["一只狐狸"]
        assert "一只狐狸" in asked.text
        await harness.say("/improve 一只猫", who=harness.ming)
        await harness.quiet()
        assert len(assistant.asked) == 2
        await harness.say("/improve a fox")
        asked = await harness.shown(HOST)
        await harness.press(asked, "No, thanks")
        assert asked.text == "Nothing was sent. Write it yourself."
        for number in range(4):
            await harness.say(f"/improve fox {number}")
        await harness.shown("You've reached your limit: 3 at a time.")
        assert len(assistant.asked) == 2


LIES: dict[str, Any] = {
    "html": {"content": "<!DOCTYPE html><html><body>Log in</body></html>"},
    "ten thousand characters": {"content": "fox " * 2500},
    "tool calls": {"content": None, "tool_calls": [{"id": "1", "type": "function", "function": {"name": "pay"}}]},
    "empty": {"content": "  \n"},
    "a number": {"content": 7},
    "a list": {"content": [{"type": "text", "text": "fox"}]},
    "dots": {"content": "…"},
}


@pytest.mark.parametrize("lie", LIES)
async def test_what_is_no_prompt_is_not_shown(harness: AppHarness, assistant: AssistantSimulator, lie: str) -> None:
    assistant.says.append(LIES[lie])
    await harness.say("/improve a fox")
    shown = await harness.shown("gave nothing that would make a prompt. Its answer may have been charged.")
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


async def spent(harness: AppHarness) -> int:
    """What help has cost by the ledger, in ten-thousandths."""
    since = harness.app.store.clock() - 86400
    used = await harness.app.store.usage.since(since)
    found = [one for one in used if one.provider == ledger.ASSISTANT]
    return sum(cost.amount for one in found for cost in one.costs)


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


async def test_help_counts_for_usage_and_budgets(tmp_path: Path, assistant: AssistantSimulator) -> None:
    settings = settings_of(assistant).model_copy(update={"token_price": Decimal("0.01"), "price": None})
    budgets = {"person": ["0.06 CNY a day"], "bot": ["9 CNY a month"]}
    access = AccessSettings(open=True, admins=frozenset({1}))
    async with open_app_harness(tmp_path, assistant=settings, budgets=budgets, access=access) as harness:
        await consent(harness, harness.ann)
        await harness.say("/improve a fox")
        await offered(harness)
        # 5000 tokens were reserved, 240 were used.
        assert await spent(harness) == 24
        assert await ledger_sums(harness) == {"bot": 24, "s[assistant]": 24, f"u{harness.ann.id}": 24}
        await harness.say("/usage")
        told = await harness.shown("✨ Help with words: ¥0.0024")
        assert "Your budget: ¥0.0576 of ¥0.06 left today" in told.text
        assistant.faults.append(Fault(kind="drop"))
        await harness.say("/improve an owl")
        await harness.shown("may have been charged")
        await harness.quiet()
        assert await spent(harness) == 524
        await harness.say("/improve a cat")
        await harness.shown("your budget of ¥0.06 a day has ¥0.0076 left, and this costs ¥0.05")
        assert await spent(harness) == 524


async def test_a_person_asks_so_often_a_day(tmp_path: Path, assistant: AssistantSimulator) -> None:
    settings = settings_of(assistant).model_copy(update={"daily": 2})
    async with open_app_harness(tmp_path, assistant=settings) as harness:
        await consent(harness, harness.ann, harness.ming)
        for number in range(2):
            await harness.say(f"/improve fox {number}")
            await offered(harness, f"fox {number}")
        await harness.say("/improve fox 2")
        await harness.shown("You've reached your limit: 2 in 24 hours.")
        # Erasing one's data does not reset it.
        await harness.app.store.erasure.erase(harness.ann.id, harness.app.store.clock())
        await consent(harness, harness.ann)
        await harness.say("/improve fox 3")
        await harness.quiet()
        assert "2 in 24 hours" in harness.answers()[-1].text
        await harness.say("/improve 狐狸", who=harness.ming)
        await harness.shown("柔和的晨光", harness.ming.chat)
        assert assistant.asked == ["fox 0", "fox 1", "狐狸"]


async def test_in_a_group_each_asks_for_themselves(harness: AppHarness, assistant: AssistantSimulator) -> None:
    await harness.say("/imagine a fox", chat=harness.group)
    result = await harness.ended(chat=harness.group)
    await harness.press(result, "✨", who=harness.bob)
    shown = await offered(harness, chat=harness.group)
    answer = await harness.press(shown, "Use", who=harness.ann)
    assert (answer.text, answer.alert) == ("Only the person who asked for it can answer this.", True)
    await harness.press(shown, "Use", who=harness.bob)
    await harness.quiet()
    job = await harness.app.store.jobs.get(2)
    assert job is not None
    assert (job.user_id, job.user_name, job.prompt) == (harness.bob.id, "Bob", f"a fox, {BETTER}")
    harness.telegram.send_thing(harness.ming, "voice", harness.group, said="大家好")
    harness.telegram.send_thing(harness.ming, "voice", harness.group, reply_to=result, said="一只猫")
    await harness.quiet()
    assert assistant.asked == ["a fox"]
    await harness.app.store.chats.set(harness.group.id, replies="all")
    harness.telegram.send_thing(harness.ming, "voice", harness.group, reply_to=result, said="一只猫")
    await harness.shown("一只猫", harness.group)


async def test_a_service_that_wants_english_gets_it(tmp_path: Path, assistant: AssistantSimulator) -> None:
    tables = {"jimeng": {"limits": {"4.0": {"languages": ["en"]}}}}
    async with open_app_harness(tmp_path, assistant=settings_of(assistant), providers=tables) as harness:
        await consent(harness, harness.ming)
        await harness.say("/improve 雪地里的红狐狸", who=harness.ming)
        shown = await offered(harness, "雪地里的红狐狸，", chat=harness.ming.chat)
        english = f"a red fox in the snow, {BETTER}"
        assert english in shown.text
        await harness.press(shown, shown.buttons[0], who=harness.ming)
        await harness.quiet()
        assert [task.prompt for task in harness.tasks] == [english]


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


async def test_forget_and_export(harness: AppHarness) -> None:
    await harness.say("/improve a secret fox")
    await offered(harness)
    store, ann = harness.app.store, harness.ann.id
    (one,) = await store.suggestions.of_person(ann)
    with Languages().speaking("en"):
        exported = archive([], ann, {}, await store.users.preferences(ann), [], helped=[one])
    with ZipFile(BytesIO(exported)) as parts:
        assert f"a secret fox, {BETTER}" in parts.read("settings.json").decode()
    await store.erasure.erase(ann, store.clock())
    rows = [str(row) for row in await store.database.fetch(select(suggestions))]
    assert len(rows) == 1
    assert "secret" not in rows[0]
    assert (await store.database.fetch(select(consents.c.user_id).where(consents.c.user_id == ann))).first() is None
    await store.erasure.forget(store.clock() + 1)
    assert (await store.database.fetch(select(suggestions.c.user_id))).scalars() == [0]


async def test_without_an_assistant_there_is_no_help(tmp_path: Path) -> None:
    async with open_app_harness(tmp_path) as harness:
        result = await harness.made("a fox")
        assert not any("✨" in label for label in result.buttons)
        await harness.say("/improve a fox")
        await harness.shown("I don't know this command.")
        harness.telegram.send_thing(harness.ann, "voice", said="a fox")
        await harness.shown("I can't listen to voice messages.")


async def test_check_asks_the_assistant(assistant: AssistantSimulator) -> None:
    settings = settings_of(assistant)
    async with ClientSession() as session:
        told = await check_assistant(AssistantClient(settings, session))
        assert told == f"{HOST} accepts the credentials; it improves prompts, describes pictures, hears voice messages"
        unpriced = settings.model_copy(update={"minute_price": None})
        told = await check_assistant(AssistantClient(unpriced, session))
        assert isinstance(told, Caution)
        assert "no minute_price is set" in told
        other = settings.model_copy(update={"vision_model": "helper-9"})
        with pytest.raises(CheckError, match="it has no model helper-9"):
            await check_assistant(AssistantClient(other, session))
        assistant.revoked = True
        with pytest.raises(CheckError, match=r"assistant\.api_key"):
            await check_assistant(AssistantClient(settings, session))


async def ledger_sums(harness: AppHarness) -> dict[str, int]:
    rows = await harness.app.store.database.fetch(select(spending.c.payer, spending.c.amount))
    return dict(sorted((row.payer, row.amount) for row in rows))
