"""Where a chat takes nothing from the bot any more: what is kept, who is told, and how it goes on when it may speak."""

from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from bot.demo.bot_api.model import BotStatus
from bot.demo.chat import groups
from bot.demo.telegram import ChatMessage, Refusal
from bot.jobs import retry
from bot.telegram.uploads import NOT_FETCHED, Unfetched, Upload, Uploads
from providers.jimeng.simulator import Fault
from storage.job_states import JobState
from storage.pictures import Picture
from tests.support.house import House, open_house

NO_TEXT = "Bad Request: not enough rights to send text messages to the chat"
NO_PHOTOS = "Bad Request: not enough rights to send photos to the chat"
KICKED = "Forbidden: bot was kicked from the supergroup chat"


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    async with open_house(tmp_path) as house:
        yield house


async def under_way(house: House, prompt: str, count: int) -> ChatMessage:
    """A job in the group that waits for `house.release`; returns its status message."""
    house.hold()
    await house.say(prompt, chat=house.group)
    await house.all_submitted(count)
    return await house.shown("Cancel", house.group)


def shut_out(house: House, status: BotStatus = "kicked") -> None:
    groups.set_bot_status(house.telegram.world, house.group, status)


async def let_in(house: House) -> None:
    groups.set_bot_status(house.telegram.world, house.group, "member")
    await house.quiet()


async def hide(house: House, picture_id: int) -> None:
    """Ann deletes a picture of hers."""
    assert await house.app.store.pictures.hide(picture_id, house.ann.id, 1.0)


def lose(house: House, picture_id: int) -> Callable[[], None]:
    """The service has lost this picture, until what is returned is called."""
    uploads: Uploads = house.app.dispatcher["uploads"]
    opened = uploads.open_one

    async def open_(picture: Picture, stack: AsyncExitStack, *, as_file: bool = False) -> Upload | Unfetched:
        if picture.id == picture_id:
            return Unfetched(picture, NOT_FETCHED)
        return await opened(picture, stack, as_file=as_file)

    uploads.open_one = open_  # type: ignore[method-assign]

    def found() -> None:
        uploads.open_one = opened  # type: ignore[method-assign]

    return found


def said(house: House) -> str:
    """All that the bot has said, in the group and to Ann."""
    return "\n".join(one.text for one in [*house.answers(house.group), *house.answers()])


async def test_photos_only(house: House) -> None:
    """A group may take photos and no words: the album is there, and its buttons are where the status stood."""
    status = await under_way(house, "/imagine foxes --n 2", 2)
    refusal = Refusal(method="sendMessage", code=400, description=NO_TEXT, chat=house.group.id, times=100)
    house.telegram.play(refusal)
    house.release()
    await house.quiet()
    assert len(house.album(house.group)) == 2
    assert (status.text, status.buttons[0]) == ("✅ 2 pictures · for Ann", "🔁 Again")
    assert "can't post it" not in said(house)


async def test_a_part_was_sent(house: House) -> None:
    status = await under_way(house, "/imagine foxes --n 11", 8)
    for method in ("sendPhoto", "sendDocument"):
        house.telegram.play(Refusal(method=method, code=400, description=NO_PHOTOS, chat=house.group.id))
    house.release()
    await house.quiet()
    told = house.answers(house.group)[-1]
    assert told.text.endswith("1 couldn't be sent: Telegram doesn't accept them.")
    assert status not in house.answers(house.group)
    await house.press(told, "Fetch the missing")
    await house.ended(chat=house.group)
    assert len(house.album(house.group)) == len(house.tasks) == 11


async def test_a_failure_is_told_in_private_and_put_right_by_a_press(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retry, "DELIVERY_DELAYS", (2.0,))
    status = await under_way(house, "/imagine foxes --n 2", 2)
    shut_out(house)
    house.jimeng.faults.append(Fault(kind="status", status=503, action="picture", times=1000))
    house.release()
    await house.quiet()
    (told,) = house.answers()
    assert told.text.startswith("⚠️ “foxes”\nIt's ready, but I can't fetch it from the service.")
    assert "🔎 Look again" in told.buttons
    house.jimeng.faults.clear()
    await let_in(house)
    await house.press(status, "Cancel")
    await house.press(status, "Look again")
    await house.ended(chat=house.group)
    assert len(house.album(house.group)) == len(house.tasks) == 2


async def test_it_is_told_once(house: House) -> None:
    status = await under_way(house, "/imagine a fox", 1)
    shut_out(house)
    house.release()
    await house.quiet()
    for _press in range(3):
        await house.press(status, "Cancel")
    assert len(house.answers()) == 1


async def test_a_line_that_breaks_while_it_is_told(house: House) -> None:
    await under_way(house, "/imagine a fox", 1)
    shut_out(house)
    house.telegram.play(Refusal(method="sendMessage", code=502, description="Bad Gateway", chat=house.ann.id))
    house.release()
    await house.quiet()
    assert [one.text[:9] for one in house.answers()] == ["🗂 “a fox”"]


async def test_a_late_cancel_spoils_nothing(house: House) -> None:
    status = await under_way(house, "/imagine a fox", 1)
    shut_out(house)
    house.release()
    await house.quiet()
    stale = await house.app.store.jobs.get(1)
    await let_in(house)
    await house.press(status, "Cancel")
    await house.press(status, "Send")
    await house.ended(chat=house.group)
    assert stale
    await house.app.engine.tell_again(stale, status.id)
    (picture,) = house.album(house.group)
    assert "🔁 Again" in picture.buttons
    assert status not in house.answers(house.group)


async def test_what_was_deleted_meanwhile_is_not_sent(house: House) -> None:
    status = await under_way(house, "/imagine foxes --n 2", 2)
    shut_out(house, "restricted")
    house.release()
    await house.quiet()
    await house.say("/history")
    shown = await house.shown("1 of 2")
    await house.press(shown, "Delete")
    await house.press(shown, "Delete")
    await let_in(house)
    await house.press(status, "Send")
    await house.quiet()
    (picture,) = house.album(house.group)
    assert "🔎 Fetch the missing" not in house.answers(house.group)[-1].buttons
    assert house.answers(house.group)[-1].text == "✅ 1 picture · for Ann"
    assert picture.buttons == []


async def test_what_was_deleted_is_not_sent_as_a_file(house: House) -> None:
    await house.app.store.people.deliver(house.ann.id, "both")
    status = await under_way(house, "/imagine foxes --n 2", 2)
    shut_out(house, "restricted")
    house.release()
    await house.quiet()
    await hide(house, 1)
    await let_in(house)
    await house.press(status, "Send")
    await house.quiet()
    assert len([one for one in house.answers(house.group) if one.document]) == 1


async def test_all_deleted_while_it_is_tried_again(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retry, "DELIVERY_DELAYS", (50.0,))
    await under_way(house, "/imagine a fox", 1)
    house.telegram.play(Refusal(method="editMessageMedia", code=502, description="Bad Gateway", chat=house.group.id))
    house.release()
    await house.telegram.until(lambda: house.called("editMessageMedia"))
    await hide(house, 1)
    await house.quiet()
    job = await house.app.store.jobs.get(1)
    assert job
    assert job.state is JobState.DELIVERED
    assert house.answers(house.group) == []


async def test_the_last_missing_one_is_deleted(house: House) -> None:
    await under_way(house, "/imagine foxes --n 11", 8)
    for method in ("sendPhoto", "sendDocument"):
        house.telegram.play(Refusal(method=method, code=400, description=NO_PHOTOS, chat=house.group.id))
    house.release()
    await house.quiet()
    (missing,) = [one for one in await house.app.store.pictures.of_job(1) if one.is_missing]
    await hide(house, missing.id)
    await house.press(house.answers(house.group)[-1], "Fetch the missing")
    await house.quiet()
    last = house.answers(house.group)[-1]
    assert (last.text, last.buttons[0]) == ("✅ 10 pictures · for Ann", "🔁 Again")


async def test_shut_out_between_the_album_and_its_buttons(house: House) -> None:
    status = await under_way(house, "/imagine foxes --n 2", 2)
    for method in ("sendMessage", "editMessageText"):
        house.telegram.play(Refusal(method=method, code=403, description=KICKED, chat=house.group.id, times=1000))
    house.release()
    await house.quiet()
    house.telegram.faults.clear()
    await house.press(status, "Cancel")
    await house.quiet()
    assert "🔁 Again" in house.answers(house.group)[-1].buttons
    assert len(house.album(house.group)) == 2


async def test_a_late_cancel_leaves_an_album_that_is_not_whole(house: House) -> None:
    """Its words have been sent below it meanwhile: they are not those of the message that was pressed."""
    status = await under_way(house, "/imagine foxes --n 2", 2)
    lose(house, 2)
    house.release()
    await house.quiet()
    job = await house.app.store.jobs.get(1)
    assert job
    await house.app.engine.tell_again(job, status.id)
    assert "🔁 Again" in house.answers(house.group)[-1].buttons


async def test_what_could_not_be_fetched_is_deleted_while_it_is_fetched_again(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retry, "DELIVERY_DELAYS", (50.0,))
    found = lose(house, 2)
    result = await house.made("/imagine foxes --n 2", chat=house.group)
    found()
    house.telegram.play(Refusal(method="sendPhoto", code=502, description="Bad Gateway", chat=house.group.id))
    since = house.now
    await house.press(result, "Fetch the missing")
    await house.telegram.until(lambda: house.called("sendPhoto", since=since))
    await hide(house, 2)
    await house.quiet()
    assert house.answers(house.group)[-1].text == "✅ 1 picture · for Ann"
    assert "🔁 Again" in house.answers(house.group)[-1].buttons


async def test_from_elsewhere_only_who_may_write_there_makes_something_appear(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retry, "DELIVERY_DELAYS", (2.0,))
    await house.say("/start", who=house.bob)
    house.hold()
    await house.say("/imagine foxes", chat=house.group, who=house.bob)
    await house.all_submitted(1)
    shut_out(house)
    house.jimeng.faults.append(Fault(kind="status", status=503, action="picture", times=1000))
    house.release()
    await house.quiet()
    house.jimeng.faults.clear()
    told = house.answers(house.bob.chat)[-1]
    groups.set_person_status(house.telegram.world, house.group, house.bob, "left")
    await let_in(house)
    assert (await house.press(told, "Look again", house.bob)).alert
    groups.set_person_status(house.telegram.world, house.group, house.bob, "member")
    await house.press(told, "Look again", house.bob)
    await house.quiet()
    assert len(house.album(house.group)) == 1


async def test_who_is_no_admin_of_a_channel_any_more_makes_nothing_appear(house: House) -> None:
    channel = house.telegram.world.add_channel("Pictures", house.ann, house.bob, admins=(house.ann, house.bob))
    result = await house.made("/imagine foxes", chat=channel)
    await house.press(result, "Again", house.bob)
    await house.quiet()
    own = house.answers(channel)[-1]
    channel.admins.remove(house.bob)
    for label in ("Again", "Files", "Edit"):
        assert (await house.press(own, label, house.bob)).alert
    await house.quiet()
    assert house.answers(channel)[-1] is own
    assert len(house.tasks) == 2
