"""How updates arrive: twice, by webhook, from strangers, in another language, after a restart."""

import hashlib
import time
from collections.abc import AsyncIterator
from io import BytesIO
from pathlib import Path
from typing import Literal

import pytest
from aiohttp import ClientSession

from bot.demo.chat import groups
from bot.demo.telegram import Delay, Flood, Refusal
from bot.settings import AccessSettings
from bot.telegram import inbox
from tests.support.haste import SPEED, on_its_way
from tests.support.house import House, look, open_house, picture


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    async with open_house(tmp_path) as house:
        yield house


# delivered twice


async def test_a_prompt_delivered_twice_is_one_job(house: House) -> None:
    house.hold()
    await house.say("a fox")
    house.telegram.redeliver()
    await house.all_submitted(1)
    house.telegram.redeliver()
    await house.taken_in()
    house.release()
    await house.ended()
    house.telegram.redeliver()
    await house.quiet()
    assert len(house.tasks) == 1
    assert len(house.answers()) == 1


async def test_a_press_delivered_twice_acts_once(house: House) -> None:
    result = await house.made("a fox")
    await house.press(result, "Again")
    house.telegram.redeliver()
    await house.quiet()
    assert len(house.tasks) == 2


async def test_an_album_delivered_twice_is_one_job(house: House) -> None:
    await house.say("together", picture(201), picture(202))
    first = house.telegram.world.updates.sent[-2]["update_id"]
    house.telegram.redeliver(first)
    await house.ended()
    house.telegram.redeliver()
    house.telegram.redeliver(first)
    await house.quiet()
    (task,) = house.tasks
    assert [look(one)[1] for one in task.references] == [201, 202]
    assert len(house.answers()) == 1


async def test_a_prompt_delivered_again_after_a_restart_is_one_job(house: House) -> None:
    await house.made("a fox")
    await house.restart()
    house.telegram.redeliver()
    await house.quiet()
    assert len(house.tasks) == 1
    assert len(house.answers()) == 1


async def test_what_was_written_while_the_bot_was_away_is_answered(house: House) -> None:
    await house.stop()
    await house.say("a fox")
    await house.say("together", picture(201), picture(202))
    await house.start()
    await house.all_submitted(2)
    await house.quiet()
    assert {task.prompt: len(task.references) for task in house.tasks} == {"a fox": 0, "together": 2}


async def test_stopping_while_an_album_arrives_loses_nothing(house: House) -> None:
    await house.say("together", picture(201), picture(202))
    await house.telegram.until(lambda: not len(house.telegram.world.updates))
    await house.restart()
    await house.all_submitted(1)
    await house.quiet()
    assert [look(one)[1] for one in house.tasks[0].references] == [201, 202]


@pytest.mark.parametrize("updates", ["polling", "webhook"])
async def test_what_is_being_answered_is_finished_before_the_bot_stops(
    tmp_path: Path, updates: Literal["polling", "webhook"]
) -> None:
    async with open_house(tmp_path, updates=updates) as house:
        house.telegram.play(Delay(method="sendMessage", seconds=0.2))
        await house.say("", picture(201))
        await house.telegram.until(lambda: not len(house.telegram.world.updates))
        await house.restart()
        await house.made("in blue")
        assert [look(one)[1] for one in house.tasks[0].references] == [201]


# by webhook


async def test_by_webhook(tmp_path: Path) -> None:
    async with open_house(tmp_path, updates="webhook") as house:
        assert house.telegram.webhook.url.endswith("/telegram")
        await house.made("in blue", picture(201))
        (result,) = house.answers()
        assert [look(one)[1] for one in house.tasks[0].references] == [201]
        await house.press(result, "Again")
        house.telegram.redeliver()
        await house.quiet()
        assert len(house.tasks) == 2
        await house.say("together", picture(201), picture(202))
        await house.all_submitted(3)
        await house.quiet()
        assert len(house.tasks[-1].references) == 2


async def test_the_webhook_takes_updates_from_telegram_only(tmp_path: Path) -> None:
    async with open_house(tmp_path, updates="webhook") as house:
        forged = {"update_id": 1, "message": {"message_id": 1}}
        async with ClientSession() as session, session.post(house.telegram.webhook.url, json=forged) as answer:
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
    async with open_house(tmp_path, updates="webhook") as house, ClientSession() as session:
        hook = house.telegram.webhook
        secret = hashlib.sha256(f"webhook {house.telegram.token}".encode()).hexdigest()
        heads = {"X-Telegram-Bot-Api-Secret-Token": secret, "Content-Type": "application/json; charset=none"}
        for post in posts:
            async with session.post(hook.url, data=post, headers=heads) as answer:
                assert answer.status == 400, post[:40]
        async with session.post(hook.url, data=BytesIO(b" " * (2 << 20)), headers=heads) as answer:
            assert answer.status == 413
        await house.made("a fox")
    assert "Traceback" not in caplog.text


async def test_from_webhook_back_to_polling(tmp_path: Path) -> None:
    async with open_house(tmp_path, updates="webhook") as house:
        await house.made("a fox")
        house.updates = "polling"
        await house.restart()
        await house.made("a cat")
        assert house.telegram.webhook.url == ""
        assert len(house.tasks) == 2


# who may


async def test_people_who_are_not_invited(tmp_path: Path) -> None:
    async with open_house(tmp_path, access=AccessSettings(users=frozenset({510_000_001}))) as house:
        await house.made("a fox")
        await house.say("a cat", who=house.bob)
        told = await house.shown("invitation-only. Ask", house.bob.chat)
        assert str(house.bob.id) in told.text
        await house.say("", picture(), picture(), picture(), who=house.bob)
        await house.quiet()
        assert len(house.answers(house.bob.chat)) == 2
        assert [task.prompt for task in house.tasks] == ["a fox"]


async def test_admins_may_always(tmp_path: Path) -> None:
    access = AccessSettings(users=frozenset({1}), admins=frozenset({510_000_001}))
    async with open_house(tmp_path, access=access) as house:
        await house.made("a fox")
        assert len(house.tasks) == 1


async def test_groups_that_are_not_listed(tmp_path: Path) -> None:
    async with open_house(tmp_path, access=AccessSettings(chats=frozenset({-1}))) as house:
        groups.set_bot_status(house.telegram.world, house.group, "administrator")
        await house.say("hello everybody", chat=house.group)
        await house.say("/imagine@another_bot a cat", chat=house.group)
        asked = await house.say("/imagine a cat", chat=house.group)
        told = await house.shown("isn't open to this group", house.group)
        assert told.reply_to == asked.id
        assert str(house.group.id) in told.text
        await house.quiet()
        assert len(house.answers(house.group)) == 1
        await house.made("a fox")
        assert [task.prompt for task in house.tasks] == ["a fox"]


async def test_groups_that_are_listed_are_open_to_their_members(tmp_path: Path) -> None:
    async with open_house(tmp_path) as other:
        group = other.group.id
    access = AccessSettings(chats=frozenset({group}), users=frozenset({510_000_001}))
    async with open_house(tmp_path, access=access) as house:
        await house.made("/imagine a fox", chat=house.group, who=house.bob)
        assert len(house.tasks) == 1
        result = house.answers(house.group)[-1]
        house.telegram.press(house.bob, result, "🔁 Again")
        await house.quiet()
        assert len(house.tasks) == 2


async def test_a_press_of_somebody_who_is_not_invited(tmp_path: Path) -> None:
    async with open_house(tmp_path, access=AccessSettings(users=frozenset({510_000_001}))) as house:
        result = await house.made("/imagine a fox", chat=house.group)
        told = await house.press(result, "Files", house.bob)
        assert told.alert
        assert told.text == "This bot is invitation-only."


# one person's trouble


async def test_a_muted_chat_holds_up_nobody_else(monkeypatch: pytest.MonkeyPatch, house: House) -> None:
    """Fifty updates wait where Telegram demands a minute; somebody else's prompt is answered at once."""
    # They are still waiting when this is over.
    monkeypatch.setattr(inbox, "PATIENCE", 0.1)
    result = await house.made("a fox")
    count = len(house.answers())
    house.telegram.play(Flood(method="sendMessage", chat=house.ann.chat.id, retry_after=60 * SPEED, times=50))
    for _ in range(50):
        await house.say("/help")
    await house.telegram.until(lambda: not on_its_way(house.telegram))
    began = time.monotonic()
    await house.say("a hare", who=house.bob)
    await house.shown("Again", house.bob.chat)
    # The person's own presses are heard, too.
    press = house.telegram.press(house.ann, result, "🗑")
    await house.telegram.until(lambda: press.answer)
    # A fraction of a second, but where the machine is busy.
    assert time.monotonic() - began < 5
    assert len(house.answers()) == count


# in which language


async def test_everybody_is_answered_in_their_language(house: House) -> None:
    await house.made("/imagine a fox --n 2", chat=house.group)
    await house.made("/imagine 一只狐狸 --n 2", chat=house.group, who=house.ming)
    english, chinese = (message for message in house.answers(house.group) if message.keyboard)
    assert english.text == "✅ 2 pictures · for Ann"
    assert chinese.text != english.text
    assert "2" in chinese.text
    # A button speaks the language of who presses it.
    assert (await house.press(chinese, chinese.buttons[1], house.ann)).text.startswith("These buttons belong to")
    assert not (await house.press(english, english.buttons[1], house.ming)).text.startswith("These buttons")


async def test_chinese_all_the_way(house: House) -> None:
    for words, files in (("/start", ()), ("/help", ()), ("/nothing", ()), ("", (picture(),)), ("狐狸 --ar 9:1", ())):
        await house.telegram.send(house.ming, text=words, files=files)
    await house.made("一只狐狸", who=house.ming)
    await house.say("/history 狐狸", who=house.ming)
    await house.shown("🔎 狐狸", house.ming.chat)
    await house.quiet()
    texts = [message.text for message in house.answers(house.ming.chat)]
    assert len(texts) == 7
    assert all(any("\u4e00" <= sign <= "\u9fff" for sign in text) for text in texts)
    english = ("Hi!", "draw", "options", "picture", "Write", "know", "extreme", "anything")
    assert not [text for text in texts if any(word in text for word in english)]


async def test_the_commands_are_told_to_telegram(tmp_path: Path) -> None:
    async with open_house(tmp_path, tells=True) as house:
        texts = house.telegram.bot_user.texts
        await house.telegram.until(lambda: ("short_description", "") in texts)
        names = [one["command"] for one in house.telegram.bot_user.commands["default", ""]]
        assert names[:3] == ["imagine", "history", "style"]


# what nobody thought of


async def test_a_mishap_is_told_instead_of_silence(house: House, caplog: pytest.LogCaptureFixture) -> None:
    result = await house.made("a fox")
    house.telegram.play(Refusal(method="sendPhoto", code=400, description="Bad Request: something new"))
    asked = await house.say("/history")
    told = await house.shown("went wrong on my side")
    assert told.reply_to == asked.id
    await house.quiet()
    assert "could not be handled" in caplog.text
    assert result.photo
