"""How references reach Jimeng: by address or within the request; and that Telegram's own address never leaves."""

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
from tests.support.house import House, look, open_house, picture


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    async with open_house(tmp_path) as house:
        yield house


@pytest.fixture
async def hidden(tmp_path: Path) -> AsyncIterator[House]:
    """A bot without a public address."""
    async with open_house(tmp_path, public=False) as house:
        yield house


def noise(side: int) -> bytes:
    """A PNG that doesn't compress: about 3·side² bytes."""
    pixels = random.Random(5).randbytes(3 * side * side)
    image = Image.frombytes("RGB", (side, side), pixels)
    return picture_bytes(image)


def picture_bytes(image: Image.Image) -> bytes:
    out = BytesIO()
    image.save(out, "PNG", compress_level=0)
    return out.getvalue()


async def test_with_a_public_address_jimeng_fetches_the_pictures(house: House) -> None:
    await house.made("in blue", picture(201), picture(202))
    (submit,) = house.submitted()
    assert "binary_data_base64" not in submit
    urls = submit["image_urls"]
    address = house.app.settings.web.public_url
    assert len({url for url in urls if url.startswith(f"{address}/references/")}) == 2
    assert [look(one)[1] for one in house.tasks[0].references] == [201, 202]


async def test_the_addresses_can_not_be_guessed_and_end_with_the_job(house: House) -> None:
    house.hold()
    await house.say("in blue", picture(201))
    await house.all_submitted(1)
    (url,) = house.submitted()[0]["image_urls"]
    async with ClientSession() as session:
        async with session.get(url) as answer:
            assert answer.status == 200
            assert look(await answer.read())[1] == 201
        # (The bits of a last character may not count.)
        swapped = url[:-5] + ("A" if url[-5] != "A" else "B") + url[-4:]
        for forged in (url[:-3], swapped, url.rsplit("/", 1)[0] + "/1"):
            async with session.get(forged) as answer:
                assert answer.status == 404
        house.release()
        await house.ended()
        async with session.get(url) as answer:
            assert answer.status == 404


async def test_without_a_public_address_the_pictures_go_along(hidden: House) -> None:
    await hidden.made("in blue", picture(201), picture(202))
    (submit,) = hidden.submitted()
    assert "image_urls" not in submit
    assert len(submit["binary_data_base64"]) == 2
    assert [look(one)[1] for one in hidden.tasks[0].references] == [201, 202]


async def test_too_much_to_go_along_is_said_with_what_to_do(hidden: House) -> None:
    await hidden.say("in blue", noise(1300), noise(1300), as_document=True)
    told = await hidden.ended("⚠️")
    assert "9.7 MB together; at most 7 MB can be sent along" in told.text
    assert "web.public_url" in told.text
    assert not hidden.submitted()


async def test_the_token_is_in_no_call_to_jimeng_and_in_no_log(house: House, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    secret = house.telegram.token.split(":")[1]
    await house.made("in blue --n 2", picture(201), picture(202))
    # Also when fetching goes wrong: the transfer's errors name the address.
    house.telegram.play(Refusal(method="getFile", code=500, times=6))
    await house.say("in red", picture(203))
    await house.ended("⚠️")
    asked = json.dumps([[call.request, call.response] for call in house.jimeng_calls])
    assert asked.count("image_urls") >= 2
    assert secret not in asked
    assert "/file/" not in asked
    assert secret not in caplog.text


async def test_telegram_stumbles_once_while_a_picture_is_fetched(house: House) -> None:
    house.telegram.play(Drop(method="getFile"))
    await house.say("in blue", picture(201))
    await house.ended(timeout=10)
    assert look(house.tasks[0].references[0])[1] == 201


async def test_a_file_beyond_20_mb_is_refused_with_the_reason(house: House) -> None:
    await house.say("in blue", upload(picture() + b"\0" * (21 << 20), "huge.jpg"), as_document=True)
    told = await house.ended("⚠️")
    assert "larger than 20 MB" in told.text
    assert not house.tasks


async def test_jimeng_can_not_fetch_the_pictures(house: House) -> None:
    await house.app.web.aclose()
    await house.say("in blue", picture(201))
    told = await house.ended("⚠️")
    assert "couldn't fetch the reference pictures" in told.text
    assert "web.public_url" in told.text


async def test_what_moderation_refuses_is_told(house: House) -> None:
    await house.say("an unsafe reference", picture(201))
    assert "refused one of the reference pictures" in (await house.ended("⚠️")).text
    assert not house.tasks


async def test_the_status_is_there_before_the_pictures_are_fetched(house: House) -> None:
    house.telegram.play(Delay(method="getFile", seconds=0.3))
    asked = await house.say("in blue", picture(201))
    status = await house.shown("Got it")
    assert status.reply_to == asked.id
    assert status.buttons == ["Cancel"]
    assert not house.called("getFile")
    await house.ended()
