"""`/me`: photos of people that prompts may name, only where they allow it, until they take them back."""

import json
from collections.abc import AsyncIterator
from io import BytesIO
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import pytest

from bot.demo.telegram import ChatMessage, Person
from storage.likeness_records import AllowedChat
from tests.support.app_harness import AppHarness, open_app_harness, picture, picture_info
from tests.support.second_service import SecondService

PROMPT = "/imagine @ann_paints and @xiaoming_art as astronauts"


@pytest.fixture
async def harness(tmp_path: Path) -> AsyncIterator[AppHarness]:
    async with open_app_harness(tmp_path) as harness:
        yield harness


@pytest.fixture
async def one_at_once(tmp_path: Path) -> AsyncIterator[AppHarness]:
    """A bot whose service draws one picture at once, so that others wait."""
    async with open_app_harness(tmp_path, concurrency=1) as harness:
        yield harness


async def consent(harness: AppHarness, who: Person, width: int) -> ChatMessage:
    """This person keeps a photo of this width, in the group; returns the bot's message."""
    await harness.say("/me", picture(width), who=who, chat=harness.group)
    await harness.taken_in()
    asked = harness.answers(harness.group)[-1]
    await harness.press(asked, "✅ 保存我的照片" if who is harness.ming else "✅ Keep my photo", who)
    return harness.answers(harness.group)[-1]


async def told(harness: AppHarness, who: Person) -> ChatMessage:
    """The notice of this person, in private."""
    return await harness.telegram.until(
        lambda: next((one for one in harness.answers(who.chat) if "Erase my photo" in one.buttons), None)
    )


async def said(
    harness: AppHarness, text: str, *files: bytes, who: Person | None = None, private: bool = False, **how: Any
) -> str:
    """What the bot answers to a message in the group, or in private."""
    chat = (who or harness.ann).chat if private else harness.group
    await harness.say(text, *files, who=who, chat=chat, **how)
    await harness.quiet()
    return harness.answers(chat)[-1].text


def widths(harness: AppHarness) -> list[int]:
    return [picture_info(one)[1] for one in harness.tasks[-1].references]


async def test_people_who_agree_are_drawn_and_the_prompt_says_who_is_who(harness: AppHarness) -> None:
    harness.telegram.set_bot(harness.ann.chat, "kicked")
    kept = await consent(harness, harness.ann, 301)
    assert "@ann_paints as an astronaut" in kept.text
    assert "@xiaoming_art 当宇航员" in (await consent(harness, harness.ming, 302)).text
    await harness.say(PROMPT, chat=harness.group, who=harness.bob)
    await harness.ended(chat=harness.group)
    assert widths(harness) == [301, 302]
    asked = "the person in picture 1 and the person in picture 2 as astronauts"
    assert harness.submitted()[-1]["prompt"] == asked
    # Ann has blocked the bot: she is told in the group; 小明 in private.
    notice = await harness.shown("Ann: Bob is making a picture with your photo.", harness.group)
    assert notice.buttons == ["Erase my photo", "🔕 Don't tell me again"]
    assert "Bob" in (await harness.shown("@xiaoming_art", harness.ming.chat)).text
    # It is about whoever presses.
    for who in (harness.bob, harness.ann):
        alert = await harness.press(notice, "Erase my photo", who)
        assert alert.text == "I keep no photo of you."
    assert await harness.app.store.likenesses.of(harness.ann.id) is None
    assert await harness.app.store.likenesses.of(harness.ming.id)
    # The names stay as they were written where people see them.
    assert any("@ann_paints" in one.text for one in harness.album(harness.group))


async def test_a_press_takes_it_back_for_good_and_stops_what_waits(one_at_once: AppHarness) -> None:
    harness = one_at_once
    await consent(harness, harness.ann, 301)
    await harness.say("/imagine @ann_paints as a queen", chat=harness.group, who=harness.bob)
    done = await harness.ended(chat=harness.group)
    notice = await told(harness, harness.ann)
    harness.hold()
    await harness.say("/imagine @ann_paints as a pirate", chat=harness.group, who=harness.bob)
    await harness.all_submitted(2)
    await harness.say("/imagine @ann_paints as a cook", chat=harness.group, who=harness.bob)
    await harness.taken_in()
    # Nobody else may press it.
    await harness.press(notice, "Erase my photo")
    await harness.shown("photo. Nothing was charged.", harness.group)
    await harness.shown("photo. What was already being drawn is charged anyway", harness.group)
    store = harness.app.store
    assert await store.likenesses.of(harness.ann.id) is None
    # What was made with it is not made again, changed or enlarged; and nothing of it is in the store.
    for label in ("Again", "Variations"):
        alert = await harness.press(done, label, harness.bob)
        assert "no longer lets me use their photo" in alert.text
    for job_id in (1, 2, 3):
        assert [one.size for one in await store.references.of_job(job_id)] == [None]
    harness.release()
    await harness.quiet()
    assert len(harness.tasks) == 2
    answer = await said(harness, "/imagine at night", who=harness.bob, reply_to=harness.album(harness.group)[0])
    assert "no longer lets me use their photo" in answer
    # And the name is a word again.
    await said(harness, "/imagine @ann_paints as a queen", who=harness.bob)
    assert harness.submitted()[-1]["prompt"] == "@ann_paints as a queen"


async def test_only_ones_own_photo_is_kept(harness: AppHarness) -> None:
    photo = await harness.say("", picture(300), chat=harness.group, who=harness.bob)
    refusal = "I only keep a photo that you sent here yourself"
    assert refusal in await said(harness, "/me", reply_to=photo)
    (forwarded,) = harness.telegram.forward(harness.ann, photo, chat=harness.group)
    assert refusal in await said(harness, "/me", reply_to=forwarded)
    assert "I keep one photo" in await said(harness, "/me", picture(301), picture(302))
    # A question is answered by the person who was asked.
    asked = await harness.say("/me", picture(301), chat=harness.group)
    await harness.taken_in()
    question = harness.answers(harness.group)[-1]
    assert "everyone in “Picture club”" in question.text
    alert = await harness.press(question, "✅ Keep my photo", harness.bob)
    assert "somebody else's photo" in alert.text
    await harness.press(question, "Don't keep it")
    assert await harness.app.store.likenesses.of(harness.ann.id) is None
    assert await harness.app.store.likenesses.question(harness.ann.id) is None
    assert asked.photo


async def test_it_holds_only_where_it_was_allowed(harness: AppHarness) -> None:
    other = harness.telegram.world.add_group("Other club", harness.ann, harness.bob, type_="supergroup")
    await consent(harness, harness.ann, 301)
    # In another group, and in somebody's private chat.
    await harness.say("/imagine @ann_paints as a queen", chat=other, who=harness.bob)
    await harness.shown("@ann_paints hasn't allowed me to use their photo here", other)
    await harness.say("@ann_paints as a queen", who=harness.bob)
    await harness.ended(chat=harness.bob.chat)
    assert harness.submitted()[-1]["prompt"] == "@ann_paints as a queen"
    # A name beside a known one was meant; alone it is a word.
    assert "@nasa_suit hasn't allowed" in await said(harness, "/imagine @me in a @nasa_suit")
    await said(harness, "/imagine a poster of @nasa_suit")
    assert harness.submitted()[-1]["prompt"] == "a poster of @nasa_suit"
    # Her own in private, also by her name.
    await said(harness, "@me and @Ann_Paints as twins", private=True)
    assert widths(harness) == [301]
    assert harness.submitted()[-1]["prompt"] == "the person in picture 1 and the person in picture 1 as twins"
    assert "In our private chat I can only use your own photo" in await said(
        harness, "@me with @bob_draws", private=True
    )
    assert "I don't have a photo of you yet" in await said(harness, "@me as a queen", private=True, who=harness.bob)
    # /me lists the groups, shows the photo and changes both.
    page = await harness.made("/me")
    assert page.photo
    assert "• Picture club" in page.text
    await harness.press(page, "✖ Not in Picture club")
    assert "No group can use it" in harness.answers()[-1].text
    assert "@ann_paints hasn't allowed" in await said(harness, "/imagine @ann_paints as a queen", who=harness.bob)
    await harness.say("/me", chat=harness.group)
    await harness.taken_in()
    await harness.press(harness.answers(harness.group)[-1], "✅ Allow it here")
    await said(harness, "/imagine @ann_paints as a queen", who=harness.bob)
    assert widths(harness) == [301]
    await harness.press(page, "🗑 Erase my photo")
    assert not any(one.photo and "the photo that I keep" in one.text for one in harness.answers())


async def test_a_picture_of_somebody_is_no_reference_where_they_allow_nothing(harness: AppHarness) -> None:
    await consent(harness, harness.ann, 301)
    await said(harness, "/imagine @ann_paints as a queen", who=harness.bob)
    (shown,) = harness.album(harness.group)
    refusal = "有人还没有允许"
    assert refusal in await said(harness, "当乞丐", who=harness.ming, private=True, external=shown)
    (forwarded,) = harness.telegram.forward(harness.ming, shown, chat=harness.ming.chat)
    await harness.taken_in()
    told = await said(harness, "当乞丐", who=harness.ming, private=True, reply_to=forwarded)
    assert refusal in told
    assert "ann_paints" not in told, "whom it shows is no business of others"
    assert len(harness.tasks) == 1
    await said(harness, "/imagine at night", who=harness.ming, reply_to=shown)
    assert len(harness.tasks) == 2


async def test_the_page_has_room_for_many_groups(harness: AppHarness) -> None:
    await consent(harness, harness.ann, 301)
    for number in range(30):
        chat = AllowedChat(-1000 - number, "Picture & film club of the town by the sea")
        await harness.app.store.likenesses.allow(harness.ann.id, chat)
    page = await harness.made("/me")
    assert page.photo
    assert "• Picture & film club" in page.text
    await harness.press(page, page.buttons[0])
    own = await harness.app.store.likenesses.of(harness.ann.id)
    assert own
    assert len(own.chats) == 30


async def test_another_photo_is_allowed_only_where_its_question_says_so(harness: AppHarness) -> None:
    await consent(harness, harness.ann, 301)
    await harness.say("/me", picture(305))
    question = await harness.shown("only you, in our private chat")
    await harness.press(question, "✅ Keep my photo")
    assert "hasn't allowed" in await said(harness, "/imagine @ann_paints as a queen", who=harness.bob)
    assert not harness.tasks


async def test_the_history_edits_no_likeness(harness: AppHarness) -> None:
    await consent(harness, harness.ann, 301)
    await harness.made("@me as a queen")
    page = await harness.made("/history")
    await harness.press(page, "ℹ️ Details")
    assert "⚠️" not in page.text
    assert "@me as a queen" in page.text


async def test_a_name_that_changed_hands_is_not_believed(harness: AppHarness) -> None:
    await consent(harness, harness.ann, 301)
    harness.ann.username, harness.bob.username = "ann_now", "ann_paints"
    await said(harness, "/imagine @ann_paints as a queen", who=harness.ming)
    assert harness.submitted()[-1]["prompt"] == "@ann_paints as a queen"
    # Her new name is known from then on.
    await said(harness, "/imagine @ann_now as a queen", who=harness.ming)
    assert widths(harness) == [301]
    # One without a username is mentioned by Telegram's list of members.
    harness.ann.username = None
    await harness.say("/imagine Ann as a queen", chat=harness.group, who=harness.bob, mentioned=[harness.ann])
    await harness.quiet()
    assert harness.submitted()[-1]["prompt"] == "the person in picture 1 as a queen"


async def test_who_leaves_the_group_allows_nothing_there(harness: AppHarness) -> None:
    await consent(harness, harness.ann, 301)
    await consent(harness, harness.ming, 302)
    await harness.say(PROMPT, chat=harness.group, who=harness.bob)
    done = await harness.ended(chat=harness.group)
    harness.telegram.set_person(harness.group, harness.ming, "left")
    await harness.taken_in()
    assert await harness.app.store.likenesses.of(harness.ming.id)
    assert "@xiaoming_art hasn't allowed" in await said(harness, PROMPT, who=harness.bob)
    # Telegram may not have said so: it is asked.
    harness.group.members.remove(harness.ann)
    alert = await harness.press(done, "Again", harness.bob)
    assert "isn't in this group any more" in alert.text or "hasn't allowed me" in alert.text
    await harness.app.access.decide(harness.ming.id, "banned")


async def test_a_group_that_becomes_a_supergroup_keeps_what_people_allow(harness: AppHarness) -> None:
    club = harness.telegram.create_group("Small club", harness.ann, harness.bob)
    await harness.say("/me", picture(301), chat=club)
    await harness.taken_in()
    await harness.press(harness.answers(club)[-1], "✅ Keep my photo")
    new = harness.telegram.migrate(club)
    await harness.taken_in()
    await harness.say("/imagine @ann_paints as a queen", chat=new, who=harness.bob)
    await harness.ended(chat=new)
    assert widths(harness) == [301]
    await harness.app.access.decide(harness.ann.id, "banned")
    await harness.say("/imagine @ann_paints as a queen", chat=new, who=harness.bob)
    await harness.shown("@ann_paints hasn't allowed me to use their photo here", new)
    # One who is banned can still take it back.
    page = await harness.made("/me")
    await harness.press(page, "🗑 Erase my photo")
    assert await harness.app.store.likenesses.of(harness.ann.id) is None


async def test_notices_are_no_flood_and_can_be_muted(harness: AppHarness) -> None:
    await consent(harness, harness.ann, 301)
    for words in ("a queen", "a pirate", "a cook"):
        await said(harness, f"/imagine @ann_paints as {words}", who=harness.bob)
    notices = [one for one in harness.answers() if "is making a picture with your photo" in one.text]
    assert len(notices) == 1
    # One's own request is no news.
    await said(harness, "/imagine @me as a nurse")
    await harness.press(notices[0], "🔕 Don't tell me again")
    own = await harness.app.store.likenesses.of(harness.ann.id)
    assert own
    assert own.muted
    page = await harness.made("/me")
    await harness.press(page, "🔕 Tell me when it's used: no")
    assert "🔔 Tell me when it's used: yes" in page.buttons


async def test_what_waits_is_not_submitted_even_if_nobody_has_cancelled_it(one_at_once: AppHarness) -> None:
    harness = one_at_once
    await consent(harness, harness.ann, 301)
    harness.hold()
    await harness.say("a house", who=harness.ming)
    await harness.all_submitted(1)
    await harness.say("/imagine @ann_paints as a queen", chat=harness.group, who=harness.bob)
    await harness.taken_in()
    await harness.shown("You are next", harness.group)
    # As if the process had died between the two steps of /forget.
    await harness.app.store.erasure.erase(harness.ann.id, harness.app.store.clock())
    harness.release()
    await harness.shown("no longer lets me use their photo, so I can't draw them", harness.group)
    assert len(harness.tasks) == 1


async def test_an_edit_says_anew_who_is_meant(one_at_once: AppHarness) -> None:
    harness = one_at_once
    await consent(harness, harness.ann, 301)
    await consent(harness, harness.ming, 302)
    harness.hold()
    await harness.say("a house")
    await harness.all_submitted(1)
    asked = await harness.say("/imagine @ann_paints as a queen", chat=harness.group, who=harness.bob)
    await harness.taken_in()
    harness.telegram.edit(harness.bob, asked, "/imagine @xiaoming_art as a queen")
    await harness.taken_in()
    harness.release()
    await harness.ended(chat=harness.group)
    assert widths(harness) == [302]


async def test_of_words_with_choices_each_gets_its_own_people(harness: AppHarness) -> None:
    await consent(harness, harness.ann, 301)
    await consent(harness, harness.ming, 302)
    answer = await said(harness, "/imagine {@ann_paints, @xiaoming_art} as a cook", who=harness.bob)
    assert "2" in answer
    question = harness.answers(harness.group)[-1]
    await harness.press(question, question.buttons[0], harness.bob)
    await harness.quiet()
    assert {one["prompt"] for one in harness.submitted()} == {"the person in picture 1 as a cook"}
    drawn = sorted(picture_info(one)[1] for task in harness.tasks for one in task.references)
    assert drawn == [301, 302]


async def test_forgetting_erases_it_and_export_gives_it(harness: AppHarness) -> None:
    await consent(harness, harness.ann, 301)
    document = (await harness.made("/export")).document
    assert document
    stored = harness.telegram.world.files.get(document.file_id)
    assert stored
    with ZipFile(BytesIO(stored.data)) as parts:
        assert picture_info(parts.read("me.jpg"))[1] == 301
        assert [one["title"] for one in json.loads(parts.read("settings.json"))["likeness"]["chats"]] == [
            "Picture club"
        ]
    page = await harness.made("/forget")
    assert "kept with /me" in page.text
    await harness.press(page, "Erase everything")
    assert await harness.app.store.likenesses.of(harness.ann.id) is None


async def test_a_duel_draws_people_too(tmp_path: Path) -> None:
    second = SecondService()
    second.steps.open()
    async with second.harness(tmp_path) as harness:
        await consent(harness, harness.ann, 301)
        answer = await said(harness, "/duel @bob_draws with @ann_paints", who=harness.bob)
        assert "@bob_draws" in answer
        await harness.say("/duel @ann_paints as a queen", who=harness.bob, chat=harness.group)
        question = await harness.shown("⚔️ Start", harness.group)
        await harness.press(question, "⚔️ Start", harness.bob)
        await harness.ended("🏁 Show the names", harness.group)
        assert harness.submitted()[-1]["prompt"] == "the person in picture 1 as a queen"
        await told(harness, harness.ann)
