"""The official SDK works with the simulator, and sends the same requests as our client."""

import asyncio
import json
from base64 import b64encode
from collections.abc import AsyncIterator, Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, cast

import pytest
from aiohttp import ClientSession
from volcengine.visual.VisualService import VisualService
from yarl import URL

from providers.base import Accepted, ImageRequest
from providers.jimeng import Jimeng, JimengOptions, JimengSettings
from providers.jimeng.models import UPSCALED
from providers.jimeng.signing import sign
from providers.jimeng.simulator import Fault, JimengSimulator
from providers.jimeng.simulator.gateway import Keys
from providers.testing import FastClock
from tests.support.jimeng import picture, reference, request, run
from tests.support.recorder import Recorder, Sent, differences

FOX: dict[str, Any] = {"req_key": "jimeng_t2i_v40", "prompt": "a red fox, 红狐狸", "force_single": True}
PICTURE = picture(kind="JPEG")
IN_BODY = {"binary_data_base64": [b64encode(PICTURE).decode()]}


@pytest.fixture
async def simulator() -> AsyncIterator[JimengSimulator]:
    simulator = JimengSimulator(durations=lambda _: 0, draw=lambda *_: b"\xff\xd8\xff")
    await simulator.start()
    yield simulator
    await simulator.aclose()


@pytest.fixture
async def recorder(simulator: JimengSimulator) -> AsyncIterator[Recorder]:
    async with Recorder(simulator.url, keeps_host=True).serving() as recorder:
        yield recorder


@pytest.fixture
def sdk(
    simulator: JimengSimulator, recorder: Recorder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Any]:
    """The SDK's client, pointed at the recorder. The SDK keeps a singleton; each test gets a new one."""
    monkeypatch.setenv("HOME", str(tmp_path))  # the SDK reads keys from there
    monkeypatch.delattr(VisualService, "_instance", raising=False)
    service = VisualService()
    service.set_scheme("http")
    service.set_host(recorder.url.removeprefix("http://"))
    service.set_ak(simulator.keys.access)
    service.set_sk(simulator.keys.secret)
    yield service
    service.session.close()


@pytest.fixture
async def provider(simulator: JimengSimulator, recorder: Recorder) -> AsyncIterator[Jimeng]:
    keys = {"access_key": simulator.keys.access, "secret_key": simulator.keys.secret, "endpoint": recorder.url}
    clock = FastClock()
    async with ClientSession() as session:
        yield Jimeng(JimengSettings.model_validate(keys), session, clock=clock, sleep=clock.sleep)


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


async def test_a_parameter_that_the_model_does_not_have(simulator: JimengSimulator, sdk: Any) -> None:
    with pytest.raises(Exception, match="50200"):
        await asyncio.to_thread(sdk.cv_sync2async_submit_task, {**FOX, "seed": 1})
    assert simulator.submits.total() == 0


@pytest.mark.parametrize(
    ("asked", "form"),
    [
        (request(prompt=FOX["prompt"]), {**FOX, "scale": 0.5}),
        (
            request(reference(PICTURE), reference(PICTURE), prompt="both", ar="16:9", model="4.6"),
            {
                "req_key": "jimeng_seedream46_cvtob",
                "prompt": "both",
                "binary_data_base64": IN_BODY["binary_data_base64"] * 2,
                "width": 2560,
                "height": 1440,
                "scale": 50,
                "force_single": True,
            },
        ),
        (
            request(prompt="fox", model="3.1", seed=7, size="1k"),
            {"req_key": "jimeng_t2i_v31", "prompt": "fox", "seed": 7, "width": 1328, "height": 1328},
        ),
        (
            request(reference(PICTURE), prompt="in blue", model="3.0"),
            {
                "req_key": "jimeng_i2i_v30",
                "prompt": "in blue",
                "scale": 0.5,
                "width": 1328,
                "height": 1328,
                **IN_BODY,
            },
        ),
        (
            request(reference(PICTURE), size=UPSCALED),
            {"req_key": "jimeng_i2i_seed3_tilesr_cvtob", "resolution": "4k", "scale": 50, **IN_BODY},
        ),
    ],
)
async def test_the_sdk_sends_what_we_send(
    recorder: Recorder, sdk: Any, provider: Jimeng, asked: ImageRequest[JimengOptions], form: Mapping[str, Any]
) -> None:
    """A submit, references and a poll, field by field."""
    ticket = cast("Accepted", (await run(provider, asked))[0]).ticket
    ours = list(recorder.sent)
    recorder.sent.clear()
    query = {"req_key": form["req_key"], "task_id": ticket, "req_json": '{"return_url": true}'}
    await asyncio.to_thread(sdk.cv_sync2async_submit_task, form)
    await asyncio.to_thread(sdk.cv_sync2async_get_result, query)
    assert len(ours) == len(recorder.sent) == 2
    for one, other in zip(ours, recorder.sent, strict=True):
        assert differences(_compared(one), _compared(other)) == []


async def test_references_by_address(recorder: Recorder, sdk: Any, provider: Jimeng) -> None:
    """Both send the addresses; this one can't be fetched, so that we send the bytes then."""
    url = "http://127.0.0.1:1/a.jpg"
    await run(provider, request(reference(PICTURE, url), prompt="in blue"))
    ours = recorder.sent[0]
    form = {"req_key": "jimeng_t2i_v40", "prompt": "in blue", "scale": 0.5, "force_single": True, "image_urls": [url]}
    with pytest.raises(Exception, match="Download Url Error"):
        await asyncio.to_thread(sdk.cv_sync2async_submit_task, form)
    assert differences(_compared(ours), _compared(recorder.sent[-1])) == []


@pytest.mark.parametrize("token", [None, "STS2token"])
async def test_the_signature_is_the_sdks(
    simulator: JimengSimulator, recorder: Recorder, sdk: Any, token: str | None
) -> None:
    """Our signer makes the SDK's headers of the SDK's body and time, to the byte."""
    simulator.service.keys = Keys(token=token)
    if token:
        sdk.set_session_token(token)
    await asyncio.to_thread(sdk.cv_sync2async_submit_task, FOX)
    (theirs,) = recorder.sent
    ours = sign(
        host=URL(recorder.url).authority,
        query=theirs.query,
        body=json.dumps(FOX).encode(),
        access_key=simulator.keys.access,
        secret_key=simulator.keys.secret,
        session_token=token,
        now=datetime.strptime(theirs.headers["X-Date"], "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC),
    )
    assert {name: theirs.headers[name] for name in ours} == ours


def _compared(sent: Sent) -> dict[str, Any]:
    """All of a request that means something. Time, digest and signature differ: JSON is written differently."""
    credential, signed, _signature = sent.headers["Authorization"].split(", ")
    return {
        "method": sent.method,
        "path": sent.path,
        "query": sent.query,
        "content type": sent.headers["Content-Type"],
        "host": sent.headers["Host"],
        "credential": credential,
        "signed headers": signed,
        "x-headers": sorted(name.lower() for name in sent.headers if name.lower().startswith("x-")),
        "body": sent.fields,
    }
