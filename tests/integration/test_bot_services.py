"""Several services in one bot: choosing one, previews, costs, and the fallback of one that doesn't work."""

import asyncio
import traceback
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from bot.jobs import circuit_breaker, task_failures
from bot.jobs.request_builder import RequestBuilder
from providers import http
from providers.jimeng.simulator import Fault
from providers.simulators.faults import Fault as ServiceFault
from storage.database import StoreError
from storage.provider_health import ProviderHealths
from tests.support.app_harness import picture
from tests.support.second_service import SecondService


@pytest.fixture
def second() -> SecondService:
    return SecondService()


async def test_previews_are_shown_in_the_status_message(second: SecondService, tmp_path: Path) -> None:
    async with second.harness(tmp_path) as harness:
        await harness.say("a fox --provider openai")
        status = await harness.shown("Drawing")
        assert not status.photo
        sides: list[object] = []
        for _ in range(2):
            await harness.telegram.until(lambda: second.steps.waiting)
            second.steps.go()
            await harness.telegram.until(lambda: status.photo and status.photo not in sides)
            assert "Drawing" in status.text
            assert status.keyboard, "it can still be cancelled"
            sides.append(status.photo)
        second.steps.open()
        result = await harness.ended()
        assert result.id == status.id, "one message from the prompt to the picture"
        assert result.photo not in sides
        assert "a fox" in result.text


async def test_a_refusal_after_a_preview_is_said_under_it(second: SecondService, tmp_path: Path) -> None:
    async with second.harness(tmp_path) as harness:
        await harness.say("an unsafe result --provider openai")
        status = await harness.shown("Drawing")
        await harness.telegram.until(lambda: second.steps.waiting)
        second.steps.go()
        await harness.telegram.until(lambda: status.photo)
        second.steps.open()
        await harness.quiet()
        assert "held it back" in status.text


async def test_paid_bytes_that_are_no_picture_are_kept(second: SecondService, tmp_path: Path) -> None:
    """They are told as damaged, and stay in the store: somebody may look at them later."""
    second.steps.open()
    async with second.harness(tmp_path) as harness:
        spoken = '{"data": [{"b64_json": "%paid%"}]}'
        second.service.faults.append(ServiceFault(kind="text", action="submit", text=spoken))
        await harness.say("a fox --provider openai")
        assert (await harness.ended("Look again")).text == "⚠️ The service's file is damaged or isn't a picture."
        await harness.quiet()
        assert await harness.app.store.pictures.data(1) == b"%paid%"


async def test_ones_own_service(second: SecondService, tmp_path: Path) -> None:
    second.steps.open()
    async with second.harness(tmp_path) as harness:
        await harness.say("/models")
        listed = await harness.shown("Jimeng")
        assert "OpenAI" in listed.text
        await harness.press(listed, "OpenAI")
        await harness.made("a fox")
        assert (second.prompts, harness.tasks) == (["a fox"], [])
        await harness.made("a hare --provider jimeng")
        assert [task.prompt for task in harness.tasks] == ["a hare"]
        await harness.say("一只猫", who=harness.ming)
        await harness.ended("再来一次", harness.ming.chat)
        assert len(harness.tasks) == 2, "the choice holds for one person"
        await harness.press(listed, "Jimeng")
        await harness.made("an owl")
        assert len(harness.tasks) == 3


async def test_what_it_costs(second: SecondService, tmp_path: Path) -> None:
    second.steps.open()
    async with second.harness(tmp_path) as harness:
        await harness.say("/usage", who=harness.ming)
        await harness.shown("还没有", harness.ming.chat)
        await harness.made("a fox")
        await harness.made("a hare --provider openai")
        await harness.say("一只猫", who=harness.ming)
        await harness.ended("再来一次", harness.ming.chat)
        await harness.say("/usage")
        mine, everybody = (await harness.shown("Everyone")).text.split("Everyone's")
        assert "Jimeng: 1 · ¥0.20" in mine
        assert "OpenAI: 1 · $0.042" in mine
        assert "\u2068小明\u2069: 1" in everybody
        await harness.say("/usage", who=harness.ming)
        shown = await harness.shown("你本月的图片", harness.ming.chat)
        assert str(harness.ann.id) not in shown.text
        assert "OpenAI" not in shown.text


@pytest.fixture
def quick_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(circuit_breaker, "FIRST_PAUSE", 100.0)
    monkeypatch.setattr(task_failures, "OTHERS_FIRST_SECONDS", 0.1)
    monkeypatch.setattr(http, "UNREACHABLE_RETRY_SECONDS", 0.01)


async def test_another_steps_in_when_the_first_is_not_set_up(second: SecondService, tmp_path: Path) -> None:
    second.steps.open()
    async with second.harness(tmp_path, fallback="openai") as harness:
        harness.jimeng.faults.append(Fault(kind="gateway", action="submit", name="InvalidAccessKey", status=401))
        result = await harness.made("a fox")
        assert second.prompts == ["a fox"]
        assert "Jimeng isn't working right now, so OpenAI made this." in result.text
        await harness.made("a hare")
        assert [task.prompt for task in harness.tasks] == ["a hare"], "the next job tries the first service again"


@pytest.mark.usefixtures("quick_pauses")
async def test_another_steps_in_while_the_first_is_paused(second: SecondService, tmp_path: Path) -> None:
    second.steps.open()
    async with second.harness(tmp_path, fallback="openai") as harness:
        await harness.jimeng.aclose()
        await harness.made("a fox")
        assert second.prompts == ["a fox"]
        await harness.made("a hare")
        assert second.prompts == ["a fox", "a hare"]
        assert harness.tasks == []


async def test_another_steps_in_for_one_that_is_busy_for_long(second: SecondService, tmp_path: Path) -> None:
    second.steps.open()
    async with second.harness(tmp_path, fallback="openai", busy_limit=0.01) as harness:
        harness.jimeng.faults.append(Fault(kind="code", action="submit", code=50430, times=9, retry_after="0.05"))
        await harness.say("an owl")
        ended = await harness.ended()
        assert "Jimeng isn't working right now, so OpenAI made this." in ended.text
        assert (second.prompts, harness.tasks) == (["an owl"], [])


async def test_a_refusal_is_not_taken_elsewhere(second: SecondService, tmp_path: Path) -> None:
    second.steps.open()
    async with second.harness(tmp_path, fallback="openai") as harness:
        harness.jimeng.faults.append(Fault(kind="code", action="submit", code=50412))
        await harness.say("a fox")
        await harness.shown("refused")
        await harness.quiet()
        assert second.prompts == []


async def test_what_may_be_paid_is_not_taken_elsewhere(second: SecondService, tmp_path: Path) -> None:
    second.steps.open()
    async with second.harness(tmp_path, fallback="openai") as harness:
        harness.jimeng.faults.append(Fault(kind="lost", action="submit"))
        await harness.say("a fox")
        await harness.shown("can't tell whether")
        await harness.quiet()
        assert (second.prompts, len(harness.tasks)) == ([], 1)


async def test_a_stop_waits_for_an_answer_that_would_be_lost(second: SecondService, tmp_path: Path) -> None:
    async with second.harness(tmp_path) as harness:
        await harness.say("a fox --provider openai")
        await harness.telegram.until(lambda: second.steps.waiting)
        stopping = asyncio.create_task(harness.stop())
        done, _ = await asyncio.wait({stopping}, timeout=0.2)
        assert not done, "the task is paid, and its answer can't be fetched later"
        second.steps.open()
        await stopping
        await harness.start()
        await harness.ended()
        assert second.prompts == ["a fox"]


async def test_an_answer_that_was_lost_with_the_process_is_asked_about(
    second: SecondService, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with second.harness(tmp_path) as harness:
        monkeypatch.setattr("bot.jobs.task_runner.ANSWER_SECONDS", 0.01)
        monkeypatch.setattr("bot.jobs.component.STOP_SECONDS", 0.01)
        await harness.say("a fox --provider openai")
        await harness.telegram.until(lambda: second.steps.waiting)
        await harness.restart()
        asked = await harness.shown("can't tell whether")
        await harness.quiet()
        assert second.prompts == ["a fox"], "nothing is paid twice by itself"
        second.steps.open()
        await harness.press(asked, "Try again")
        await harness.ended()
        assert second.prompts == ["a fox", "a fox"]


async def test_a_fault_after_previews_is_not_submitted_again(second: SecondService, tmp_path: Path) -> None:
    """Whatever the error says: something was drawn, and may be paid."""
    take = second.service.take

    def busy_later(*args: Any, **kwargs: Any) -> Any:
        task = take(*args, **kwargs)
        task.problem = "busy"
        return task

    second.service.take = busy_later  # type: ignore[method-assign]
    second.steps.open()
    async with second.harness(tmp_path) as harness:
        await harness.say("a fox --provider openai")
        told = await harness.shown("failed to make this picture")
        assert "This attempt may have been charged." in told.text
        await harness.quiet()
        assert second.prompts == ["a fox"]


async def test_a_store_that_stumbles_does_not_lose_a_job_on_its_way(
    second: SecondService, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    second.steps.open()
    get, failures = ProviderHealths.get, 0

    def handing_over() -> bool:
        return any(frame.name == "_hand_over" for frame in traceback.extract_stack())

    async def stumble(self: ProviderHealths, name: str) -> Any:
        nonlocal failures
        if name == "openai" and handing_over() and not failures:
            failures += 1
            raise StoreError("database is locked")
        return await get(self, name)

    async with second.harness(tmp_path, fallback="openai") as harness:
        harness.jimeng.faults.append(Fault(kind="gateway", action="submit", name="InvalidAccessKey", status=401))
        monkeypatch.setattr(ProviderHealths, "get", stumble)
        harness.app.engine.context.sleep = _at_once
        await harness.made("a fox")
        assert (failures, second.prompts, len(harness.tasks)) == (1, ["a fox"], 0)


async def _at_once(_seconds: float) -> None:
    await asyncio.sleep(0)


@pytest.mark.usefixtures("quick_pauses")
async def test_a_job_that_is_taken_over_while_it_is_prepared_is_prepared_anew(
    second: SecondService, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    second.steps.open()
    build, entered, gate = RequestBuilder.build, asyncio.Event(), asyncio.Event()

    async def slow(self: RequestBuilder, *args: Any, **kwargs: Any) -> Any:
        request = await build(self, *args, **kwargs)
        if args[3].title == "Jimeng" and request.references and not gate.is_set():
            entered.set()
            await gate.wait()
        return request

    monkeypatch.setattr(RequestBuilder, "build", slow)
    async with second.harness(tmp_path, fallback="openai") as harness:
        await harness.jimeng.aclose()
        await harness.say("in blue --scale 0.3", picture(201))
        await asyncio.wait_for(entered.wait(), 5)
        await harness.say("a fox")
        await harness.telegram.until(lambda: second.prompts)
        gate.set()
        await harness.telegram.until(lambda: len(second.prompts) == 2)
        await harness.quiet()
        assert sorted(second.prompts) == ["a fox", "in blue"]
        assert [len(task.references) for task in second.service.tasks.values()] == [0, 1]
        assert not [message for message in harness.answers() if "Something went wrong" in message.text]


async def test_a_picture_of_a_model_that_was_shut_down_is_not_made_again(second: SecondService, tmp_path: Path) -> None:
    second.steps.open()
    async with second.harness(tmp_path) as harness:
        result = await harness.made("a fox --provider openai")
        await harness.app.store.database.execute(text("""UPDATE jobs SET options = '{"model": "gpt-image-1"}'"""))
        await harness.press(result, "Again")
        told = await harness.ended("was shut down")
        assert "GPT Image 1 was shut down on 2026-10-23. Use --model gpt-image-2.6-sunburst." in told.text
        assert second.prompts == ["a fox"]
