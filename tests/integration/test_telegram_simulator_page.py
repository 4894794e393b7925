"""The simulator's HTTP API for people, as the chat page uses it."""

from collections.abc import AsyncIterator
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from aiogram import Bot
from aiogram.types import BotCommand, InlineKeyboardButton, InlineKeyboardMarkup
from aiohttp import ClientSession
from PIL import Image

from bot.demo.chat import groups
from bot.demo.telegram import TelegramSimulator
from tests.support.people_client import PeopleClient, RecordedFaults


@pytest.fixture
async def telegram(tmp_path: Path) -> AsyncIterator[TelegramSimulator]:
    async with TelegramSimulator(strict=False, page=tmp_path / "page") as running:
        yield running


@pytest.fixture
async def page(telegram: TelegramSimulator) -> AsyncIterator[PeopleClient]:
    async with ClientSession(telegram.url) as session:
        yield PeopleClient(session)


def picture(width: int = 400, height: int = 300, kind: str = "JPEG") -> bytes:
    out = BytesIO()
    Image.new("RGB", (width, height), "orange").save(out, kind)
    return out.getvalue()


async def test_the_world(page: PeopleClient, bot: Bot, telegram: TelegramSimulator) -> None:
    telegram.add_service("jimeng", RecordedFaults())
    await bot.set_my_commands([BotCommand(command="imagine", description="Draw")])
    topic = groups.add_topic(telegram.world, telegram.group, "Foxes")
    world = await page.get("world")
    assert world["bot"] == {"id": bot.id, "name": "Imagine", "username": "imagine_demo_bot"}
    assert [(person["name"], person["language_code"]) for person in world["people"]] == [
        ("Ann", "en"),
        ("小明", "zh-hans"),
    ]
    ann, ming = (person["id"] for person in world["people"])
    assert world["chats"][0] == {
        "id": ann, "type": "private", "title": "Ann", "person": ann, "topics": [], "members": [ann], "admins": [],
        "anonymous": [], "bot": "member", "linked": None, "migrated_to": None,
    }  # fmt: skip
    group = world["chats"][2]
    assert (group["type"], group["title"], group["person"]) == ("supergroup", "Picture club", None)
    assert (group["members"], group["admins"]) == ([ann, ming], [ann])
    assert group["topics"] == [{"id": topic, "name": "Foxes", "closed": False}]
    menu = [{"command": "imagine", "description": "Draw"}]
    hers, his = {str(ann): menu}, {str(ming): menu}
    assert world["commands"] == {str(ann): hers, str(ming): his, str(group["id"]): hers | his}
    assert world["profiles"][str(ming)] == {"name": "Imagine", "description": ""}
    assert world["services"] == ["telegram", "jimeng"]


async def test_sending_and_reading(page: PeopleClient, bot: Bot, telegram: TelegramSimulator) -> None:
    ann = telegram.ann.id
    status, sent = await page.send(("a.jpg", picture()), ("b.jpg", picture()), person=ann, chat=ann, text="#foxes")
    assert status == 200
    first, second = sent["messages"]
    assert first["album"] == second["album"]
    assert first["text"] == "#foxes"
    assert second["text"] is None
    assert first["entities"] == [{"type": "hashtag", "offset": 0, "length": 6}]
    assert (first["photo"]["width"], first["photo"]["height"]) == (400, 300)
    assert first["from"] == {"id": ann, "name": "Ann", "is_bot": False}
    assert " ".join(first) == (
        "id chat date edited from author service text entities photo document thing album reply_to topic keyboard"
        " reactions spoiler caption_above via only_for force_reply"
    )
    _, answer = await page.send(("狐.png", picture(kind="PNG")), person=ann, chat=ann, reply_to=2, as_document=1)
    document = answer["messages"][0]
    assert document["document"]["name"] == "狐.png"
    assert document["document"]["mime_type"] == "image/png"
    quoted = {"id": 2, "name": "Ann", "text": None, "document": None, "thing": None}
    assert document["reply_to"] == {**quoted, "photo": second["photo"]["file_id"]}
    _, answer = await page.send(person=ann, chat=ann, thing="sticker", reply_to=3)
    (sticker,) = answer["messages"]
    assert sticker["thing"] == {"kind": "sticker", "emoji": "🦊", "width": 512, "height": 512}
    assert sticker["reply_to"]["document"] == document["document"]
    status, answer = await page.send(person=ann, chat=ann, thing="kite")
    assert (status, answer) == (400, {"error": "kite can't be sent here."})
    everything = await page.get(f"messages?chat={ann}")
    assert everything["messages"] == [first, second, document, sticker]
    assert len(await bot.get_updates()) == 4


async def test_files_and_previews(page: PeopleClient, telegram: TelegramSimulator) -> None:
    data = picture(kind="PNG")
    (message,) = await telegram.send(telegram.ann, files=[data], as_document=True)
    assert message.document
    path = f"/demo/api/file/{message.document.file_id}"
    async with page.session.get(path) as response:
        assert (response.content_type, await response.read()) == ("image/png", data)
    async with page.session.get(path, params={"size": "100"}) as response:
        with Image.open(BytesIO(await response.read())) as image:
            assert (image.format, image.size) == ("JPEG", (100, 75))
    (message,) = await telegram.send(telegram.ann, files=[b"<script>"], as_document=True)
    assert message.document
    async with page.session.get(f"/demo/api/file/{message.document.file_id}?size=9") as response:
        assert response.content_type == "application/octet-stream"
        assert response.headers["Content-Disposition"].startswith("attachment")
    async with page.session.get("/demo/api/file/nobody") as response:
        assert response.status == 404
        assert "error" in await response.json()


async def test_pressing_and_deleting(page: PeopleClient, bot: Bot, telegram: TelegramSimulator) -> None:
    ann = telegram.ann.id
    row = [
        InlineKeyboardButton(text="Go", callback_data="go", style="success"),
        InlineKeyboardButton.model_validate({"text": "Copy", "copy_text": {"text": "fox"}}),
        InlineKeyboardButton.model_validate({"text": "Wait", "disabled": {}}),
        InlineKeyboardButton(text="Find", switch_inline_query_current_chat=""),
    ]
    await bot.send_message(ann, "x", reply_markup=InlineKeyboardMarkup(inline_keyboard=[row]))
    (message,) = (await page.get(f"messages?chat={ann}"))["messages"]
    assert message["keyboard"] == [
        [
            {"text": "Go", "data": "go", "style": "success"},
            {"text": "Copy", "copy": "fox"},
            {"text": "Wait", "disabled": True},
            {"text": "Find", "inline": ""},
        ]
    ]
    place = {"person": ann, "chat": ann, "message": message["id"]}
    assert await page.post("press", json={**place, "data": "go"}) == (200, {})
    (update,) = await bot.get_updates()
    assert update.callback_query
    assert update.callback_query.data == "go"
    assert await page.post("press", json={**place, "data": "Wait"}) == (400, {"error": "There is no such button."})
    assert await page.post("delete", json=place) == (200, {})
    assert await page.post("delete", json=place) == (400, {"error": "There is no such message."})


async def test_editing_and_blocking(page: PeopleClient, telegram: TelegramSimulator) -> None:
    ann, ming = telegram.ann, telegram.ming
    (own,) = await telegram.send(ann, text="a fox")
    edit = {"person": ann.id, "chat": ann.id, "message": own.id}
    assert await page.post("edit", json=edit | {"text": " a hare "}) == (200, {})
    assert (own.text, own.edited is not None) == ("a hare", True)
    status, answer = await page.post("edit", json=edit | {"text": ""})
    assert (status, answer["error"]) == (400, "Write something or attach a file.")
    choice = {"person": ann.id, "chat": ann.id, "act": "block"}
    assert await page.post("group", json=choice) == (200, {})
    assert telegram.world.chats[ann.id].bot == "kicked"
    status, answer = await page.send(person=ann.id, chat=ann.id, text="an owl")
    assert (status, answer["error"]) == (400, "The bot is blocked; unblock it first.")
    assert await page.post("group", json=choice | {"act": "unblock"}) == (200, {})
    assert telegram.world.chats[ann.id].bot == "member"
    # Nobody blocks the bot for somebody else, and no group can.
    for chat in (ming.id, telegram.group.id):
        assert (await page.post("group", json=choice | {"chat": chat}))[0] == 400


@pytest.mark.parametrize(
    ("path", "how", "error"),
    [
        ("press", {"data": b"{"}, "Send a JSON object."),
        ("press", {"json": []}, "Send a JSON object."),
        ("press", {"json": {"person": "x", "chat": 1}}, "There is no such chat."),
        ("delete", {"json": {"person": "y"}}, "person must be a number."),
        ("send", {"json": {}}, "Send a multipart form."),
        ("faults", {"json": {"service": "nobody", "fault": {}}}, "Name a service and a fault."),
    ],
)
async def test_mistakes_are_told(page: PeopleClient, path: str, how: Any, error: str) -> None:
    assert await page.post(path, **how) == (400, {"error": error})


async def test_broken_forms_are_told(page: PeopleClient) -> None:
    broken = {"data": b"x", "headers": {"Content-Type": "multipart/form-data; boundary=y"}}
    assert await page.post("send", **broken) == (400, {"error": "This form can't be read."})


async def test_sending_mistakes_are_told(page: PeopleClient, telegram: TelegramSimulator) -> None:
    status, body = await page.send(person=telegram.ann.id, chat=telegram.ming.id, text="x")
    assert (status, body) == (400, {"error": "Ann is not in this chat."})
    assert (await page.send(person=5, chat=telegram.ming.id, text="x"))[1] == {"error": "There is no such person."}


async def test_the_page_is_served(page: PeopleClient, tmp_path: Path) -> None:
    async with page.session.get("/demo/") as response:
        assert response.status == 404
    (tmp_path / "page").mkdir()
    (tmp_path / "page" / "index.html").write_text("<p>the page")
    (tmp_path / "secret.txt").write_text("secret")
    for path in ("/", "/demo", "/demo/"):
        async with page.session.get(path) as response:
            assert (await response.text(), response.content_type) == ("<p>the page", "text/html")
            assert response.url.path == "/demo/"
    async with page.session.get("/demo/%2e%2e/secret.txt") as response:
        assert response.status == 404
