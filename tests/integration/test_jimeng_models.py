"""Jimeng's models: the requests of the 3 series and of the upscaler, and models that an account doesn't have."""

import io
from collections.abc import AsyncIterator
from typing import Any, cast

import pytest
from aiohttp import ClientSession
from PIL import Image
from pydantic import ValidationError

from bot.jobs.ports import error_message
from providers.base import Accepted, Finished, ImageRequest
from providers.errors import GenerationFailedError, InvalidRequestError, MisconfiguredError
from providers.jimeng import Jimeng, JimengOptions
from providers.jimeng.models import UPSCALED
from providers.jimeng.simulator import Fault
from providers.options import explained
from tests.support.jimeng import Bench, open_bench, picture, reference, request, run

UPSCALER_KEY = "jimeng_i2i_seed3_tilesr_cvtob"


@pytest.fixture
async def bench() -> AsyncIterator[Bench]:
    async with open_bench() as bench:
        yield bench


@pytest.fixture
def provider(bench: Bench) -> Jimeng:
    return bench.provider()


@pytest.mark.parametrize(
    ("asked", "sent"),
    [
        (request(model="3.1"), {"req_key": "jimeng_t2i_v31", "prompt": "a red fox"}),
        (
            request(model="3.0", ar="16:9", seed=7),
            {"req_key": "jimeng_t2i_v30", "prompt": "a red fox", "width": 1664, "height": 936, "seed": 7},
        ),
        (
            request(model="3.1", size="2k"),
            {"req_key": "jimeng_t2i_v31", "prompt": "a red fox", "width": 2048, "height": 2048},
        ),
        (
            request(reference(width=900, height=1600), model="3.0", scale=0.25),
            {"req_key": "jimeng_i2i_v30", "prompt": "a red fox", "width": 936, "height": 1664, "scale": 0.25},
        ),
        (
            request(reference(width=900, height=1600), model="3.0", ar="1:1", seed=0),
            {
                "req_key": "jimeng_i2i_v30",
                "prompt": "a red fox",
                "width": 1328,
                "height": 1328,
                "scale": 0.5,
                "seed": 0,
            },
        ),
        (request(reference(), size=UPSCALED), {"req_key": UPSCALER_KEY, "resolution": "4k", "scale": 50}),
        (request(reference(), size=UPSCALED, model="3.1"), {"req_key": UPSCALER_KEY, "resolution": "4k", "scale": 50}),
    ],
)
async def test_the_submit_of_each_model(
    provider: Jimeng, bench: Bench, asked: ImageRequest[JimengOptions], sent: dict[str, Any]
) -> None:
    provider.validate(asked)
    (part,) = provider.split(asked)
    assert isinstance((await run(provider, part))[-1], Finished)
    submit = {name: value for name, value in bench.sent().items() if name != "binary_data_base64"}
    assert submit == sent
    assert bench.sent(1)["req_key"] == sent["req_key"], "a result query names the model again"


@pytest.mark.parametrize("asked", [request(model="3.0"), request(reference(), model="3.0"), request(model="4.6")])
async def test_a_resumed_task_is_asked_about_by_its_own_key(bench: Bench, asked: ImageRequest[JimengOptions]) -> None:
    before = await run(bench.provider(), asked)
    later = bench.provider(models=["4.0"])
    resumed = await run(later, asked, cast("Accepted", before[0]).ticket)
    assert isinstance(resumed[-1], Finished), "its model is not set up any more, and it is paid"
    assert bench.service.submits.total() == 1


@pytest.mark.parametrize(
    ("asked", "sentence"),
    [
        (request(reference(), model="3.1"), "Jimeng 3.1 works from words alone. For pictures as references use"),
        (request(reference(), reference(), model="3.0"), "You sent 2 pictures; Jimeng 3.0 takes at most 1"),
        (request(reference(), model="3.0", size="2k"), "With a photo, Jimeng 3.0 can't do --size 2k, only 1k or"),
        (request(reference(), model="3.0", size="2040x1000"), "With a photo, Jimeng 3.0 can't do --size 2040x1000"),
        (request(size=UPSCALED), "Only a single picture can be made larger."),
        (request(reference(), reference(), size=UPSCALED), "You sent 2 pictures; Jimeng, enlarged takes at most 1"),
    ],
)
def test_what_a_model_refuses_before_paying(
    provider: Jimeng, asked: ImageRequest[JimengOptions], sentence: str
) -> None:
    with pytest.raises(InvalidRequestError) as caught:
        provider.validate(asked)
    assert str(caught.value.sentence).startswith(sentence)


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"seed": 3}, "Jimeng 4.0 has no --seed. Leave it out, or use --model 3.1."),
        ({"model": "3.1", "scale": 0.3}, "Jimeng 3.1 has no --scale. Leave it out, or use --model 4.0."),
        ({"model": "3.0", "n": "auto"}, "Jimeng 3.0 can't do --n auto, only: 1, 2"),
    ],
)
def test_options_that_a_model_does_not_have(provider: Jimeng, options: dict[str, Any], sentence: str) -> None:
    with pytest.raises(ValidationError) as caught:
        provider.Options.model_validate(options)
    assert str(explained(caught.value)).startswith(sentence)


def test_the_models_of_the_settings_are_the_choices(bench: Bench) -> None:
    provider = bench.provider(models=["4.6", "jimeng_t2i_v50"], prices={"upscaler": "0.5"})
    assert provider.Options().model == "4.6"
    new = provider.Options(model="jimeng_t2i_v50")
    assert provider.model(new).req_key == "jimeng_t2i_v50"
    assert provider.model_name(provider.Options()) == "Jimeng 4.6"
    larger = provider.enlarged(new, (100, 100))
    assert larger
    assert provider.model_name(larger) == "Jimeng, enlarged"
    assert [str(provider.price(options)) for options in (new, larger)] == ["0.20", "0.5"]
    with pytest.raises(ValidationError):
        provider.Options(model="3.0")


async def test_larger_is_the_same_picture(provider: Jimeng, bench: Bench) -> None:
    larger = provider.enlarged(provider.Options(model="4.6", n=4, size="2k"), (640, 360))
    assert larger == provider.Options(model="4.6", size=UPSCALED)
    finished = (await run(provider, ImageRequest("x" * 900, larger, (reference(picture(640, 360)),))))[-1]
    url = cast("Finished", finished).pictures[0].url
    async with ClientSession() as session, session.get(str(url)) as response:
        body = io.BytesIO(await response.read())
    with Image.open(body) as made:
        assert made.width / made.height == pytest.approx(16 / 9, rel=0.02)
        assert cast("tuple[int, ...]", made.getpixel((9, 9)))[0] > 200, "as red as the reference"
    (task,) = bench.service.tasks.values()
    assert task.width * task.height > 15_000_000


def test_larger_without_the_upscaler_is_a_remake_at_4k(bench: Bench) -> None:
    provider = bench.provider(upscaler=False, models=["3.1", "4.6"])
    same = provider.enlarged(provider.Options(model="4.6"), (640, 360))
    assert same == provider.Options(model="4.6", ar="640:360", size="4k", scale=0)
    assert provider.enlarged(provider.Options(model="3.1"), (640, 360)) == same, "3.1 has no 4K"
    assert bench.provider(upscaler=False, models=["3.1"]).enlarged(provider.Options(model="3.1"), (640, 360)) is None


@pytest.mark.parametrize("options", [{"size": "4k"}, {"size": UPSCALED}])
def test_what_is_large_is_not_made_larger(provider: Jimeng, options: dict[str, Any]) -> None:
    assert provider.enlarged(provider.Options(**options), (640, 360)) is None
    assert provider.enlarged(provider.Options(), (4000, 250)) is None, "the upscaler takes no such shape"


async def test_a_model_that_the_account_does_not_have_is_refused_alone(provider: Jimeng, bench: Bench) -> None:
    bench.service.service.not_activated |= {"jimeng_t2i_v31", UPSCALER_KEY}
    with pytest.raises(InvalidRequestError) as caught:
        await run(provider, request(model="3.1"))
    assert str(caught.value.sentence) == "Jimeng 3.1 isn't set up for this bot's account. Use --model 4.0."
    larger = provider.enlarged(provider.Options(), (64, 64))
    assert larger
    with pytest.raises(InvalidRequestError) as caught:
        await run(provider, ImageRequest("a fox", larger, (reference(),)))
    assert caught.value.paid is False
    assert error_message(caught.value.sentence)
    again = provider.enlarged(provider.Options(), (64, 64))
    assert again
    assert again.size == "4k", "the remake"
    assert isinstance((await run(provider, request()))[-1], Finished)


async def test_an_account_that_has_nothing_is_the_operators_matter(provider: Jimeng, bench: Bench) -> None:
    bench.service.activate(active=False)
    with pytest.raises(MisconfiguredError):
        await run(provider, request(model="3.1"))
    bench.service.activate(active=True)
    bench.service.faults.append(Fault(kind="code", code=50400, action="submit"))
    bench.service.service.not_activated.add("jimeng_t2i_v40")
    with pytest.raises(MisconfiguredError):
        await run(provider, request(model="4.0"))


async def test_check_names_the_models_that_the_account_does_not_have(provider: Jimeng, bench: Bench) -> None:
    await provider.check()
    assert bench.service.calls == {"result": 6}
    bench.service.service.not_activated |= {"jimeng_i2i_v30", UPSCALER_KEY}
    with pytest.raises(MisconfiguredError) as caught:
        await bench.provider().check()
    assert caught.value.advice.startswith(f"this account can't use jimeng_i2i_v30, {UPSCALER_KEY}: activate")
    await bench.provider(models=["4.0", "4.6"], upscaler=False).check()
    with pytest.raises(MisconfiguredError) as caught:
        await bench.provider(models=["4.0", "jimeng_t2i_v50"], upscaler=False).check()
    assert caught.value.advice.startswith("this account can't use jimeng_t2i_v50: activate")
    assert bench.service.submits.total() == 0


async def test_empty_answers_of_tasks_that_were_given_up_are_forgotten(bench: Bench) -> None:
    """A task that is given up after its first empty answer is counted on when somebody looks again."""
    bench.service.queue.concurrency = bench.service.queue.qps = 10**6
    provider, asked = bench.provider(), request(prompt="no pictures")
    tickets = [await provider.submit(asked) for _ in range(300)]
    bench.clock.seconds += 100
    for ticket in tickets:
        with pytest.raises(Exception, match="no pictures"):
            await provider.ask(asked, ticket)
    with pytest.raises(GenerationFailedError):
        await run(provider, asked, tickets[-1])
    assert bench.service.asked_when_done[tickets[-1]] == 3, "its first answer was counted"
    with pytest.raises(GenerationFailedError):
        await run(provider, asked, tickets[0])
    assert bench.service.asked_when_done[tickets[0]] == 4, "the oldest was forgotten"
