"""The Jimeng simulator's errors match the service's: signatures, parameters, references."""

from base64 import b64encode
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest

from providers.jimeng.simulator.gateway import Keys
from tests.support.jimeng import FOX, NOW, RESULT, SUBMIT, Bench, open_bench, picture


@pytest.fixture
async def bench() -> AsyncIterator[Bench]:
    async with open_bench(durations=lambda _: 10) as bench:
        yield bench


GATEWAY = [
    ({"headers": {"Authorization": ""}}, 400, "MissingParameter"),
    ({"headers": {"Authorization": "HMAC-SHA256 nonsense"}}, 400, "InvalidAuthorization"),
    ({"access_key": "AKLTother"}, 401, "InvalidAccessKey"),
    ({"secret_key": "other"}, 401, "SignatureDoesNotMatch"),
    ({"headers": {"Host": "visual.volcengineapi.com"}}, 401, "SignatureDoesNotMatch"),
    ({"headers": {"X-Content-Sha256": "0" * 64}}, 401, "SignatureDoesNotMatch"),
    ({"headers": {"X-More": "unsigned"}}, 401, "SignatureDoesNotMatch"),
    ({"headers": {"Content-Type": "text/plain"}}, 401, "SignatureDoesNotMatch"),
    ({"session_token": "unexpected"}, 401, "InvalidSecretToken"),
    ({"now": NOW - timedelta(seconds=901)}, 403, "InvalidTimestamp"),
    ({"now": NOW + timedelta(seconds=901)}, 403, "InvalidTimestamp"),
    ({"headers": {"X-Date": "yesterday"}}, 400, "InvalidTimestamp"),
    ({"query": {"Action": "CVProcess", "Version": "2022-08-31"}}, 401, "SignatureDoesNotMatch"),
    ({"query": {"Action": SUBMIT}}, 400, "MissingParameter"),
    ({"method": "PUT"}, 401, "SignatureDoesNotMatch"),
]


@pytest.mark.parametrize(("changed", "status", "name"), GATEWAY)
async def test_the_gateway(bench: Bench, changed: dict[str, Any], status: int, name: str) -> None:
    got, answer = await bench.post(SUBMIT, FOX, **changed)
    assert (got, answer["ResponseMetadata"]["Error"]["Code"]) == (status, name)
    assert bench.service.calls.total() == 0


async def test_an_unknown_action(bench: Bench) -> None:
    status, answer = await bench.post("CVProcess", FOX)
    assert (status, answer["ResponseMetadata"]["Error"]["Code"]) == (404, "InvalidActionOrVersion")


async def test_a_signature_lives_fifteen_minutes(bench: Bench) -> None:
    status, _ = await bench.post(SUBMIT, FOX, now=NOW - timedelta(seconds=900))
    assert status == 200


async def test_temporary_credentials(bench: Bench) -> None:
    bench.service.service.keys = Keys(bench.service.keys.access, bench.service.keys.secret, "STS2token")
    assert (await bench.post(SUBMIT, FOX, session_token="STS2token"))[0] == 200
    assert (await bench.post(SUBMIT, FOX))[1]["ResponseMetadata"]["Error"]["Code"] == "InvalidSecretToken"


DOT = b64encode(picture()).decode()
SUBMITS: list[tuple[Any, int]] = [
    (b"{", 50200),
    (b"[]", 50200),
    ({"prompt": "no key"}, 50201),
    ({"req_key": "jimeng_t2i_v40"}, 50201),
    ({**FOX, "req_key": "general_v2.0"}, 50204),
    ({**FOX, "prompt": " "}, 50201),
    ({**FOX, "prompt": "x" * 801}, 50200),
    ({**FOX, "prompt": 5}, 50200),
    ({**FOX, "seed": 1}, 50200),
    ({**FOX, "force_single": 1}, 50200),
    ({**FOX, "size": 1024 * 1024 - 1}, 50200),
    ({**FOX, "size": 4096 * 4096 + 1}, 50200),
    ({**FOX, "size": "2k"}, 50200),
    ({**FOX, "width": 2048}, 50201),
    ({**FOX, "width": 100, "height": 100}, 50200),
    ({**FOX, "width": 4000, "height": 1000}, 50200),
    ({**FOX, "width": -2048, "height": -2048}, 50200),
    ({**FOX, "scale": 1.5}, 50200),
    ({**FOX, "scale": 0.333}, 50200),
    ({**FOX, "scale": True}, 50200),
    ({**FOX, "req_key": "jimeng_seedream46_cvtob", "scale": 0.5}, 50200),
    ({**FOX, "req_key": "jimeng_seedream46_cvtob", "scale": 50.0}, 50200),
    ({**FOX, "min_ratio": 0.01}, 50200),
    ({**FOX, "min_ratio": 2, "max_ratio": 1}, 50200),
    ({**FOX, "image_urls": "http://x/"}, 50200),
    ({**FOX, "image_urls": [1]}, 50200),
    ({**FOX, "image_urls": ["http://x/"] * 11}, 50200),
    ({**FOX, "image_urls": ["http://x/"], "binary_data_base64": [DOT]}, 50200),
    ({**FOX, "prompt": "something forbidden"}, 50412),
    ({**FOX, "prompt": "a protected name"}, 50413),
    ({**FOX, "prompt": "an unsafe reference", "binary_data_base64": [DOT]}, 50411),
    ({**FOX, "prompt": "a protected reference", "binary_data_base64": [DOT]}, 50518),
    ({**FOX, "force_single": False, "prompt": "16 pictures of foxes"}, 50200),
    ({**FOX, "force_single": False, "prompt": "15 pictures", "binary_data_base64": [DOT]}, 50200),
    ({**FOX, "image_urls": ["data:image/png;base64," + DOT]}, 50215),
    ({**FOX, "image_urls": ["file:///etc/passwd"]}, 50215),
    ({**FOX, "image_urls": ["http://127.0.0.1:1/a.jpg"]}, 50215),
    ({**FOX, "image_urls": ["http://"]}, 50215),
    ({**FOX, "binary_data_base64": [""]}, 50206),
    ({**FOX, "binary_data_base64": ["data:image/png;base64," + DOT]}, 50207),
    ({**FOX, "binary_data_base64": [b64encode(b"not a picture").decode()]}, 50207),
    ({**FOX, "binary_data_base64": [b64encode(picture(kind="GIF")).decode()]}, 50207),
    ({**FOX, "binary_data_base64": [b64encode(picture()[:-40]).decode()]}, 50207),
    ({**FOX, "binary_data_base64": [b64encode(picture(100, 20)).decode()]}, 50215),
    ({**FOX, "binary_data_base64": ["A" * 10_000_000]}, 50213),
]


OF_3: dict[str, Any] = {"req_key": "jimeng_t2i_v30", "prompt": "a fox"}
EDIT: dict[str, Any] = {"req_key": "jimeng_i2i_v30", "prompt": "a fox", "binary_data_base64": [DOT]}
LARGER: dict[str, Any] = {"req_key": "jimeng_i2i_seed3_tilesr_cvtob", "binary_data_base64": [DOT]}
SUBMITS += [
    ({**OF_3, "scale": 0.5}, 50200),
    ({**OF_3, "force_single": True}, 50200),
    ({**OF_3, "size": 1328 * 1328}, 50200),
    ({**OF_3, "width": 511, "height": 512}, 50200),
    ({**OF_3, "width": 2049, "height": 2048}, 50200),
    ({**OF_3, "seed": -2}, 50200),
    ({**OF_3, "seed": 2**31}, 50200),
    ({**OF_3, "binary_data_base64": [DOT]}, 50200),
    ({**OF_3, "callback_url": "https://example.org/"}, 50200),
    ({"req_key": "jimeng_i2i_v30", "prompt": "a fox"}, 50201),
    ({**EDIT, "binary_data_base64": [DOT, DOT]}, 50200),
    ({**EDIT, "width": 2017, "height": 1000}, 50200),
    ({**EDIT, "width": 1000, "height": 511}, 50200),
    ({**EDIT, "scale": 50}, 50200),
    ({**EDIT, "use_pre_llm": True}, 50200),
    ({**EDIT, "prompt": ""}, 50201),
    ({**EDIT, "binary_data_base64": [b64encode(picture() + b"0" * 4_700_000).decode()]}, 50205),
    ({"req_key": "jimeng_i2i_seed3_tilesr_cvtob"}, 50201),
    ({**LARGER, "prompt": "a fox"}, 50200),
    ({**LARGER, "resolution": "2k"}, 50200),
    ({**LARGER, "scale": 101}, 50200),
    ({**LARGER, "scale": 0.5}, 50200),
    ({**LARGER, "width": 4096, "height": 4096}, 50200),
    ({**LARGER, "binary_data_base64": [DOT, DOT]}, 50200),
]
TAKEN = [
    ({**OF_3, "seed": -1, "width": 1328, "height": 1328, "use_pre_llm": False}, (1328, 1328)),
    ({**OF_3, "req_key": "jimeng_t2i_v31"}, (1328, 1328)),
    ({**EDIT, "scale": 0.5, "seed": 7, "width": 2016, "height": 864}, (2016, 864)),
    ({**EDIT, "width": 1001, "height": 1000}, (1008, 992)),
    (LARGER, (4096, 4096)),
    ({**LARGER, "resolution": "8k", "scale": 0}, (8192, 8192)),
]


@pytest.mark.parametrize(("payload", "size"), TAKEN)
async def test_what_the_siblings_take(bench: Bench, payload: dict[str, Any], size: tuple[int, int]) -> None:
    status, answer = await bench.post(SUBMIT, payload)
    assert (status, answer["code"]) == (200, 10000), answer
    (task,) = bench.service.tasks.values()
    assert (task.req_key, task.width, task.height, task.count) == (payload["req_key"], *size, 1)


@pytest.mark.parametrize(("payload", "code"), SUBMITS)
async def test_what_a_submit_may_not_hold(bench: Bench, payload: Any, code: int) -> None:
    await refuses(bench, payload, code)


async def test_a_submit_may_not_hold_a_large_picture(bench: Bench) -> None:
    await refuses(bench, {**FOX, "binary_data_base64": [b64encode(picture(4097, 2000)).decode()]}, 50205)


async def refuses(bench: Bench, payload: Any, code: int) -> None:
    status, answer = await bench.post(SUBMIT, payload)
    assert (status, answer["code"], answer["status"], answer["data"]) == (400, code, code, None)
    assert bench.service.submits.total() == 0
    if code == 50215 and "image_urls" in payload:
        assert "Download Url Error" in answer["message"]


RESULTS = [
    ({"req_key": "jimeng_t2i_v40"}, 50201),
    ({"req_key": "jimeng_t2i_v40", "task_id": 1}, 50200),
    ({"req_key": "other", "task_id": "1"}, 50204),
    ({"req_key": "jimeng_t2i_v40", "task_id": "1", "return_url": True}, 50200),
    ({"req_key": "jimeng_t2i_v40", "task_id": "1", "req_json": {"return_url": True}}, 50200),
    ({"req_key": "jimeng_t2i_v40", "task_id": "1", "req_json": "{"}, 50200),
    ({"req_key": "jimeng_t2i_v40", "task_id": "1", "req_json": "[]"}, 50200),
    ({"req_key": "jimeng_t2i_v40", "task_id": "1", "req_json": '{"logo_info": {"position": 4}}'}, 50200),
    ({"req_key": "jimeng_t2i_v40", "task_id": "1", "req_json": '{"logo_info": {"opacity": 2}}'}, 50200),
    ({"req_key": "jimeng_t2i_v40", "task_id": "1", "req_json": '{"aigc_meta": {}}'}, 50201),
]


@pytest.mark.parametrize(("payload", "code"), RESULTS)
async def test_what_a_query_may_not_hold(bench: Bench, payload: dict[str, Any], code: int) -> None:
    assert (await bench.post(RESULT, payload))[1]["code"] == code
