"""`/admin` about services: paused, resumed and tested by buttons, what waits, what it costs; admins are told once."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.demo.bot_api.model import CallbackAnswer
from bot.demo.telegram import ChatMessage, Refusal
from bot.handlers.admin import notices
from bot.jobs import circuit_breaker, service_tests, task_failures
from bot.settings import AccessSettings
from providers.errors import ProviderBusyError
from providers.jimeng.provider import Jimeng
from providers.jimeng.simulator import Fault
from tests.support.app_harness import AppHarness, open_app_harness
from tests.support.second_service import SecondService

ANN, MING, BOB = 510_000_001, 7_100_000_002, 510_000_003
ADMINS = AccessSettings(open=True, admins={ANN, MING})
REFUSED_KEY = {"kind": "gateway", "action": "submit", "name": "InvalidAccessKey", "status": 401}


@pytest.fixture
async def harness(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[AppHarness]:
    """Ann and 小明 are admins."""
    monkeypatch.setattr(circuit_breaker, "FIRST_PAUSE", 0.3)
    monkeypatch.setattr(circuit_breaker, "LONGEST_PAUSE", 0.3)
    monkeypatch.setattr(task_failures, "OTHERS_FIRST_SECONDS", 0.1)
    async with open_app_harness(tmp_path, access=ADMINS, providers={"jimeng": {"price": "0.20"}}) as harness:
        assert harness.ming.id == MING
        await harness.app.store.people.seen(ANN, "Ann", "en", harness.app.store.clock())
        await harness.app.store.people.seen(MING, "小明", "zh-hans", harness.app.store.clock())
        yield harness


class Menu:
    """The menu of an admin (Ann)."""

    def __init__(self, harness: AppHarness, message: ChatMessage) -> None:
        self._harness = harness
        self.message = message

    async def press(self, *labels: str) -> CallbackAnswer:
        for label in labels:
            answer = await self._harness.press(self.message, label)
        return answer

    @property
    def text(self) -> str:
        return self.message.text


async def opened(harness: AppHarness, *labels: str) -> Menu:
    await harness.say("/admin")
    menu = Menu(harness, await harness.shown("look after"))
    await menu.press(*labels)
    return menu


async def test_an_admin_pauses_and_resumes(harness: AppHarness) -> None:
    menu = await opened(harness, "Services")
    assert menu.text == "🔌 Services\n\nJimeng\n🟢 works"
    await menu.press("Jimeng")
    assert "0 drawing, 0 waiting" in menu.text
    assert "🟢 It works." in menu.text
    harness.hold()
    await harness.say("under way", who=harness.bob)
    await harness.all_submitted(1)
    assert (await menu.press("Pause")).text == "Paused."
    assert "⏸ Paused by \u2068Ann\u2069 since" in menu.text
    await harness.say("waits", who=harness.bob)
    told = await harness.shown("⏸", harness.bob.chat)
    assert told.text.startswith(
        "⏸ Whoever runs this bot has paused this image service for a while.\nYour request stays"
    )
    assert (await menu.press("Refresh")).text == ""
    assert "1 drawing, 1 waiting" in menu.text
    assert "The oldest has waited for" in menu.text
    notice = await harness.shown("暂停了", harness.ming.chat)
    assert "\u2068Ann\u2069 暂停了即梦" in notice.text
    harness.release()
    await harness.shown("Again", harness.bob.chat)
    assert [task.prompt for task in harness.tasks] == ["under way"], "what was begun goes on"
    await harness.restart()
    await harness.shown("⏸", harness.bob.chat)
    assert len(harness.tasks) == 1, "it is paused over a restart"
    await harness.press(notice, "看看", harness.ming)
    assert (await harness.press(notice, "恢复", harness.ming)).text == "已恢复。"
    await harness.ended(chat=harness.bob.chat)
    await harness.telegram.until(lambda: len(harness.tasks) == 2)
    await harness.shown("▶️ \u2068小明\u2069 has resumed Jimeng.")
    # An old button.
    answer = await harness.forge(menu.message, "adm|services|resume|jimeng")
    assert answer.text == "It wasn't paused any more."


async def test_admins_are_told_once_that_a_key_is_refused_and_that_it_works_again(harness: AppHarness) -> None:
    harness.jimeng.faults.append(Fault(**REFUSED_KEY, times=6))
    for prompt in ("one", "two", "three", "four"):
        await harness.say(prompt, who=harness.bob)
        await harness.taken_in()
    told = await harness.shown("🔑 Jimeng refuses its key")
    assert "Correct the key in the configuration and restart me. “Test now” then lets it go on at once." in told.text
    assert "providers.jimeng.access_key is not known" in told.text
    await harness.shown("✅ Jimeng works again.")
    await harness.shown("✅ 即梦恢复正常了。", harness.ming.chat)
    await harness.quiet()
    assert sum("refuses its key" in one.text for one in harness.answers()) == 1
    assert sum("密钥" in one.text for one in harness.answers(harness.ming.chat)) == 1
    assert not any("🔑" in one.text for one in harness.answers(harness.bob.chat))
    await harness.press(told, "Look at it")
    assert "🟢 It works." in told.text


async def test_a_good_test_resumes_a_service_whose_key_was_refused(
    harness: AppHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(circuit_breaker, "FIRST_PAUSE", 600.0)
    monkeypatch.setattr(circuit_breaker, "LONGEST_PAUSE", 600.0)
    harness.jimeng.faults.append(Fault(**REFUSED_KEY, times=3))
    for prompt in ("one", "two"):
        await harness.say(prompt, who=harness.bob)
        await harness.quiet()
    await harness.say("three", who=harness.bob)
    await harness.shown("⏸", harness.bob.chat)
    menu = await opened(harness, "Services", "Jimeng")
    assert "🔴 Paused by itself since" in menu.text
    assert "its key is refused" in menu.text
    assert "Next try: " in menu.text
    harness.jimeng.faults.append(Fault(kind="gateway", name="InvalidAccessKey", status=401))
    await menu.press("Test now")
    assert "🧪 Tested at" in menu.text
    assert "is not known: create an access key" in menu.text
    assert "🔴" in menu.text
    await menu.press("Test now")
    assert "it accepts the credentials, so it goes on." in menu.text
    assert "🟢 It works." in menu.text
    await harness.ended(chat=harness.bob.chat)
    assert [task.prompt for task in harness.tasks] == ["three"]
    await harness.shown("✅ 即梦", harness.ming.chat)
    assert not any("works again" in one.text for one in harness.answers()), "she has seen it"


async def test_a_test_that_hangs_holds_nobody_up(harness: AppHarness, monkeypatch: pytest.MonkeyPatch) -> None:
    started, tests = asyncio.Event(), 0

    async def hangs(_self: Jimeng) -> None:
        nonlocal tests
        tests += 1
        started.set()
        await asyncio.Event().wait()

    monkeypatch.setattr(Jimeng, "check", hangs)
    monkeypatch.setattr(service_tests, "WAIT_SECONDS", 0.05)
    menu = await opened(harness, "Services", "Jimeng", "Test now")
    await started.wait()
    assert "🧪 It is being tested…" in menu.text
    await harness.made("a fox", who=harness.bob)
    await menu.press("Test now")
    assert tests == 1
    monkeypatch.setattr(service_tests, "TEST_SECONDS", 0.05)
    await harness.restart()
    await menu.press("Test now")
    await menu.press("Refresh")
    assert "it gave no answer within" in menu.text


async def test_an_admin_who_has_blocked_the_bot_disturbs_nobody(
    harness: AppHarness, caplog: pytest.LogCaptureFixture
) -> None:
    harness.telegram.set_bot(harness.ming.chat, "kicked")
    harness.jimeng.faults.append(Fault(**REFUSED_KEY, times=3))
    for prompt in ("one", "two", "three"):
        await harness.say(prompt, who=harness.bob)
        await harness.taken_in()
    await harness.shown("🔑 Jimeng refuses its key")
    await harness.shown("✅ Jimeng works again.")
    await harness.quiet()
    assert [task.prompt for task in harness.tasks] == ["three"]
    assert "telling an admin" not in caplog.text


async def test_a_notice_that_telegram_could_not_take_comes_later(
    harness: AppHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(notices, "RETRY_DELAYS", (0.02,))
    harness.telegram.play(Refusal(method="sendMessage", chat=ANN, code=502, description="Bad Gateway"))
    harness.jimeng.faults.append(Fault(**REFUSED_KEY, times=3))
    for prompt in ("one", "two", "three"):
        await harness.say(prompt, who=harness.bob)
        await harness.taken_in()
    await harness.shown("🔑 Jimeng refuses its key")
    await harness.shown("✅ Jimeng works again.")


async def test_what_waits_goes_to_the_fallback(second: SecondService, tmp_path: Path) -> None:
    second.steps.open()
    async with second.harness(tmp_path, concurrency=1, fallback="openai") as harness:
        harness.hold()
        await harness.say("under way")
        await harness.all_submitted(1)
        await harness.say("waits", who=harness.bob)
        menu = await opened(harness, "Services", "Jimeng")
        assert "While it is paused, OpenAI takes over what it can." in menu.text
        await menu.press("Pause")
        await harness.shown("Again", harness.bob.chat)
        await harness.say("comes later", who=harness.bob)
        await harness.telegram.until(lambda: second.prompts == ["waits", "comes later"])
        harness.release()
        await harness.ended()
        assert [task.prompt for task in harness.tasks] == ["under way"]


async def test_what_was_under_way_and_is_turned_away_goes_there_too(
    second: SecondService, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    submitting, paused = asyncio.Event(), asyncio.Event()

    async def busy(*_: object) -> str:
        submitting.set()
        await paused.wait()
        raise ProviderBusyError(retry_after=0.05)

    monkeypatch.setattr(Jimeng, "submit", busy)
    second.steps.open()
    async with second.harness(tmp_path, fallback="openai") as harness:
        await harness.say("a fox")
        await submitting.wait()
        menu = await opened(harness, "Services", "Jimeng", "Pause")
        assert "1 drawing" in menu.text
        paused.set()
        await harness.ended()
        assert second.prompts == ["a fox"]


async def test_what_runs_and_cancelling_one(harness: AppHarness) -> None:
    harness.bob.name = "Bob <b> & Co"
    await harness.app.store.people.seen(BOB, "Bob <b> & Co", "en", harness.app.store.clock())
    harness.hold()
    for number in range(9):
        await harness.say(f"secret {number}", who=harness.bob)
    await harness.all_submitted(8)
    await harness.shown("You are next", harness.bob.chat)
    menu = await opened(harness, "Queue")
    assert "Jimeng: 8 drawing, 1 waiting (the oldest for" in menu.text
    assert "1. \u2068Bob <b> & Co\u2069 · Jimeng · drawing for" in menu.text
    assert "secret" not in menu.text
    await menu.press("2/2 ›")
    assert "9. \u2068Bob <b> & Co\u2069 · Jimeng · waiting for" in menu.text
    await menu.press("9")
    assert "in a private chat" in menu.text
    assert "secret" not in menu.text
    assert (await menu.press("Cancel it")).text == "Cancelled."
    await harness.shown("Whoever runs this bot has cancelled this. Nothing was charged.", harness.bob.chat)
    assert "8 drawing, 0 waiting" in menu.text
    await menu.press("1")
    await menu.press("Cancel it")
    await harness.shown("you'll find it in /history when it's ready", harness.bob.chat)
    harness.release()
    await harness.quiet()
    assert len(harness.album(harness.bob.chat)) == 7
    for forged in (
        "adm|jobs|cancel|j99999999999999999999",
        "adm|jobs|cancel|x",
        "adm|jobs||p999999999999999999",
        "adm|jobs||pé",
    ):
        await harness.forge(menu.message, forged)
    assert "Nothing is waiting or being drawn." in menu.text


async def test_spending_by_name(harness: AppHarness) -> None:
    harness.bob.name = "Bob <b>"
    await harness.app.store.people.seen(BOB, "Bob <b>", "en", harness.app.store.clock())
    menu = await opened(harness, "Spending")
    assert "Nothing yet." in menu.text
    await harness.made("a fox", who=harness.bob)
    await menu.press("Today")
    assert "Spending today" in menu.text
    assert "Jimeng: 1 · ¥0.20" in menu.text
    assert "\u2068Bob <b>\u2069: 1 · ¥0.20" in menu.text
    await menu.press("This month")
    assert "Spending this month" in menu.text
    await harness.say("/usage")
    everybody = await harness.shown("Everyone's")
    assert "\u2068Bob <b>\u2069: 1 · ¥0.20" in everybody.text


@pytest.fixture
def second() -> SecondService:
    return SecondService()
