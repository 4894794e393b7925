"""`/me`: photos of people that prompts may name, only where they allow it, until they take them back."""

import json
from collections.abc import AsyncIterator
from io import BytesIO
from pathlib import Path
from zipfile import ZipFile

import pytest

from storage.likeness_records import AllowedChat
from tests.support.app_harness import AppHarness, open_app_harness, picture, picture_info
from tests.support.likenesses import PROMPT, consent, said, told, widths
from tests.support.second_service import SecondService


@pytest.fixture
async def harness(tmp_path: Path) -> AsyncIterator[AppHarness]:
    async with open_app_harness(tmp_path) as harness:
        yield harness


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
