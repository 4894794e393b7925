"""References as people send them: photos, albums in any order, picture files; and refusals with their reasons."""

from collections.abc import AsyncIterator
from io import BytesIO
from pathlib import Path

import pytest
from aiogram.types import Message
from PIL import Image
from pillow_heif import from_pillow

from bot.demo.bot_api.bot_view import message_json
from bot.demo.bot_api.files import Upload
from bot.demo.telegram import upload
from bot.handlers.late_items import handle_late_item
from tests.support.app_harness import AppHarness, open_app_harness, picture, picture_info


@pytest.fixture
async def harness(tmp_path: Path) -> AsyncIterator[AppHarness]:
    async with open_app_harness(tmp_path) as harness:
        yield harness


def heic(width: int = 320, height: int = 240) -> Upload:
    """A file as an iPhone makes it, sent without a type as some phones do."""
    out = BytesIO()
    from_pillow(Image.new("RGB", (width, height), "coral")).save(out, quality=80)
    return upload(out.getvalue(), "IMG_0001.HEIC", "application/octet-stream")


def numbered(count: int) -> list[bytes]:
    """Pictures with different widths, by which the tests recognize them."""
    return [picture(200 + number) for number in range(count)]


def widths(harness: AppHarness) -> list[int]:
    """The widths of the references of the latest task, in order."""
    return [picture_info(reference)[1] for reference in harness.tasks[-1].references]


async def test_a_photo_with_a_caption(harness: AppHarness) -> None:
    asked = await harness.say("as a watercolour", picture(640, 480))
    result = await harness.ended()
    assert result.reply_to == asked.id
    assert [picture_info(one) for one in harness.tasks[0].references] == [("JPEG", 640, 480)]


async def test_a_photo_with_a_caption_in_a_group_needs_the_command_or_the_name(harness: AppHarness) -> None:
    await harness.say("/imagine as a watercolour", picture(201), chat=harness.group)
    await harness.say("@imagine_demo_bot as a drawing", picture(202), chat=harness.group)
    await harness.quiet()
    found = {task.prompt: picture_info(task.references[0])[1] for task in harness.tasks}
    assert found == {"as a watercolour": 201, "as a drawing": 202}


async def test_an_album_in_any_order_with_gaps_and_other_messages_between(harness: AppHarness) -> None:
    harness.telegram.acts.shuffle, harness.telegram.acts.gap = True, 0.015
    await harness.say("together", *numbered(6))
    await harness.say("a fox")
    await harness.telegram.until(lambda: len(harness.tasks) == 2)
    await harness.quiet()
    assert {task.prompt: len(task.references) for task in harness.tasks} == {"together": 6, "a fox": 0}
    together = next(task for task in harness.tasks if task.references)
    assert [picture_info(one)[1] for one in together.references] == [200, 201, 202, 203, 204, 205]


async def test_two_albums_at_once_stay_apart(harness: AppHarness) -> None:
    harness.telegram.acts.shuffle, harness.telegram.acts.gap = True, 0.01
    await harness.say("one", *numbered(3))
    await harness.say("two", *numbered(4), who=harness.bob)
    await harness.telegram.until(lambda: len(harness.tasks) == 2)
    assert {task.prompt: len(task.references) for task in harness.tasks} == {"one": 3, "two": 4}


async def test_a_late_item_joins_while_its_job_waits(tmp_path: Path) -> None:
    async with open_app_harness(tmp_path, concurrency=1) as harness:
        harness.hold()
        await harness.say("first")
        await harness.all_submitted(1)
        late = Later(harness)
        await harness.say("together", *numbered(3))
        await harness.shown("You are next")
        late.arrives()
        await harness.taken_in()
        harness.release()
        await harness.all_submitted(2)
        await harness.quiet()
        assert widths(harness) == [200, 201, 202]
        assert not any("too late" in message.text for message in harness.answers())


async def test_a_late_item_that_comes_too_late_is_told(harness: AppHarness) -> None:
    harness.hold()
    late = Later(harness)
    asked = await harness.say("together", *numbered(3))
    await harness.all_submitted(1)
    late.arrives()
    told = await harness.shown("too late")
    assert told.reply_to == asked.id + 2
    harness.release()
    await harness.ended()
    assert widths(harness) == [200, 201]


async def test_a_late_item_of_an_album_without_words_is_used_with_the_others(harness: AppHarness) -> None:
    late = Later(harness)
    await harness.say("", *numbered(3))
    await harness.shown("What should I make")
    late.arrives()
    await harness.quiet()
    await harness.say("together")
    await harness.ended()
    assert widths(harness) == [200, 201, 202]
    assert len(harness.answers()) == 2  # the question and the result


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
async def test_pictures_as_files(harness: AppHarness, kind: str) -> None:
    await harness.say("a drawing", picture(640, 480, kind), as_document=True)
    result = await harness.ended()
    expected = "PNG" if kind == "PNG" else "JPEG"
    assert [picture_info(one) for one in harness.tasks[0].references] == [(expected, 640, 480)]
    assert ("converted from WEBP to JPEG" in result.text) is (kind == "WEBP")


async def test_heic_files(harness: AppHarness) -> None:
    await harness.say("a drawing", heic(640, 480), as_document=True)
    await harness.ended()
    assert [picture_info(one) for one in harness.tasks[0].references] == [("JPEG", 640, 480)]


async def test_an_album_of_files(harness: AppHarness) -> None:
    await harness.say("together", picture(201), picture(202, kind="PNG"), heic(203), as_document=True)
    await harness.ended()
    assert widths(harness) == [201, 202, 203]


@pytest.mark.parametrize(
    "file",
    [
        upload(b"shopping list: eggs", "list.txt"),
        upload(b"%PDF-1.4 ...", "paper.pdf"),
        upload(b"\0" * 100, "odd"),
    ],
)
async def test_other_files_are_refused_kindly(harness: AppHarness, file: Upload) -> None:
    asked = await harness.say("draw this", file)
    told = await harness.shown("not a picture")
    assert told.reply_to == asked.id
    assert "JPEG, PNG, WebP or HEIC" in told.text
    await harness.quiet()
    assert not harness.tasks


async def test_a_file_among_pictures_is_not_left_out_silently(harness: AppHarness) -> None:
    await harness.say("together", picture(), upload(b"%PDF-1.4 ...", "paper.pdf"), as_document=True)
    await harness.shown("not a picture")
    await harness.quiet()
    assert not harness.tasks


async def test_a_file_that_only_claims_to_be_a_picture(harness: AppHarness) -> None:
    await harness.say("draw this", upload(b"shopping list: eggs", "list.jpg"))
    told = await harness.ended("⚠️")
    assert "not a picture that can be read" in told.text
    assert not harness.tasks


async def test_a_picture_cut_off_is_refused(harness: AppHarness) -> None:
    whole = picture(800, 600, "PNG", colour="coral")
    await harness.say("draw this", upload(whole[:-40], "half.png"))
    assert "damaged or incomplete" in (await harness.ended("⚠️")).text
    assert not harness.tasks


@pytest.mark.parametrize(("size", "ratio"), [((1600, 400), "4:1"), ((400, 1600), "1:4")])
async def test_a_ratio_out_of_bounds_is_refused_with_the_bounds(
    harness: AppHarness, size: tuple[int, int], ratio: str
) -> None:
    await harness.say("draw this", picture(*size))
    told = await harness.ended("⚠️")
    assert f"{size[0]}×{size[1]}" in told.text
    assert ratio in told.text
    assert "between 1:3 and 3:1" in told.text
    assert not harness.tasks


async def test_a_picture_too_large_is_scaled_down_and_its_sender_is_told(harness: AppHarness) -> None:
    await harness.say("draw this", picture(5000, 2500), as_document=True)
    result = await harness.ended()
    assert picture_info(harness.tasks[0].references[0]) == ("JPEG", 4096, 2048)
    assert "scaled down from 5000×2500 to 4096×2048" in result.text


async def test_the_sender_of_an_album_is_told_once(harness: AppHarness) -> None:
    await harness.say("draw this --n 2", picture(4200, 2100), picture(4200, 2100), picture(50, 50), as_document=True)
    result = await harness.ended()
    assert not result.photo
    assert result.text.count("scaled down from 4200×2100 to 4096×2048") == 1


async def test_more_than_ten_are_refused_and_nothing_is_submitted(harness: AppHarness) -> None:
    eight = await harness.say("", *numbered(8))
    await harness.quiet()
    await harness.say("all of them", *numbered(3), reply_to=eight)
    told = await harness.ended("⚠️")
    assert "You sent 11 pictures; Jimeng 4.0 takes at most 10" in told.text
    assert not harness.tasks


async def test_an_item_that_another_process_has_used_is_not_called_late(harness: AppHarness) -> None:
    """A process that hung takes a part of an album for the whole when it continues, and the rest for late items."""
    await harness.made("together", *numbered(2))
    context = {"bot": harness.app.bot}
    main, item = (
        Message.model_validate(message_json(one), context=context)
        for one in harness.telegram.messages(harness.ann.chat)[:2]
    )
    await handle_late_item(main, item, harness.app.dispatcher["requests"])
    await harness.quiet()
    assert not any("too late" in one.text for one in harness.answers())


class Later:
    """Holds back the update of the last item of the next album."""

    def __init__(self, harness: AppHarness) -> None:
        self._updates = harness.telegram.world.updates
        self._push = self._updates.push
        self._held: list[tuple[str, dict[str, object]]] = []
        self._updates.push = self._hold  # type: ignore[method-assign]

    def _hold(self, kind: str, payload: dict[str, object]) -> int | None:
        if look_of(payload) == 202:
            self._held.append((kind, payload))
            return None
        return self._push(kind, payload)

    def arrives(self) -> None:
        self._updates.push = self._push  # type: ignore[method-assign]
        (held,) = self._held
        self._push(*held)


def look_of(payload: dict[str, object]) -> int:
    """The width of the photo in a message; 0 where there is none."""
    sizes = payload.get("photo")
    return int(sizes[-1]["width"]) if isinstance(sizes, list) else 0
