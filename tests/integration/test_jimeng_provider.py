"""The Jimeng provider's submits (parameters, references, marks), and its refusals before a submit."""

import json
from base64 import b64decode
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any, cast

import pytest
from aiohttp import web

from providers.base import Accepted, Finished, ImageRequest, Working
from providers.errors import InvalidRequestError
from providers.jimeng import Jimeng, JimengOptions
from providers.jimeng.client import encode
from providers.jimeng.simulator import Fault
from providers.unfetched import UnfetchedReferenceError
from tests.support.jimeng import Bench, open_bench, picture, reference, request, run


@pytest.fixture
async def bench() -> AsyncIterator[Bench]:
    async with open_bench() as bench:
        yield bench


@pytest.fixture
def provider(bench: Bench) -> Jimeng:
    return bench.provider()


@pytest.mark.parametrize(
    ("options", "shape"),
    [
        ({}, {}),
        ({"size": "4k"}, {"size": 4096 * 4096}),
        ({"size": "2k"}, {"size": 2048 * 2048}),
        ({"ar": "16:9"}, {"width": 2560, "height": 1440}),
        ({"ar": "9:16", "size": "1k"}, {"width": 784, "height": 1392}),
        ({"ar": "4:3", "size": "4k"}, {"width": 4694, "height": 3520}),
        ({"ar": "4:3", "size": "4k", "model": "4.6"}, {"width": 4693, "height": 3520}),
        ({"size": "1300x900"}, {"width": 1300, "height": 900}),
    ],
)
async def test_the_shape_that_is_asked_for(
    provider: Jimeng, bench: Bench, options: dict[str, Any], shape: dict[str, int]
) -> None:
    await run(provider, request(**options))
    assert {name: value for name, value in bench.sent().items() if name in {"size", "width", "height"}} == shape


async def test_the_whole_submit_and_query(provider: Jimeng, bench: Bench) -> None:
    events = await run(provider, request(prompt="红狐狸 🦊", ar="1:1", size="1k", scale=0.333))
    assert [type(event) for event in events] == [Accepted, Working, Finished]
    assert bench.sent() == {
        "req_key": "jimeng_t2i_v40",
        "prompt": "红狐狸 🦊",
        "width": 1024,
        "height": 1024,
        "scale": 0.33,
        "force_single": True,
    }
    assert bench.sent(1) == {
        "req_key": "jimeng_t2i_v40",
        "task_id": cast("Accepted", events[0]).ticket,
        "req_json": '{"return_url": true}',
    }


async def test_the_sibling_model(provider: Jimeng, bench: Bench) -> None:
    await run(provider, request(*[reference()] * 14, model="4.6", scale=0.7))
    assert bench.sent()["req_key"] == bench.sent(1)["req_key"] == "jimeng_seedream46_cvtob"
    assert bench.sent()["scale"] == 70


async def test_marks(bench: Bench) -> None:
    provider = bench.provider(
        logo_info={"add_logo": True, "logo_text_content": "明水印"},
        aigc_meta={"producer_id": "p1", "propagate_id": "p2"},
    )
    await run(provider, request())
    assert json.loads(bench.sent(1)["req_json"]) == {
        "return_url": True,
        "logo_info": {"add_logo": True, "position": 0, "language": 0, "opacity": 1, "logo_text_content": "明水印"},
        "aigc_meta": {"producer_id": "p1", "propagate_id": "p2"},
    }


async def test_n_pictures_are_n_tasks(provider: Jimeng, bench: Bench) -> None:
    parts = provider.split(request(n=3))
    assert [part.options.n for part in parts] == [1, 1, 1]
    for part in parts:
        await run(provider, part)
    assert bench.service.submits == {"a red fox": 3}
    submits = [call for call in map(bench.sent, range(len(bench.calls))) if "prompt" in call]
    assert [submit["force_single"] for submit in submits] == [True] * 3


async def test_auto_lets_the_model_decide(provider: Jimeng, bench: Bench) -> None:
    asked = request(prompt="four pictures of a red fox", n="auto")
    assert provider.split(asked) == (asked,)
    finished = cast("Finished", (await run(provider, asked))[-1])
    assert len(finished.pictures) == 4
    assert "force_single" not in bench.sent()


@pytest.fixture
async def published() -> AsyncIterator[str]:
    async def serve(_: web.Request) -> web.Response:
        return web.Response(body=picture(), content_type="image/png")

    app = web.Application()
    app.router.add_get("/{name}", serve)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    await runner.cleanup()


async def test_references_by_url(provider: Jimeng, bench: Bench, published: str) -> None:
    urls = [f"{published}/a.jpg", f"{published}/b.jpg"]
    await run(provider, request(*(reference(url=url) for url in urls)))
    assert bench.sent()["image_urls"] == urls
    assert "binary_data_base64" not in bench.sent()


async def test_references_by_bytes_when_one_has_no_url(provider: Jimeng, bench: Bench, published: str) -> None:
    await run(provider, request(reference(url=f"{published}/a.jpg"), reference()))
    assert len(bench.sent()["binary_data_base64"]) == 2
    assert "image_urls" not in bench.sent()


async def test_seven_megabytes_of_references_fit(provider: Jimeng, bench: Bench) -> None:
    padded = picture() + b"\0" * ((7 << 20) - len(picture()))
    await run(provider, request(reference(padded), prompt="狐" * 800))
    assert bench.service.submits.total() == 1


async def test_more_do_not(provider: Jimeng, bench: Bench) -> None:
    asked = request(reference(b"x" * (4 << 20)), reference(b"x" * (4 << 20)))
    with pytest.raises(InvalidRequestError) as caught:
        provider.validate(asked)
    assert str(caught.value.sentence) == (
        "The reference pictures are 8.0 MB together; at most 7 MB can be sent along. Send fewer or "
        "smaller ones. (Whoever runs this bot can lift this limit by setting web.public_url.)"
    )
    with pytest.raises(InvalidRequestError):
        await run(provider, asked)
    assert bench.service.calls.total() == 0


async def test_large_references_with_urls_are_fine(provider: Jimeng) -> None:
    large = replace(reference(url="https://example.org/a.jpg"), size=15 << 20)
    provider.validate(request(*[large] * 10))


async def test_a_reference_that_can_not_be_fetched_is_sent_as_bytes(provider: Jimeng, bench: Bench) -> None:
    asked = request(reference(url="http://127.0.0.1:1/a.jpg"), reference(url="http://127.0.0.1:1/b.jpg"))
    assert isinstance((await run(provider, asked))[-1], Finished)
    assert [len(bench.sent(number).get("image_urls", ())) for number in range(2)] == [2, 0]
    assert len(bench.sent(1)["binary_data_base64"]) == 2
    assert bench.service.submits.total() == 1


async def test_references_too_large_to_be_sent_are_about_their_address(provider: Jimeng, bench: Bench) -> None:
    large = replace(reference(url="http://127.0.0.1:1/a.jpg"), size=8 << 20)
    with pytest.raises(UnfetchedReferenceError, match=r"web\.public_url") as caught:
        await run(provider, request(large))
    assert caught.value.paid is False
    assert bench.service.calls["submit"] == 1


async def test_bytes_that_are_refused_are_not_sent_again(provider: Jimeng, bench: Bench) -> None:
    bench.service.faults.append(
        Fault(kind="text", status=400, text='{"code": 50215, "message": "Download Url Error"}', times=3)
    )
    with pytest.raises(UnfetchedReferenceError):
        await run(provider, request(reference(url="http://127.0.0.1:1/a.jpg")))
    assert len(bench.service.faults) == 1, "two attempts"


@pytest.mark.parametrize(
    ("asked", "sentence"),
    [
        (
            request(*[reference()] * 11),
            "You sent 11 pictures; Jimeng 4.0 takes at most 10 as references. --model 4.6 takes more.",
        ),
        (
            request(*[reference()] * 15, model="4.6"),
            "You sent 15 pictures; Jimeng 4.6 takes at most 14 as references.",
        ),
        (
            request(*[reference()] * 10, n=6),
            "References and new pictures together: at most 15. With 10 references, ask for at most 5.",
        ),
        (request(prompt="x" * 801), "Your prompt has 801 characters; the limit is 800. Please shorten it."),
        (request(prompt="  "), "Write what the picture should show."),
    ],
)
async def test_what_is_refused_before_paying(
    provider: Jimeng, asked: ImageRequest[JimengOptions], sentence: str
) -> None:
    with pytest.raises(InvalidRequestError) as caught:
        provider.validate(asked)
    assert str(caught.value.sentence) == sentence


async def test_limits_that_are_just_kept(provider: Jimeng) -> None:
    provider.validate(request(*[reference()] * 10, n=5))
    provider.validate(request(*[reference()] * 10, n="auto"))
    provider.validate(request(*[reference()] * 14, n=1, model="4.6"))
    provider.validate(request(prompt="x" * 800))


def test_pictures_in_the_body_are_plain_json() -> None:
    body = json.loads(encode({"prompt": 'a "fox"', "n": 1}, [b"one", picture()]))
    assert body["prompt"] == 'a "fox"'
    assert [b64decode(text) for text in body["binary_data_base64"]] == [b"one", picture()]


def test_nothing_secret_is_shown(provider: Jimeng, bench: Bench) -> None:
    assert (
        bench.service.keys.secret
        not in f"{provider!r} {provider.client!r} {provider.settings!r} {bench.service.keys!r}"
    )
