"""How updates arrive: twice, by webhook, from strangers, in another language, after a restart."""

import asyncio
import hashlib
import time
from collections.abc import AsyncIterator
from io import BytesIO
from pathlib import Path
from typing import Literal

import pytest
from aiohttp import ClientSession
from yarl import URL

from bot.demo.telegram import Delay, Flood, Refusal
from bot.telegram import update_inbox
from tests.support.app_harness import AppHarness, open_app_harness, picture, picture_info
from tests.support.fast_time import SPEED, on_its_way


@pytest.fixture
async def harness(tmp_path: Path) -> AsyncIterator[AppHarness]:
    async with open_app_harness(tmp_path) as harness:
        yield harness


# delivered twice


async def test_a_prompt_delivered_twice_is_one_job(harness: AppHarness) -> None:
    harness.hold()
    await harness.say("a fox")
    harness.telegram.redeliver()
    await harness.all_submitted(1)
    harness.telegram.redeliver()
    await harness.taken_in()
    harness.release()
    await harness.ended()
    harness.telegram.redeliver()
    await harness.quiet()
    assert len(harness.tasks) == 1
    assert len(harness.answers()) == 1


async def test_a_press_delivered_twice_acts_once(harness: AppHarness) -> None:
    result = await harness.made("a fox")
    await harness.press(result, "Again")
    harness.telegram.redeliver()
    await harness.quiet()
    assert len(harness.tasks) == 2


async def test_an_album_delivered_twice_is_one_job(harness: AppHarness) -> None:
    await harness.say("together", picture(201), picture(202))
    first = harness.telegram.world.updates.sent[-2]["update_id"]
    harness.telegram.redeliver(first)
    await harness.ended()
    harness.telegram.redeliver()
    harness.telegram.redeliver(first)
    await harness.quiet()
    (task,) = harness.tasks
    assert [picture_info(one)[1] for one in task.references] == [201, 202]
    assert len(harness.answers()) == 1


async def test_a_prompt_delivered_again_after_a_restart_is_one_job(harness: AppHarness) -> None:
    await harness.made("a fox")
    await harness.restart()
    harness.telegram.redeliver()
    await harness.quiet()
    assert len(harness.tasks) == 1
    assert len(harness.answers()) == 1


async def test_what_was_written_while_the_bot_was_away_is_answered(harness: AppHarness) -> None:
    await harness.stop()
    await harness.say("a fox")
    await harness.say("together", picture(201), picture(202))
    await harness.start()
    await harness.all_submitted(2)
    await harness.quiet()
    assert {task.prompt: len(task.references) for task in harness.tasks} == {"a fox": 0, "together": 2}


async def test_stopping_while_an_album_arrives_loses_nothing(harness: AppHarness) -> None:
    await harness.say("together", picture(201), picture(202))
    await harness.telegram.until(lambda: not len(harness.telegram.world.updates))
    await harness.restart()
    await harness.all_submitted(1)
    await harness.quiet()
    assert [picture_info(one)[1] for one in harness.tasks[0].references] == [201, 202]


@pytest.mark.parametrize("updates", ["polling", "webhook"])
async def test_what_is_being_answered_is_finished_before_the_bot_stops(
    tmp_path: Path, updates: Literal["polling", "webhook"]
) -> None:
    async with open_app_harness(tmp_path, updates=updates) as harness:
        harness.telegram.play(Delay(method="sendMessage", seconds=0.2))
        await harness.say("", picture(201))
        await harness.telegram.until(lambda: not len(harness.telegram.world.updates))
        await harness.restart()
        await harness.made("in blue")
        assert [picture_info(one)[1] for one in harness.tasks[0].references] == [201]


# by webhook


async def test_by_webhook(tmp_path: Path) -> None:
    async with open_app_harness(tmp_path, updates="webhook") as harness:
        assert harness.telegram.webhook.url.endswith("/telegram")
        await harness.made("in blue", picture(201))
        (result,) = harness.answers()
        assert [picture_info(one)[1] for one in harness.tasks[0].references] == [201]
        await harness.press(result, "Again")
        harness.telegram.redeliver()
        await harness.quiet()
        assert len(harness.tasks) == 2
        await harness.say("together", picture(201), picture(202))
        await harness.all_submitted(3)
        await harness.quiet()
        assert len(harness.tasks[-1].references) == 2


async def test_the_webhook_takes_updates_from_telegram_only(tmp_path: Path) -> None:
    async with open_app_harness(tmp_path, updates="webhook") as harness:
        forged = {"update_id": 1, "message": {"message_id": 1}}
        async with ClientSession() as session, session.post(harness.telegram.webhook.url, json=forged) as answer:
            assert answer.status == 401


async def test_what_telegram_would_never_post_is_refused(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    posts: list[bytes] = [
        b"[" * 100_000 + b"]" * 100_000,
        b'{"update_id": 1, "message": ' + b'{"a":' * 500 + b"1" + b"}" * 501,
        b'{"update_id": 1, "message": [' + b"0," * 200_000 + b"0]}",
        b'{"update_id": "\xff"}',
        b'{"update_id": "7"}',
        b'{"update_id": 1e400}',
        b'{"update_id": NaN}',
        b'{"update_id": -1}',
        b'{"update_id": 99999999999999999999999}',
        b"[]",
        b"null",
        b"",
    ]
    async with open_app_harness(tmp_path, updates="webhook") as harness, ClientSession() as session:
        hook = harness.telegram.webhook
        secret = hashlib.sha256(f"webhook {harness.telegram.token}".encode()).hexdigest()
        heads = {"X-Telegram-Bot-Api-Secret-Token": secret, "Content-Type": "application/json; charset=none"}
        for post in posts:
            async with session.post(hook.url, data=post, headers=heads) as answer:
                assert answer.status == 400, post[:40]
        async with session.post(hook.url, data=BytesIO(b" " * (2 << 20)), headers=heads) as answer:
            assert answer.status == 413
        await harness.made("a fox")
    assert "Traceback" not in caplog.text


async def test_a_secret_that_is_no_text_is_refused_without_a_word(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with open_app_harness(tmp_path, updates="webhook") as harness:
        url = URL(harness.telegram.webhook.url)
        reader, writer = await asyncio.open_connection(url.host, url.port)
        head = f"POST {url.path} HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\nX-Telegram-Bot-Api-Secret-Token: "
        writer.write(head.encode() + b"\xff\r\n\r\n")
        assert b" 401 " in await reader.readline()
        writer.close()
    assert "Error handling request" not in caplog.text


async def test_from_webhook_back_to_polling(tmp_path: Path) -> None:
    async with open_app_harness(tmp_path, updates="webhook") as harness:
        await harness.made("a fox")
        harness.updates = "polling"
        await harness.restart()
        await harness.made("a cat")
        assert harness.telegram.webhook.url == ""
        assert len(harness.tasks) == 2


# one person's updates don't block others


async def test_a_muted_chat_holds_up_nobody_else(monkeypatch: pytest.MonkeyPatch, harness: AppHarness) -> None:
    """Fifty updates wait in a chat of which Telegram demands a minute; another person's prompt is answered at once."""
    # They are still waiting when the test ends.
    monkeypatch.setattr(update_inbox, "STOP_SECONDS", 0.1)
    result = await harness.made("a fox")
    count = len(harness.answers())
    harness.telegram.play(Flood(method="sendMessage", chat=harness.ann.chat.id, retry_after=60 * SPEED, times=50))
    for _ in range(50):
        await harness.say("/help")
    await harness.telegram.until(lambda: not on_its_way(harness.telegram))
    began = time.monotonic()
    await harness.say("a hare", who=harness.bob)
    await harness.shown("Again", harness.bob.chat)
    # The person's own presses are answered, too.
    press = harness.telegram.press(harness.ann, result, "🗑")
    await harness.telegram.until(lambda: press.answer)
    # Usually a fraction of a second; more on a busy machine.
    assert time.monotonic() - began < 20
    assert len(harness.answers()) == count


# languages


async def test_everybody_is_answered_in_their_language(harness: AppHarness) -> None:
    await harness.made("/imagine a fox --n 2", chat=harness.group)
    await harness.made("/imagine 一只狐狸 --n 2", chat=harness.group, who=harness.ming)
    english, chinese = (message for message in harness.answers(harness.group) if message.keyboard)
    assert english.text == "✅ 2 pictures · for Ann"
    assert chinese.text != english.text
    assert "2" in chinese.text
    # A press is answered in the language of the person who presses.
    assert (await harness.press(chinese, chinese.buttons[2], harness.ann)).text.startswith("Only whoever asked for")
    assert not (await harness.press(english, english.buttons[2], harness.ming)).text.startswith("Only whoever")


async def test_chinese_all_the_way(harness: AppHarness) -> None:
    for words, files in (("/start", ()), ("/help", ()), ("/nothing", ()), ("", (picture(),)), ("狐狸 --ar 9:1", ())):
        await harness.telegram.send(harness.ming, text=words, files=files)
    await harness.made("一只狐狸", who=harness.ming)
    await harness.say("/history 狐狸", who=harness.ming)
    await harness.shown("🔎 狐狸", harness.ming.chat)
    await harness.quiet()
    texts = [message.text for message in harness.answers(harness.ming.chat)]
    assert len(texts) == 7
    assert all(any("\u4e00" <= sign <= "\u9fff" for sign in text) for text in texts)
    english = ("Hi!", "draw", "options", "picture", "Write", "know", "extreme", "anything")
    assert not [text for text in texts if any(word in text for word in english)]


async def test_the_commands_are_told_to_telegram(tmp_path: Path) -> None:
    async with open_app_harness(tmp_path, tells=True) as harness:
        texts = harness.telegram.bot_user.texts
        await harness.telegram.until(lambda: ("short_description", "") in texts)
        names = [one["command"] for one in harness.telegram.bot_user.commands["default", ""]]
        assert names[:3] == ["imagine", "duel", "history"]


async def test_an_unexpected_error_is_answered(harness: AppHarness, caplog: pytest.LogCaptureFixture) -> None:
    result = await harness.made("a fox")
    harness.telegram.play(Refusal(method="sendPhoto", code=400, description="Bad Request: something new"))
    asked = await harness.say("/history")
    told = await harness.shown("went wrong on my side")
    assert told.reply_to == asked.id
    await harness.quiet()
    assert "failed; it is not repeated" in caplog.text
    assert result.photo
