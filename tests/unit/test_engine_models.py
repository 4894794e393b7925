"""The engine where a service's models differ: one that the account can't use is no reason to stop the others."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from pydantic import Field

from bot.jobs.ports import sentence
from providers.errors import MisconfiguredError, UnusableModelError
from storage.job_states import JobState
from tests.support.bare_engine import BareEngine, open_bare_engine
from tests.support.fakes import FakeOptions


class ModelOptions(FakeOptions):
    model: str = Field("usual", description="which model")


@pytest.fixture
async def harness(tmp_path: Path) -> AsyncIterator[BareEngine]:
    async with open_bare_engine(tmp_path) as bare:
        bare.provider.Options = ModelOptions
        yield bare


async def test_a_model_that_one_person_has_chosen_pauses_nobody(harness: BareEngine) -> None:
    harness.provider.refuse = [UnusableModelError("there is no such model") for _ in range(6)]
    for _ in range(6):
        job = await harness.ask(model="gone")
        await harness.until_state(job, JobState.FAILED)
    told = [sentence(job.error_message).template for job in harness.stage.endings if job.error_message]
    assert told == [UnusableModelError.default.template] * 6
    assert (await harness.store.provider_health.get("fake")).failures == 0
    other = await harness.ask(user=2)
    await harness.until_submitted(1)
    harness.provider.finish("t1")
    await harness.until_state(other, JobState.DELIVERED)


@pytest.mark.parametrize("error", [UnusableModelError("no such model"), MisconfiguredError("no credit")])
async def test_the_usual_model_and_the_account_pause_the_service(
    harness: BareEngine, error: MisconfiguredError
) -> None:
    model = "usual" if isinstance(error, UnusableModelError) else "other"
    harness.provider.refuse = [error] * 3
    for _ in range(2):
        await harness.until_state(await harness.ask(model=model), JobState.FAILED)
    await harness.ask(model=model)
    await harness.stage.until(lambda: not harness.provider.refuse)

    async def is_paused() -> bool:
        return (await harness.store.provider_health.get("fake")).error_message is not None

    await harness.until(is_paused)
