"""Chats that exclude or mute the bot: pictures are kept, people are told, and delivery resumes with permission."""

from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest

from bot.demo.bot_api.model import BotStatus
from bot.demo.chat import groups
from bot.demo.telegram import ChatMessage, Refusal
from bot.jobs import retry
from bot.telegram.uploads import NOT_FETCHED, UnavailablePicture, Upload, Uploads
from providers.jimeng.simulator import Fault
from storage.job_states import JobState
from storage.pictures import Picture
from tests.support.app_harness import AppHarness, open_app_harness

NO_TEXT = "Bad Request: not enough rights to send text messages to the chat"
NO_PHOTOS = "Bad Request: not enough rights to send photos to the chat"
KICKED = "Forbidden: bot was kicked from the supergroup chat"


@pytest.fixture
async def harness(tmp_path: Path) -> AsyncIterator[AppHarness]:
    async with open_app_harness(tmp_path) as harness:
        yield harness


async def under_way(harness: AppHarness, prompt: str, count: int) -> ChatMessage:
    """A job in the group that waits for `harness.release`; returns its status message."""
    harness.hold()
    await harness.say(prompt, chat=harness.group)
    await harness.all_submitted(count)
    return await harness.shown("Cancel", harness.group)


def shut_out(harness: AppHarness, status: BotStatus = "kicked") -> None:
    groups.set_bot_status(harness.telegram.world, harness.group, status)


async def let_in(harness: AppHarness) -> None:
    groups.set_bot_status(harness.telegram.world, harness.group, "member")
    await harness.quiet()


async def hide(harness: AppHarness, picture_id: int) -> None:
    """Ann deletes a picture of hers."""
    assert await harness.app.store.pictures.hide(picture_id, harness.ann.id, 1.0)


def lose(harness: AppHarness, picture_id: int) -> Callable[[], None]:
    """The service has lost this picture until the returned function is called."""
    uploads: Uploads = harness.app.dispatcher["uploads"]
    opened = uploads.open_one

    async def open_(picture: Picture, stack: AsyncExitStack, **how: Any) -> Upload | UnavailablePicture:
        if picture.id == picture_id:
            return UnavailablePicture(picture, NOT_FETCHED)
        return await opened(picture, stack, **how)

    uploads.open_one = open_  # type: ignore[method-assign]

    def found() -> None:
        uploads.open_one = opened  # type: ignore[method-assign]

    return found


def said(harness: AppHarness) -> str:
    """All texts of the bot, in the group and to Ann."""
    return "\n".join(one.text for one in [*harness.answers(harness.group), *harness.answers()])


async def test_photos_only(harness: AppHarness) -> None:
    """A group may allow photos but no text: the album arrives, and the status message gets its buttons."""
    status = await under_way(harness, "/imagine foxes --n 2", 2)
    refusal = Refusal(method="sendMessage", code=400, description=NO_TEXT, chat=harness.group.id, times=100)
    harness.telegram.play(refusal)
    harness.release()
    await harness.quiet()
    assert len(harness.album(harness.group)) == 2
    assert (status.text, status.buttons[0]) == ("✅ 2 pictures · for Ann", "🔁 Again")
    assert "can't post it" not in said(harness)


async def test_a_part_was_sent(harness: AppHarness) -> None:
    status = await under_way(harness, "/imagine foxes --n 11", 8)
    for method in ("sendPhoto", "sendDocument"):
        harness.telegram.play(Refusal(method=method, code=400, description=NO_PHOTOS, chat=harness.group.id))
    harness.release()
    await harness.quiet()
    told = harness.answers(harness.group)[-1]
    assert told.text.endswith("1 couldn't be sent: Telegram doesn't accept them.")
    assert status not in harness.answers(harness.group)
    await harness.press(told, "Fetch the missing")
    await harness.ended(chat=harness.group)
    assert len(harness.album(harness.group)) == len(harness.tasks) == 11


async def test_a_failure_is_told_in_private_and_put_right_by_a_press(
    harness: AppHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retry, "DELIVERY_DELAYS", (2.0,))
    status = await under_way(harness, "/imagine foxes --n 2", 2)
    shut_out(harness)
    harness.jimeng.faults.append(Fault(kind="status", status=503, action="picture", times=1000))
    harness.release()
    await harness.quiet()
    (told,) = harness.answers()
    assert told.text.startswith("⚠️ “foxes”\nIt's ready, but I can't fetch it from the service.")
    assert "🔎 Look again" in told.buttons
    harness.jimeng.faults.clear()
    await let_in(harness)
    await harness.press(status, "Cancel")
    await harness.press(status, "Look again")
    await harness.ended(chat=harness.group)
    assert len(harness.album(harness.group)) == len(harness.tasks) == 2


async def test_it_is_told_once(harness: AppHarness) -> None:
    status = await under_way(harness, "/imagine a fox", 1)
    shut_out(harness)
    harness.release()
    await harness.quiet()
    for _press in range(3):
        await harness.press(status, "Cancel")
    assert len(harness.answers()) == 1


async def test_a_line_that_breaks_while_it_is_told(harness: AppHarness) -> None:
    await under_way(harness, "/imagine a fox", 1)
    shut_out(harness)
    harness.telegram.play(Refusal(method="sendMessage", code=502, description="Bad Gateway", chat=harness.ann.id))
    harness.release()
    await harness.quiet()
    assert [one.text[:9] for one in harness.answers()] == ["🗂 “a fox”"]


async def test_a_late_cancel_spoils_nothing(harness: AppHarness) -> None:
    status = await under_way(harness, "/imagine a fox", 1)
    shut_out(harness)
    harness.release()
    await harness.quiet()
    stale = await harness.app.store.jobs.get(1)
    await let_in(harness)
    await harness.press(status, "Cancel")
    await harness.press(status, "Send")
    await harness.ended(chat=harness.group)
    assert stale
    await harness.app.engine.tell_again(stale, status.id)
    (picture,) = harness.album(harness.group)
    assert "🔁 Again" in picture.buttons
    assert status not in harness.answers(harness.group)


async def test_what_was_deleted_meanwhile_is_not_sent(harness: AppHarness) -> None:
    status = await under_way(harness, "/imagine foxes --n 2", 2)
    shut_out(harness, "restricted")
    harness.release()
    await harness.quiet()
    await harness.say("/history")
    shown = await harness.shown("1 of 2")
    await harness.press(shown, "Delete")
    await harness.press(shown, "Delete")
    await let_in(harness)
    await harness.press(status, "Send")
    await harness.quiet()
    (picture,) = harness.album(harness.group)
    assert "🔎 Fetch the missing" not in harness.answers(harness.group)[-1].buttons
    assert harness.answers(harness.group)[-1].text == "✅ 1 picture · for Ann"
    assert picture.buttons == []


async def test_what_was_deleted_is_not_sent_as_a_file(harness: AppHarness) -> None:
    await harness.app.store.users.deliver(harness.ann.id, "both")
    status = await under_way(harness, "/imagine foxes --n 2", 2)
    shut_out(harness, "restricted")
    harness.release()
    await harness.quiet()
    await hide(harness, 1)
    await let_in(harness)
    await harness.press(status, "Send")
    await harness.quiet()
    assert len([one for one in harness.answers(harness.group) if one.document]) == 1


async def test_all_deleted_while_it_is_tried_again(harness: AppHarness, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retry, "DELIVERY_DELAYS", (50.0,))
    await under_way(harness, "/imagine a fox", 1)
    harness.telegram.play(
        Refusal(method="editMessageMedia", code=502, description="Bad Gateway", chat=harness.group.id)
    )
    harness.release()
    await harness.telegram.until(lambda: harness.called("editMessageMedia"))
    await hide(harness, 1)
    await harness.quiet()
    job = await harness.app.store.jobs.get(1)
    assert job
    assert job.state is JobState.DELIVERED
    assert harness.answers(harness.group) == []


async def test_the_last_missing_one_is_deleted(harness: AppHarness) -> None:
    await under_way(harness, "/imagine foxes --n 11", 8)
    for method in ("sendPhoto", "sendDocument"):
        harness.telegram.play(Refusal(method=method, code=400, description=NO_PHOTOS, chat=harness.group.id))
    harness.release()
    await harness.quiet()
    (missing,) = [one for one in await harness.app.store.pictures.of_job(1) if one.is_missing]
    await hide(harness, missing.id)
    await harness.press(harness.answers(harness.group)[-1], "Fetch the missing")
    await harness.quiet()
    last = harness.answers(harness.group)[-1]
    assert (last.text, last.buttons[0]) == ("✅ 10 pictures · for Ann", "🔁 Again")


async def test_shut_out_between_the_album_and_its_buttons(harness: AppHarness) -> None:
    status = await under_way(harness, "/imagine foxes --n 2", 2)
    for method in ("sendMessage", "editMessageText"):
        harness.telegram.play(Refusal(method=method, code=403, description=KICKED, chat=harness.group.id, times=1000))
    harness.release()
    await harness.quiet()
    harness.telegram.faults.clear()
    await harness.press(status, "Cancel")
    await harness.quiet()
    assert "🔁 Again" in harness.answers(harness.group)[-1].buttons
    assert len(harness.album(harness.group)) == 2


async def test_a_late_cancel_leaves_an_album_that_is_not_whole(harness: AppHarness) -> None:
    """Its text was sent below the album meanwhile, as another message than the pressed one."""
    status = await under_way(harness, "/imagine foxes --n 2", 2)
    lose(harness, 2)
    harness.release()
    await harness.quiet()
    job = await harness.app.store.jobs.get(1)
    assert job
    await harness.app.engine.tell_again(job, status.id)
    assert "🔁 Again" in harness.answers(harness.group)[-1].buttons


async def test_what_could_not_be_fetched_is_deleted_while_it_is_fetched_again(
    harness: AppHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retry, "DELIVERY_DELAYS", (50.0,))
    found = lose(harness, 2)
    result = await harness.made("/imagine foxes --n 2", chat=harness.group)
    found()
    harness.telegram.play(Refusal(method="sendPhoto", code=502, description="Bad Gateway", chat=harness.group.id))
    since = harness.now
    await harness.press(result, "Fetch the missing")
    await harness.telegram.until(lambda: harness.called("sendPhoto", since=since))
    await hide(harness, 2)
    await harness.quiet()
    assert harness.answers(harness.group)[-1].text == "✅ 1 picture · for Ann"
    assert "🔁 Again" in harness.answers(harness.group)[-1].buttons


async def test_from_elsewhere_only_who_may_write_there_makes_something_appear(
    harness: AppHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retry, "DELIVERY_DELAYS", (2.0,))
    await harness.say("/start", who=harness.bob)
    harness.hold()
    await harness.say("/imagine foxes", chat=harness.group, who=harness.bob)
    await harness.all_submitted(1)
    shut_out(harness)
    harness.jimeng.faults.append(Fault(kind="status", status=503, action="picture", times=1000))
    harness.release()
    await harness.quiet()
    harness.jimeng.faults.clear()
    told = harness.answers(harness.bob.chat)[-1]
    groups.set_person_status(harness.telegram.world, harness.group, harness.bob, "left")
    await let_in(harness)
    assert (await harness.press(told, "Look again", harness.bob)).alert
    groups.set_person_status(harness.telegram.world, harness.group, harness.bob, "member")
    await harness.press(told, "Look again", harness.bob)
    await harness.quiet()
    assert len(harness.album(harness.group)) == 1


async def test_who_is_no_admin_of_a_channel_any_more_makes_nothing_appear(harness: AppHarness) -> None:
    channel = harness.telegram.world.add_channel(
        "Pictures", harness.ann, harness.bob, admins=(harness.ann, harness.bob)
    )
    result = await harness.made("/imagine foxes", chat=channel)
    await harness.press(result, "Again", harness.bob)
    await harness.quiet()
    own = harness.answers(channel)[-1]
    channel.admins.remove(harness.bob)
    for label in ("Again", "Files", "Edit"):
        assert (await harness.press(own, label, harness.bob)).alert
    await harness.quiet()
    assert harness.answers(channel)[-1] is own
    assert len(harness.tasks) == 2
