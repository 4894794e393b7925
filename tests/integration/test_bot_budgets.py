"""Budgets in money and the question before a dear request, as people see them."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.settings import AccessSettings
from storage import ledger
from tests.support.app_harness import AppHarness, open_app_harness, picture
from tests.support.fast_time import albums_of
from tests.support.second_service import SecondService

PERSON = {"person": ["0.40 CNY a day"]}


@pytest.fixture
async def harness(tmp_path: Path) -> AsyncIterator[AppHarness]:
    """Jimeng's pictures cost ¥0.20 each."""
    async with open_app_harness(tmp_path, budgets={**PERSON, "confirm": ["0.30 CNY"]}) as harness:
        yield harness


async def test_a_dear_request_is_asked_about_and_made_once(harness: AppHarness) -> None:
    asked = await harness.say("foxes --n 2", picture(201), picture(202))
    question = await harness.shown("2 pictures, ¥0.40: make them?")
    assert question.reply_to == asked.id
    assert not harness.tasks
    harness.telegram.press(harness.ann, question, "✅ Make")
    answer = await harness.press(question, "Make")
    await harness.quiet()
    assert answer.text in {"On its way.", "This question has expired. Please send your words again."}
    assert len(harness.tasks) == 2
    assert len(harness.tasks[0].references) == 2
    await harness.say("owls --n auto")
    await harness.shown("Not made, and not charged: this costs ¥3.00, and your whole budget is ¥0.40. Ask for fewer")


async def test_a_request_that_a_budget_has_no_room_for_is_refused(harness: AppHarness) -> None:
    for prompt in ("one", "two"):
        await harness.made(prompt)
    await harness.say("three")
    told = await harness.shown("Not made, and not charged")
    assert "your budget of ¥0.40 a day has ¥0.00 left, and this costs ¥0.20. It is yours again from 20" in told.text
    assert "00:00 UTC" in told.text
    await harness.say("/usage")
    await harness.shown("Your budget: ¥0.00 of ¥0.40 left today")
    await harness.say("狐狸", who=harness.ming)
    await harness.ended("再来", chat=harness.ming.chat)
    assert len(harness.tasks) == 3


async def test_of_several_that_wait_only_those_are_made_that_there_is_room_for(tmp_path: Path) -> None:
    async with open_app_harness(tmp_path, budgets=PERSON, concurrency=1) as harness:
        harness.hold()
        await harness.say("one")
        await harness.all_submitted(1)
        for prompt in ("two", "three"):
            await harness.say(prompt)
        await harness.taken_in()
        harness.release()
        ended = await harness.shown("Try again")
        assert "Not made, and not charged: your budget of ¥0.40 a day has ¥0.00 left" in ended.text
        answer = await harness.press(ended, "Try again")
        assert (answer.text[:26], answer.alert) == ("Not made, and not charged:", True)
        await harness.quiet()
        assert {task.prompt for task in harness.tasks} == {"one", "two"}


async def test_only_the_person_who_asked_may_say_yes_or_no(harness: AppHarness) -> None:
    await harness.say("/imagine foxes --n 2", chat=harness.group, who=harness.ming)
    question = await harness.shown("2 张图，¥0.40：要画吗？", harness.group)
    answer = await harness.press(question, "画", who=harness.ann)
    assert (answer.text, answer.alert) == ("Only the person who asked for it can answer this.", True)
    await harness.press(question, "不画", who=harness.ming)
    await harness.shown("没有画，也没有扣费。", harness.group)
    assert not harness.tasks


async def test_an_edit_asks_anew_and_an_old_question_is_closed(harness: AppHarness) -> None:
    asked = await harness.say("foxes --n 2")
    old = await harness.shown("2 pictures, ¥0.40: make them?")
    harness.telegram.edit(harness.ann, asked, "foxes and owls --n 2")
    await harness.taken_in()
    new = harness.answers()[-1]
    assert new.id != old.id
    assert "has expired" in (await harness.press(old, "Make")).text
    await harness.press(new, "Make")
    await harness.quiet()
    assert {task.prompt for task in harness.tasks} == {"foxes and owls"}


async def test_pictures_of_a_question_wait_for_other_words(tmp_path: Path) -> None:
    async with open_app_harness(tmp_path, budgets={"confirm": "0.30 CNY"}) as harness:
        await harness.say("foxes --n 2", picture(201))
        await harness.shown("2 pictures, ¥0.40: make them?")
        await harness.made("one fox")
        assert [len(task.references) for task in harness.tasks] == [1]
        await harness.say("", picture(202))
        await harness.shown("What should I make of it?")
        await harness.say("owls --n 3")
        question = await harness.shown("3 pictures, ¥0.60: make them?")
        await harness.press(question, "No")
        assert question.text == "Not made. Nothing was charged.\nYour pictures are still here: just send other words."
        await harness.made("one owl")
        assert [len(task.references) for task in harness.tasks] == [1, 1]
        # A question without pictures leaves none.
        await harness.say("cats --n 4")
        question = await harness.shown("4 pictures, ¥0.80: make them?")
        await harness.press(question, "No")
        assert question.text == "Not made. Nothing was charged."


async def test_an_edited_caption_asks_anew_with_its_picture(harness: AppHarness) -> None:
    asked = await harness.say("foxes --n 2", picture(201))
    await harness.shown("2 pictures, ¥0.40: make them?")
    harness.telegram.edit(harness.ann, asked, "a fox")
    await harness.quiet()
    assert [(task.prompt, len(task.references)) for task in harness.tasks] == [("a fox", 1)]


async def test_a_picture_that_arrives_late_joins_the_request_that_is_agreed_to(harness: AppHarness) -> None:
    first = await harness.say("foxes --n 2", picture(201), picture(202))
    question = await harness.shown("2 pictures, ¥0.40: make them?")
    photo = await harness.telegram.world.files.add_picture(picture(203))
    harness.telegram.acts.post(harness.ann, harness.ann.chat, [{"photo": photo, "album": first.album}])
    await harness.taken_in()
    await harness.press(question, "Make")
    await harness.quiet()
    assert [len(task.references) for task in harness.tasks] == [3, 3]
    assert not any("What should I make" in one.text for one in harness.answers())


async def test_forwarded_pictures_join_the_question_about_their_words(harness: AppHarness) -> None:
    # On a busy machine the forward may arrive a little after its comment.
    albums_of(harness.app).quiet *= 12
    posts = await harness.telegram.send(harness.bob, harness.group, text="cats", files=[picture(201), picture(202)])
    harness.telegram.forward(harness.ann, *posts, comment="as a watercolour --n 2")
    question = await harness.shown("2 pictures, ¥0.40: make them?")
    await harness.taken_in()
    await harness.press(question, "Make")
    await harness.quiet()
    assert [len(task.references) for task in harness.tasks] == [2, 2]
    assert not any("What should I make" in one.text for one in harness.answers())


async def test_words_about_what_has_no_picture_are_not_made(harness: AppHarness) -> None:
    albums_of(harness.app).quiet *= 3
    posts = await harness.telegram.send(harness.bob, harness.group, text="only words")
    harness.telegram.forward(harness.ann, *posts, comment="as a watercolour --n 2")
    await harness.shown("There is no picture in what you forwarded.")
    question = await harness.shown("2 pictures, ¥0.40: make them?")
    assert "has expired" in (await harness.press(question, "Make")).text
    assert not harness.tasks


async def test_who_has_agreed_to_a_price_is_asked_about_a_higher_one(tmp_path: Path) -> None:
    jimeng = {"price": "0.20", "currency": "CNY"}
    async with open_app_harness(tmp_path, providers={"jimeng": jimeng}, budgets={"confirm": "0.30 CNY"}) as harness:
        await harness.say("foxes --n 2", picture(201))
        old = await harness.shown("2 pictures, ¥0.40: make them?")
        jimeng["price"] = "0.50"
        await harness.restart()
        await harness.press(old, "Make")
        assert not harness.tasks
        new = await harness.shown("2 pictures, ¥1.00: make them?")
        jimeng["price"] = "0.40"
        await harness.restart()
        await harness.press(new, "Make")
        await harness.quiet()
        assert [len(task.references) for task in harness.tasks] == [1, 1]


async def test_an_edit_that_costs_much_leaves_a_waiting_request_as_it_was(tmp_path: Path) -> None:
    async with open_app_harness(tmp_path, budgets={"confirm": "0.30 CNY"}, concurrency=1) as harness:
        harness.hold()
        await harness.say("one")
        await harness.all_submitted(1)
        waiting = await harness.say("two")
        await harness.taken_in()
        harness.telegram.edit(harness.ann, waiting, "two --n auto")
        told = await harness.shown(
            "That would cost ¥3.00. Send it as a new message, and I'll ask you before I make it."
        )
        assert "Your request stays as it was." in told.text
        harness.release()
        await harness.quiet()
        assert [task.prompt for task in harness.tasks] == ["one", "two"]
        await harness.say("three --n auto")
        await harness.shown("Up to 15 pictures, up to ¥3.00: make them?")


async def test_the_buttons_of_a_result_ask_too(tmp_path: Path) -> None:
    async with open_app_harness(tmp_path, budgets={"confirm": "0.10 CNY"}) as harness:
        await harness.say("a fox")
        await harness.press(await harness.shown("1 picture, ¥0.20: make it?"), "Make")
        made = await harness.ended()
        await harness.press(made, "Again")
        # Two quick presses of one button are one request.
        await harness.press(made, "Again")
        await harness.quiet()
        questions = [one for one in harness.answers() if "make it?" in one.text]
        assert len(questions) == 2
        await harness.restart()
        await harness.press(questions[1], "Make")
        await harness.quiet()
        assert len(harness.tasks) == 2


async def test_an_admin_gives_a_person_a_budget(tmp_path: Path) -> None:
    access = AccessSettings(admins=frozenset({510_000_001}), open=True)
    budgets = {"bot": "1 CNY a month", "person": "0.20 CNY a day"}
    async with open_app_harness(tmp_path, access=access, budgets=budgets) as harness:
        await harness.made("一只狐狸", who=harness.ming)
        await harness.say("再一只", who=harness.ming)
        await harness.shown("你每天 ¥0.20 的预算还剩 ¥0.00，而这次需要 ¥0.20", harness.ming.chat)
        # Admins have no budget of their own.
        for prompt in ("one", "two"):
            await harness.made(prompt)
        await harness.say("/usage")
        told = await harness.shown("The bot's budget: ¥0.40 of ¥1.00 left this month")
        assert "Your budget" not in told.text
        await harness.say("/admin")
        menu = await harness.shown("Budgets")
        await harness.press(menu, "💰 Budgets")
        assert "Each person: ¥0.20 a day" in menu.text
        key = ledger.person(harness.ming.id)
        await harness.forge(menu, f"adm|budgets||{key}", there=True)
        assert "小明" in menu.text
        await harness.press(menu, "¥5 a day")
        assert "¥5 a day" in menu.text
        await harness.press(menu, "‹ Back")
        await harness.press(menu, "💰 Budget")
        await harness.made("现在可以了", who=harness.ming)
        await harness.say("/usage", who=harness.ming)
        await harness.shown("你的预算：今天 ¥5.00 中还剩 ¥4.60", harness.ming.chat)
        await harness.forge(menu, f"adm|budgets|day CNY 123|{key}", there=True)
        assert "¥5 a day" in menu.text
        assert len(harness.tasks) == 4
        await harness.press(menu, "No limit")
        assert "no limit" in menu.text
        await harness.press(menu, "As configured")
        assert "¥0.20 a day" in menu.text
        # The bot's own budget holds for admins, too.
        await harness.made("three")
        await harness.say("four")
        await harness.shown("this bot's budget of ¥1.00 a month has ¥0.00 left")


async def test_another_service_takes_over_from_one_without_a_budget(tmp_path: Path) -> None:
    second = SecondService()
    second.steps.open()
    async with second.harness(tmp_path, budget=["0.20 CNY a day"], fallback="openai") as harness:
        for prompt in ("one", "two"):
            await harness.made(prompt)
        assert ([task.prompt for task in harness.tasks], second.prompts) == (["one"], ["two"])


@pytest.mark.parametrize(("confirm", "made"), [("0.04 USD", 0), ("0.05 USD", 1)])
async def test_nobody_pays_another_service_more_than_they_are_asked_about(
    tmp_path: Path, confirm: str, made: int
) -> None:
    """OpenAI's pictures cost $0.042."""
    second = SecondService()
    second.steps.open()
    how = {"budget": ["0.20 CNY a day"], "fallback": "openai"}
    async with second.harness(tmp_path, budgets={"confirm": confirm}, **how) as harness:
        for prompt in ("one", "two"):
            await harness.made(prompt)
        assert ([task.prompt for task in harness.tasks], len(second.prompts)) == (["one"], made)
        if not made:
            await harness.shown("the budget of ¥0.20 a day for this service has ¥0.00 left")
