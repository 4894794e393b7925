"""The people's side over HTTP, as the chat page uses it, and the call log."""

import json
from collections.abc import AsyncIterator, Mapping
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from aiogram import Bot
from aiogram.exceptions import TelegramRetryAfter
from aiogram.types import BotCommand, InlineKeyboardButton, InlineKeyboardMarkup
from aiohttp import ClientSession, FormData
from PIL import Image

from bot.demo.calls import MAX_STRING_LENGTH, CallLog
from bot.demo.chat import groups
from bot.demo.telegram import TelegramSimulator


class Faults:
    """Another service that plays faults."""

    def __init__(self) -> None:
        self.played: list[Mapping[str, Any]] = []

    def play(self, fault: Mapping[str, Any]) -> None:
        self.played.append(fault)

    def clear(self) -> None:
        self.played.clear()


class Page:
    """Talks to the people's API."""

    def __init__(self, session: ClientSession) -> None:
        self.session = session

    async def get(self, path: str) -> Any:
        async with self.session.get(f"/demo/api/{path}") as response:
            return await response.json()

    async def post(self, path: str, **how: Any) -> tuple[int, Any]:
        async with self.session.post(f"/demo/api/{path}", **how) as response:
            return response.status, await response.json()

    async def send(self, *files: tuple[str, bytes], **fields: object) -> tuple[int, Any]:
        form = FormData(
            {name: str(value) for name, value in fields.items()}, quote_fields=False, default_to_multipart=True
        )
        for name, data in files:
            form.add_field("file", data, filename=name)
        return await self.post("send", data=form)


@pytest.fixture
async def telegram(tmp_path: Path) -> AsyncIterator[TelegramSimulator]:
    async with TelegramSimulator(strict=False, page=tmp_path / "page") as running:
        yield running


@pytest.fixture
async def page(telegram: TelegramSimulator) -> AsyncIterator[Page]:
    async with ClientSession(telegram.url) as session:
        yield Page(session)


def picture(width: int = 400, height: int = 300, kind: str = "JPEG") -> bytes:
    out = BytesIO()
    Image.new("RGB", (width, height), "orange").save(out, kind)
    return out.getvalue()


async def test_the_world(page: Page, bot: Bot, telegram: TelegramSimulator) -> None:
    telegram.add_service("jimeng", Faults())
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


async def test_sending_and_reading(page: Page, bot: Bot, telegram: TelegramSimulator) -> None:
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


async def test_files_and_previews(page: Page, telegram: TelegramSimulator) -> None:
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


async def test_pressing_and_deleting(page: Page, bot: Bot, telegram: TelegramSimulator) -> None:
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
async def test_mistakes_are_told(page: Page, path: str, how: Any, error: str) -> None:
    assert await page.post(path, **how) == (400, {"error": error})


async def test_broken_forms_are_told(page: Page) -> None:
    broken = {"data": b"x", "headers": {"Content-Type": "multipart/form-data; boundary=y"}}
    assert await page.post("send", **broken) == (400, {"error": "This form can't be read."})


async def test_sending_mistakes_are_told(page: Page, telegram: TelegramSimulator) -> None:
    status, body = await page.send(person=telegram.ann.id, chat=telegram.ming.id, text="x")
    assert (status, body) == (400, {"error": "Ann is not in this chat."})
    assert (await page.send(person=5, chat=telegram.ming.id, text="x"))[1] == {"error": "There is no such person."}


async def read_events(page: Page, count: int, **how: Any) -> list[tuple[int, Any]]:
    """The first events of the stream with their numbers."""
    found: list[tuple[int, Any]] = []
    async with page.session.get("/demo/api/events", **how) as response:
        assert response.content_type == "text/event-stream"
        number = 0
        while len(found) < count:
            line = (await response.content.readline()).decode().strip()
            if line.startswith("id: "):
                number = int(line[4:])
            elif line.startswith("data: "):
                found.append((number, json.loads(line[6:])))
    return found


async def test_the_stream_of_events(page: Page, bot: Bot, telegram: TelegramSimulator) -> None:
    ann = telegram.ann.id
    await telegram.send(telegram.ann, text="hello")
    message = await bot.send_message(ann, "one")
    await message.edit_text("two")
    await message.delete()
    await bot.send_chat_action(ann, "upload_photo")
    events = await read_events(page, 8, params={"since": "0"})
    assert [event["kind"] for _, event in events] == [
        "message", "message", "call", "edited", "call", "deleted", "call", "action",
    ]  # fmt: skip
    assert [number for number, _ in events] == list(range(1, 9))
    assert events[3][1]["message"]["text"] == "two"
    assert events[3][1]["message"]["edited"]
    assert events[5][1] == {"kind": "deleted", "chat": ann, "ids": [message.message_id]}
    assert events[2][1]["call"]["name"] == "sendMessage"
    later = await read_events(page, 1, headers={"Last-Event-ID": "7"})
    assert later == events[7:]


async def test_the_stream_goes_on_live_and_ends_with_the_server(page: Page, telegram: TelegramSimulator) -> None:
    async with page.session.get("/demo/api/events") as response:
        assert await response.content.readline() == b": hello\n"
        await telegram.send(telegram.ann, text="live")
        text = b""
        while b"live" not in text:
            text = await response.content.readline()
        await telegram.aclose()
        assert b"live" not in await response.content.read()


async def test_calls_and_faults(page: Page, bot: Bot, telegram: TelegramSimulator) -> None:
    jimeng = Faults()
    telegram.add_service("jimeng", jimeng)
    fault = {"kind": "flood", "method": "sendMessage", "retry_after": 3}
    assert await page.post("faults", json={"service": "telegram", "fault": fault}) == (200, {})
    assert await page.post("faults", json={"service": "jimeng", "fault": {"any": 1}}) == (200, {})
    assert jimeng.played == [{"any": 1}]
    with pytest.raises(TelegramRetryAfter):
        await bot.send_message(telegram.ann.id, "x")
    status, wrong = await page.post("faults", json={"service": "telegram", "fault": {"kind": "fox"}})
    assert status == 400
    assert wrong["error"].startswith("This fault is not known")
    await bot.get_updates()
    await bot.get_me()
    calls = (await page.get("calls"))["calls"]
    assert [(call["n"], call["name"], call["status"]) for call in calls] == [(1, "sendMessage", 429), (2, "getMe", 200)]
    assert " ".join(calls[0]) == "n at service name status ms request response"
    assert (await page.get("calls?since=1"))["calls"] == calls[1:]
    await page.post("faults", json={"service": "telegram", "fault": fault})
    async with page.session.delete("/demo/api/faults") as response:
        assert await response.json() == {}
    assert jimeng.played == []
    await bot.send_message(telegram.ann.id, "x")


async def test_the_page_is_served(page: Page, tmp_path: Path) -> None:
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


async def test_the_log_is_shared() -> None:
    log = CallLog()
    assert TelegramSimulator(calls=log).calls is log


def test_the_log_is_bounded_shortened_and_redacted() -> None:
    log = CallLog(keep=2, clock=lambda: 5.0)
    log.hide("s3cret")
    heard: list[int] = []
    log.listen(lambda call: heard.append(call.n))
    for name in "abc":
        log.record("jimeng", name, status=200, ms=1.26, request={"Authorization": "HMAC x", "n": 1}, response=None)
    assert ([call.name for call in log], heard, len(log)) == (["b", "c"], [1, 2, 3], 2)
    assert log.since(2)[0].as_json() == {
        "n": 3, "at": 5.0, "service": "jimeng", "name": "c", "status": 200, "ms": 1.3,
        "request": {"Authorization": "***", "n": 1}, "response": None,
    }  # fmt: skip
    call = log.record(
        "x", "y", status=1, ms=1, request=("a s3cret", b"12", Path("s3cret")), response={"text": "x" * 9999, 1: True}
    )
    assert call.request == ["a ***", {"size": 2}, "***"]
    assert call.response["1"] is True
    assert len(call.response["text"]) < MAX_STRING_LENGTH + 30
