"""The rules of Gemini's models: shapes, sizes and references of each, and the larger picture."""

from typing import Any

import pytest
from aiohttp import ClientSession
from pydantic import ValidationError

from providers.base import Finished, ImageRequest
from providers.errors import InvalidRequestError, MisconfiguredError
from providers.gemini import Gemini, GeminiSettings
from providers.gemini.models import MODELS, OFFERED
from providers.gemini.options import GeminiOptions
from providers.gemini.simulator import GeminiSimulator
from providers.options import flags
from providers.testing.bench import open_bench
from providers.testing.steps import run
from tests.support.answering import REFERENCE, AnsweringService, built

BANANA, PRO, LITE, OLD = MODELS.current


def provider(session: ClientSession, *models: str) -> Gemini:
    return Gemini(GeminiSettings.model_validate({"api_key": "k", "models": models or OFFERED}), session)


async def test_what_is_offered(session: ClientSession) -> None:
    drawing = provider(session)
    (model,) = (flag for flag in flags(drawing.Options) if flag.name == "model")
    assert model.choices == (BANANA, PRO, LITE)
    limits = drawing.capabilities.references
    assert limits
    assert limits.count == 14
    assert limits.count * limits.size * 4 / 3 < 100_000_000, "all references travel inside one request"
    assert drawing.model_name(drawing.Options()) == "Nano Banana 2.1"


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"model": LITE, "size": "2k"}, f"Nano Banana 2 Lite can't do --size 2k, only: 1k. --model {BANANA} can."),
        ({"model": BANANA, "size": "512"}, "Nano Banana 2.1 can't do --size 512, only: 1k, 2k, 4k."),
        ({"model": PRO, "ar": "8:1"}, "Nano Banana Pro can't do --ar 8:1"),
    ],
)
async def test_options_that_a_model_does_not_take(session: ClientSession, options: dict[str, str], words: str) -> None:
    with pytest.raises(ValidationError) as caught:
        provider(session).Options.model_validate(options)
    values = dict(caught.value.errors()[0]["ctx"])
    assert words in values.pop("sentence").format(**values)


@pytest.mark.parametrize("model", MODELS.current)
async def test_all_that_a_model_takes(model: str) -> None:
    """The simulator refuses what the row doesn't have; each shape and size is drawn as asked."""
    settings = {"api_key": "{key}", "endpoint": "{url}/v1beta", "models": [model]}
    choices = MODELS[model].choices
    async with open_bench(Gemini, GeminiSimulator, settings) as harness:
        options: list[dict[str, Any]] = [{"ar": ar} for ar in choices["ar"]] + [
            {"size": size} for size in choices["size"]
        ]
        for one in options:
            assert isinstance((await run(harness, harness.request("a fox", model=model, **one)))[-1], Finished)
        tasks = list(harness.simulator.tasks.values())
        assert {task.width for task in tasks[len(choices["ar"]) :]} == {
            {"512": 512, "1k": 1024, "2k": 2048, "4k": 4096}[size] for size in choices["size"]
        }


@pytest.mark.parametrize(
    ("model", "successor"),
    [
        ("gemini-2.5-flash-image", BANANA),
        ("gemini-3-pro-image-preview", PRO),
        ("gemini-3.1-flash-image-preview", BANANA),
        ("imagen-4.0-generate-001", BANANA),
    ],
)
async def test_a_model_that_was_shut_down(session: ClientSession, model: str, successor: str) -> None:
    drawing = provider(session, LITE, model, BANANA, PRO)
    with pytest.raises(InvalidRequestError, match=rf"{model} was shut down on 2026-.* Use --model {successor}\."):
        drawing.validate(ImageRequest("a fox", drawing.Options(model=model)))


async def test_fifteen_references_are_too_many(session: ClientSession) -> None:
    drawing = provider(session)
    drawing.validate(ImageRequest("a fox", drawing.Options(), (REFERENCE,) * 14))
    with pytest.raises(InvalidRequestError, match="at most 14"):
        drawing.validate(ImageRequest("a fox", drawing.Options(), (REFERENCE,) * 15))


@pytest.mark.parametrize(
    ("model", "size", "larger"),
    [
        (BANANA, (4000, 480), {"ar": "8:1", "size": "4k", "model": BANANA}),
        (PRO, (4000, 480), {"ar": "21:9", "size": "4k", "model": PRO}),
        (LITE, (1600, 900), {"ar": "16:9", "size": "4k", "model": BANANA}),
    ],
)
async def test_a_larger_picture(
    session: ClientSession, model: str, size: tuple[int, int], larger: dict[str, Any]
) -> None:
    drawing = provider(session)
    options = drawing.enlarged(drawing.Options(model=model, ar="1:1"), size)
    assert options
    assert options.model_dump(exclude_unset=True) == larger
    assert drawing.enlarged(options, size) is None
    alone = provider(session, LITE)
    assert alone.enlarged(alone.Options(), size) is None


def test_a_request_of_a_model_that_is_not_set_up_any_more_has_a_row() -> None:
    drawing = provider(None, BANANA)  # type: ignore[arg-type]
    assert drawing.model(GeminiOptions(model=PRO)) == MODELS[PRO]
    assert drawing.model(GeminiOptions(model="newer")).choices["size"] == ("1k",)


async def test_a_check_names_all_models_that_are_unknown(service: AnsweringService, session: ClientSession) -> None:
    service.gives(404, {"error": {"code": 404, "message": "models/x is not found", "status": "NOT_FOUND"}})
    with pytest.raises(MisconfiguredError) as caught:
        await built(Gemini, service, session, models=["one", "imagen-4.0-generate-001", "two"]).check()
    words = "the service doesn't offer these models: one, two. Correct the provider's setting `models`"
    assert (caught.value.advice, service.calls) == (words, 2)
