"""Passing references to Jimeng: by URL or within the request, and never by Telegram's own URL with the token."""

import json
import logging
import random
from collections.abc import AsyncIterator
from io import BytesIO
from pathlib import Path

import pytest
from aiohttp import ClientSession
from PIL import Image

from bot.demo.telegram import Delay, Drop, Refusal, upload
from tests.support.app_harness import AppHarness, open_app_harness, picture, picture_info


@pytest.fixture
async def harness(tmp_path: Path) -> AsyncIterator[AppHarness]:
    async with open_app_harness(tmp_path) as harness:
        yield harness


@pytest.fixture
async def hidden(tmp_path: Path) -> AsyncIterator[AppHarness]:
    """A bot without a public address."""
    async with open_app_harness(tmp_path, public=False) as harness:
        yield harness


def noise(side: int) -> bytes:
    """A PNG that doesn't compress: about 3·side² bytes."""
    pixels = random.Random(5).randbytes(3 * side * side)
    image = Image.frombytes("RGB", (side, side), pixels)
    return picture_bytes(image)


def picture_bytes(image: Image.Image) -> bytes:
    out = BytesIO()
    image.save(out, "PNG", compress_level=0)
    return out.getvalue()


async def test_with_a_public_address_jimeng_fetches_the_pictures(harness: AppHarness) -> None:
    await harness.made("in blue", picture(201), picture(202))
    (submit,) = harness.submitted()
    assert "binary_data_base64" not in submit
    urls = submit["image_urls"]
    address = harness.app.settings.web.public_url
    assert len({url for url in urls if url.startswith(f"{address}/references/")}) == 2
    assert [picture_info(one)[1] for one in harness.tasks[0].references] == [201, 202]


async def test_the_addresses_can_not_be_guessed_and_end_with_the_job(harness: AppHarness) -> None:
    harness.hold()
    await harness.say("in blue", picture(201))
    await harness.all_submitted(1)
    (url,) = harness.submitted()[0]["image_urls"]
    async with ClientSession() as session:
        async with session.get(url) as answer:
            assert answer.status == 200
            assert picture_info(await answer.read())[1] == 201
        # (The bits of a last character may not count.)
        swapped = url[:-5] + ("A" if url[-5] != "A" else "B") + url[-4:]
        for forged in (url[:-3], swapped, url.rsplit("/", 1)[0] + "/1"):
            async with session.get(forged) as answer:
                assert answer.status == 404
        harness.release()
        await harness.ended()
        async with session.get(url) as answer:
            assert answer.status == 404


async def test_without_a_public_address_the_pictures_go_along(hidden: AppHarness) -> None:
    await hidden.made("in blue", picture(201), picture(202))
    (submit,) = hidden.submitted()
    assert "image_urls" not in submit
    assert len(submit["binary_data_base64"]) == 2
    assert [picture_info(one)[1] for one in hidden.tasks[0].references] == [201, 202]


async def test_too_much_to_go_along_is_said_with_what_to_do(hidden: AppHarness) -> None:
    await hidden.say("in blue", noise(1300), noise(1300), as_document=True)
    told = await hidden.ended("⚠️")
    assert "9.7 MB together; at most 7 MB can be sent along" in told.text
    assert "web.public_url" in told.text
    assert not hidden.submitted()


async def test_the_token_is_in_no_call_to_jimeng_and_in_no_log(
    harness: AppHarness, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    secret = harness.telegram.token.split(":")[1]
    await harness.made("in blue --n 2", picture(201), picture(202))
    # Also when fetching goes wrong: the transfer's errors name the address.
    harness.telegram.play(Refusal(method="getFile", code=500, times=6))
    await harness.say("in red", picture(203))
    await harness.ended("⚠️")
    asked = json.dumps([[call.request, call.response] for call in harness.jimeng_calls])
    assert asked.count("image_urls") >= 2
    assert secret not in asked
    assert "/file/" not in asked
    assert secret not in caplog.text


async def test_telegram_stumbles_once_while_a_picture_is_fetched(harness: AppHarness) -> None:
    harness.telegram.play(Drop(method="getFile"))
    await harness.say("in blue", picture(201))
    await harness.ended(timeout=10)
    assert picture_info(harness.tasks[0].references[0])[1] == 201


async def test_a_file_beyond_20_mb_is_refused_with_the_reason(harness: AppHarness) -> None:
    await harness.say("in blue", upload(picture() + b"\0" * (21 << 20), "huge.jpg"), as_document=True)
    told = await harness.ended("⚠️")
    assert "larger than 20 MB" in told.text
    assert not harness.tasks


async def test_jimeng_can_not_fetch_the_pictures_and_gets_them_as_bytes(harness: AppHarness) -> None:
    await harness.app.site.aclose()
    await harness.made("in blue", picture(201))
    (task,) = harness.tasks
    assert picture_info(task.references[0])[1] == 201


@pytest.mark.parametrize(
    ("flags", "words"),
    [("", "The service gave your own picture back."), (" --n 2", "The service gave 2 of your own pictures back.")],
)
async def test_a_reference_that_comes_back_is_told(harness: AppHarness, flags: str, words: str) -> None:
    told = await harness.made("in blue", picture(201))
    assert "own picture" not in told.text
    told = await harness.made(f"leave it as it is{flags}", picture(201))
    assert words in told.text


async def test_what_moderation_refuses_is_told(harness: AppHarness) -> None:
    await harness.say("an unsafe reference", picture(201))
    assert "refused one of the reference pictures" in (await harness.ended("⚠️")).text
    assert not harness.tasks


async def test_the_status_is_there_before_the_pictures_are_fetched(harness: AppHarness) -> None:
    harness.telegram.play(Delay(method="getFile", seconds=0.3))
    asked = await harness.say("in blue", picture(201))
    status = await harness.shown("Got it")
    assert status.reply_to == asked.id
    assert status.buttons == ["Cancel"]
    assert not harness.called("getFile")
    await harness.ended()


async def test_an_edit_by_the_3_series_survives_a_restart_in_its_shape(harness: AppHarness) -> None:
    """With a picture another model is called, and a result query must name it: it follows from what is stored."""
    harness.hold()
    await harness.say("in blue --model 3.0 --seed 7", picture(400, 225))
    await harness.all_submitted(1)
    await harness.restart()
    harness.release()
    assert (await harness.ended()).photo
    (task,) = harness.tasks
    assert (task.req_key, task.width, task.height) == ("jimeng_i2i_v30", 1664, 928)
