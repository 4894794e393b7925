"""Whom a name means, and what becomes of requests that depict somebody."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.support.app_harness import AppHarness, open_app_harness, picture, picture_info
from tests.support.likenesses import PROMPT, consent, said, told, widths


@pytest.fixture
async def harness(tmp_path: Path) -> AsyncIterator[AppHarness]:
    async with open_app_harness(tmp_path) as harness:
        yield harness


@pytest.fixture
async def one_at_once(tmp_path: Path) -> AsyncIterator[AppHarness]:
    """A bot whose service draws one picture at once, so that others wait."""
    async with open_app_harness(tmp_path, concurrency=1) as harness:
        yield harness


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
    await harness.press(await harness.shown("✅ Keep my photo", club), "✅ Keep my photo")
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
