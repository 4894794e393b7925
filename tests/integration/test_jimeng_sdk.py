"""The official SDK works with the simulator, so the simulator is a valid test of our client."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest
from volcengine.visual.VisualService import VisualService

from providers.jimeng.simulator import Fault, JimengSimulator
from providers.jimeng.simulator.gateway import Keys

FOX = {"req_key": "jimeng_t2i_v40", "prompt": "a red fox, 红狐狸", "force_single": True}


@pytest.fixture
async def simulator() -> AsyncIterator[JimengSimulator]:
    simulator = JimengSimulator(durations=lambda _: 0, draw=lambda *_: b"\xff\xd8\xff")
    await simulator.start()
    yield simulator
    await simulator.aclose()


@pytest.fixture
def sdk(simulator: JimengSimulator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """The SDK's client, pointed at the simulator. The SDK keeps a singleton; each test gets a new one."""
    monkeypatch.setenv("HOME", str(tmp_path))  # the SDK reads keys from there
    monkeypatch.delattr(VisualService, "_instance", raising=False)
    service = VisualService()
    service.set_scheme("http")
    service.set_host(simulator.url.removeprefix("http://"))
    service.set_ak(simulator.keys.access)
    service.set_sk(simulator.keys.secret)
    yield service
    service.session.close()


async def test_submit_and_result(simulator: JimengSimulator, sdk: Any) -> None:
    submitted = await asyncio.to_thread(sdk.cv_sync2async_submit_task, FOX)
    assert submitted["code"] == 10000
    query = {
        "req_key": FOX["req_key"],
        "task_id": submitted["data"]["task_id"],
        "req_json": '{"return_url": true, "logo_info": {"add_logo": true}}',
    }
    answer = await asyncio.to_thread(sdk.cv_sync2async_get_result, query)
    assert answer["data"]["status"] == "done"
    assert answer["data"]["image_urls"][0].startswith(simulator.url)
    assert simulator.submits == {FOX["prompt"]: 1}


async def test_temporary_credentials(simulator: JimengSimulator, sdk: Any) -> None:
    simulator.service.keys = Keys(token="STS2token")
    sdk.set_session_token("STS2token")
    assert (await asyncio.to_thread(sdk.cv_sync2async_submit_task, FOX))["code"] == 10000


async def test_a_wrong_secret(simulator: JimengSimulator, sdk: Any) -> None:
    sdk.set_sk("wrong")
    with pytest.raises(Exception, match="SignatureDoesNotMatch"):
        await asyncio.to_thread(sdk.cv_sync2async_submit_task, FOX)


async def test_an_error_of_the_service(simulator: JimengSimulator, sdk: Any) -> None:
    simulator.faults.append(Fault(kind="code", code=50430))
    with pytest.raises(Exception, match="50430"):
        await asyncio.to_thread(sdk.cv_sync2async_submit_task, FOX)
