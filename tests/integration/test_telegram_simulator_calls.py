"""Calls of the Bot API: their parameters, unknown methods and tokens, and their log."""

import json
from typing import Any

import pytest
from aiogram import Bot
from aiogram.client.default import DefaultBotProperties
from aiogram.exceptions import (
    TelegramNotFound,
    TelegramUnauthorizedError,
)
from aiogram.methods import SendDice

from bot.demo.telegram import TelegramSimulator
from tests.support.bot_uploads import orange, upload


@pytest.fixture
def bot(bot: Bot) -> Bot:
    bot.default = DefaultBotProperties(parse_mode="HTML")
    return bot


async def test_calls_are_checked_by_their_model(bot: Bot, telegram: TelegramSimulator) -> None:
    session = await bot.session.create_session()  # type: ignore[attr-defined]
    base = f"{telegram.url}/bot{telegram.token}"

    async def post(method: str, **how: Any) -> tuple[int, Any]:
        async with session.post(f"{base}/{method}", **how) as response:
            return response.status, (await response.json()).get("description")

    ann = telegram.ann.id
    assert await post("sendMessage", json={"chat_id": ann, "text": "x"}) == (200, None)
    assert await post("SENDMESSAGE", data={"chat_id": str(ann), "text": "[1]"}) == (200, None)
    assert await post(f"sendMessage?chat_id={ann}&text=query") == (200, None)
    assert await post("sendMessage", json={"text": "x"}) == (400, "Bad Request: chat_id is empty")
    assert await post("sendMessage", json={"chat_id": ann}) == (400, "Bad Request: message text is empty")
    assert await post("sendPhoto", json={"chat_id": ann}) == (400, "Bad Request: there is no photo in the request")
    unknown = await post("sendMessage", json={"chat_id": ann, "text": "x", "colour": 1})
    assert unknown == (400, 'Bad Request: parameter "colour" is not known to sendMessage')
    status, text = await post("sendMessage", json={"chat_id": ann, "text": "x", "reply_markup": "{"})
    assert status == 400
    assert text.startswith("Bad Request: can't parse reply keyboard markup JSON object")
    status, _ = await post("sendMessage", json={"chat_id": ann, "text": "x", "message_thread_id": "many"})
    assert status == 400
    assert await post("sendMessage", data=b"{", headers={"Content-Type": "application/json"}) == (
        400,
        "Bad Request: can't parse JSON object",
    )
    assert await post("sendFox", json={}) == (404, "Not Found: method not found")
    status, text = await post("sendMessage", json={"chat_id": ann, "text": "x", "business_connection_id": "b"})
    assert (status, text) == (400, "Bad Request: business connection not found")
    assert [stored.text for stored in telegram.messages(telegram.ann.chat)] == ["x", "[1]", "query"]
    assert telegram.calls.named("sendFox")[0].status == 404


async def test_unknown_methods_and_tokens(bot: Bot, telegram: TelegramSimulator) -> None:
    with pytest.raises(TelegramNotFound, match="method not found"):
        await bot(SendDice(chat_id=telegram.ann.id))
    for token, refusal in (("42:wrong", TelegramUnauthorizedError), ("42:wr!ng", TelegramNotFound)):
        with pytest.raises(refusal):
            await Bot(token, session=bot.session).get_me()
    session = await bot.session.create_session()  # type: ignore[attr-defined]
    for path in ("/file/bot42:wrong/photos/file_0.jpg", f"/file/bot{telegram.token}/photos/file_0.jpg"):
        async with session.get(telegram.url + path) as response:
            assert response.status in {401, 404}


async def test_the_log_holds_no_secrets_and_no_bytes(bot: Bot, telegram: TelegramSimulator) -> None:
    data = orange()
    await bot.send_photo(telegram.ann.id, upload(data, "fox.jpg"), caption=f"my token is {telegram.token}")
    (call,) = telegram.calls.named("sendPhoto")
    assert call.request["photo"] == {"file": "fox.jpg", "size": len(data), "type": "image/jpeg"}
    assert (call.status, call.response["ok"]) == (200, True)
    assert telegram.token not in json.dumps(call.as_json())
