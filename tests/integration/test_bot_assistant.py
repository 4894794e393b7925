"""Help with words, between a strict Telegram and a strict assistant."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.demo.assistant import AssistantSimulator, settings_of
from providers.jimeng.simulator import Fault
from tests.support.app_harness import AppHarness, open_app_harness, picture
from tests.support.helped import BETTER, HOST, consent, offered, open_helped_harness


@pytest.fixture
async def harness(tmp_path: Path, assistant: AssistantSimulator) -> AsyncIterator[AppHarness]:
    """Requests above ¥0.30 are asked about; an answer of the assistant costs ¥0.01."""
    async with open_helped_harness(tmp_path, assistant) as harness:
        yield harness


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


async def test_others_get_no_photos_that_only_their_owner_sees(
    harness: AppHarness, assistant: AssistantSimulator
) -> None:
    private = await harness.made("a castle")
    from_private = await harness.made("/imagine in the snow", chat=harness.group, external=private)
    told = await harness.press(from_private, "✨", harness.bob)
    assert (told.alert, told.text) == (True, "Its photos aren't in this chat. Make your own with /imagine.")
    await harness.quiet()
    assert not assistant.asked
    await harness.press(from_private, "✨")
    await offered(harness, chat=harness.group)


async def test_questions_that_nobody_saw_wait_for_nobody(tmp_path: Path, assistant: AssistantSimulator) -> None:
    async with open_app_harness(tmp_path, assistant=settings_of(assistant)) as harness:
        for number in range(6):
            await harness.say(f"/improve fox {number}")
            await harness.quiet()
        assert harness.answers()[-1].text == "You've reached your limit: 3 at a time. Try again when one is done."
        for asked in harness.answers():
            if "No, thanks" in asked.buttons:
                await harness.press(asked, "No, thanks")
        await harness.say("/improve a hen")
        await harness.quiet()
        assert "No, thanks" in harness.answers()[-1].buttons


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


async def test_words_that_answer_a_question_are_for_its_pictures(harness: AppHarness) -> None:
    await harness.say("", picture(201))
    question = await harness.shown("What should I make of it?")
    await harness.say("/improve as a watercolour", reply_to=question)
    await harness.press(await offered(harness), "Use")
    await harness.quiet()
    assert [(task.prompt, len(task.references)) for task in harness.tasks] == [(f"as a watercolour, {BETTER}", 1)]


async def test_a_request_that_failed_can_be_said_better(harness: AppHarness) -> None:
    harness.jimeng.faults.append(Fault(kind="code", action="result", code=50511))
    failed = await harness.made("a fox")
    await harness.press(failed, "Better words")
    await harness.press(await offered(harness), "Use")
    await harness.quiet()
    assert [task.prompt for task in harness.tasks] == ["a fox", f"a fox, {BETTER}"]


async def test_words_with_choices_are_no_single_prompt(harness: AppHarness) -> None:
    await harness.say("a {red, blue} fox")
    question = await harness.shown("2 pictures")
    assert not any("✨" in label for label in question.buttons)
    await harness.press(question, "Make")
    result = await harness.ended()
    assert not any("✨" in label for label in result.buttons)
