"""Models that are no longer there: in saved settings, in old jobs; and more models than a message can list."""

from pathlib import Path

import pytest
from sqlalchemy import text

from bot.jobs import task_failures
from bot.telegram.formatting import TEXT_LENGTH
from providers.jimeng.simulator import Fault
from tests.support.app_harness import AppHarness, open_app_harness

ENDED = {"models": ["4.0", "4.6"], "limits": {"4.6": {"ends": "2026-01-01", "successor": "4.0"}}}


def drawn_by(harness: AppHarness) -> list[str]:
    return [submit["req_key"] for submit in harness.submitted()]


async def test_a_saved_model_that_was_shut_down_gives_way_to_the_usual_one(tmp_path: Path) -> None:
    async with open_app_harness(tmp_path, providers={"jimeng": ENDED}) as harness:
        await harness.app.store.users.set_option(harness.ann.id, "jimeng", "model", "4.6")
        await harness.app.store.users.set_option(harness.ann.id, "jimeng", "size", "4k")
        await harness.made("a fox")
        (submit,) = harness.submitted()
        assert (submit["req_key"], submit["size"]) == ("jimeng_t2i_v40", 4096 * 4096)
        await harness.say("a fox --model 4.6")
        await harness.shown("was shut down on 2026-01-01. Use --model 4.0.")


async def test_a_job_of_a_model_that_is_not_offered_any_more_is_told_so(tmp_path: Path) -> None:
    async with open_app_harness(tmp_path) as harness:
        result = await harness.made("a fox")
        await harness.app.store.database.execute(text("""UPDATE jobs SET options = '{"model": "2.1"}'"""))
        await harness.press(result, "Again")
        await harness.ended("This bot doesn't offer 2.1 any more. Use --model 4.0.")
        assert drawn_by(harness) == ["jimeng_t2i_v40"]


async def test_more_models_than_fit_into_a_message(tmp_path: Path) -> None:
    names = [f"a-long-name-of-somebody/the-long-name-of-a-model-{number}-for-pictures" for number in range(20)]
    tables = {name: {"models": names, "prices": dict.fromkeys(names[1:], "0.5")} for name in ("fal", "openrouter")}
    tables["fal"] |= {"key": "k"}
    tables["openrouter"] |= {"api_key": "k"}
    async with open_app_harness(tmp_path, providers=tables) as harness:
        await harness.say("/models")
        listed = await harness.shown("OpenRouter")
        assert len(listed.text) <= TEXT_LENGTH
        assert "16 more: /models fal" in listed.text
        await harness.say("/models fal")
        assert names[-1] in (await harness.shown(names[-1])).text


async def test_no_job_is_handed_to_a_model_that_was_shut_down(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(task_failures, "BUSY_LONGEST_SECONDS", 0.01)
    over = {"api_key": "k", "models": ["x"], "limits": {"x": {"ends": "2026-01-01"}}}
    tables = {"openai": over, "jimeng": {"fallback": "openai", "busy_limit": 0.01}}
    async with open_app_harness(tmp_path, providers=tables) as harness:
        harness.jimeng.faults.append(Fault(kind="code", action="submit", code=50430, times=4, retry_after="0.02"))
        assert "an owl" in (await harness.made("an owl")).text
        assert drawn_by(harness)[-1] == "jimeng_t2i_v40"
