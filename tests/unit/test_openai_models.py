"""The rules of OpenAI's models: the request of each, its sizes, and the larger picture."""

from math import log
from typing import Any

import pytest
from aiohttp import ClientSession
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from providers.base import ImageRequest, Reference, Working
from providers.errors import InvalidRequestError, MisconfiguredError
from providers.models import today
from providers.openai import OpenAI
from providers.openai.models import MODELS, SHAPES, STANDARD
from providers.openai.options import OpenAIOptions, OpenAISettings
from providers.openai.payload import payload
from providers.openai.simulator import OpenAISimulator
from providers.openai.sizes import MOST_RATIO, SIZES, fitted, is_allowed
from providers.options import flags
from providers.testing.bench import open_bench
from providers.testing.steps import run
from tests.support.answering import AnsweringService, built

PLAIN = {"n": 1, "size": "auto", "quality": "auto", "background": "auto", "prompt": "a fox"}


async def _read() -> bytes:
    return b"bytes"


def reference(width: int, height: int) -> Reference:
    return Reference("image/jpeg", width, height, 5, _read)


def asked(model: str, *references: Reference, **options: Any) -> dict[str, object]:
    """The parameters that this model is asked with."""
    (row,) = MODELS.of((model,), {}).values()
    request = ImageRequest("a fox", OpenAIOptions(model=model, **options), references)
    return payload(row, request, OpenAISettings.model_validate({"api_key": "k"}))


def provider(session: ClientSession, *models: str, **settings: Any) -> OpenAI:
    given = {"api_key": "k", **({"models": models} if models else {}), **settings}
    return OpenAI(OpenAISettings.model_validate(given), session)


@pytest.mark.parametrize("model", MODELS.current)
def test_a_plain_request(model: str) -> None:
    assert asked(model) == {**PLAIN, "model": model, "output_format": "jpeg"}


def test_a_compatible_service_gets_what_all_of_them_take() -> None:
    assert asked("theirs") == {**PLAIN, "model": "theirs"}
    assert asked("theirs", reference(1600, 900))["size"] == "auto"
    assert asked("theirs", ar="3:2")["size"] == "1536x1024"


def test_transparency_needs_png() -> None:
    assert asked("gpt-image-2", background="transparent")["output_format"] == "png"


def test_the_operator_sets_the_moderation() -> None:
    settings = OpenAISettings.model_validate({"api_key": "k", "moderation": "low"})
    request = ImageRequest("a fox", OpenAIOptions())
    assert payload(MODELS["gpt-image-2"], request, settings)["moderation"] == "low"


@pytest.mark.parametrize(
    ("options", "size"),
    [
        ({}, "auto"),
        ({"ar": "1:1"}, "1024x1024"),
        ({"ar": "3:2"}, "1536x1024"),
        ({"ar": "2:3"}, "1024x1536"),
        ({"size": "1k"}, "1024x1024"),
        ({"size": "2k", "ar": "16:9"}, "2560x1440"),
        ({"size": "4k", "ar": "16:9"}, "3840x2160"),
        ({"size": "4k", "ar": "9:16"}, "2160x3840"),
        ({"size": "4k"}, "2880x2880"),
        ({"size": "4k", "ar": "3:1"}, "3840x1280"),
        ({"ar": "1:3"}, "720x2160"),
    ],
)
def test_shapes_and_sizes(options: dict[str, str], size: str) -> None:
    assert asked("gpt-image-2.6-flare", **options)["size"] == size


@pytest.mark.parametrize(
    ("model", "options", "size"),
    [
        ("gpt-image-2", {}, "1344x1008"),
        ("gpt-image-2", {"size": "2k"}, "2192x1648"),
        ("gpt-image-2", {"ar": "1:1"}, "1024x1024"),
        ("gpt-image-1.5", {}, "1536x1024"),
    ],
)
def test_an_edit_keeps_the_references_shape(model: str, options: dict[str, str], size: str) -> None:
    assert asked(model, reference(4032, 3024), reference(10, 400), **options)["size"] == size


@given(st.floats(0.02, 50), st.sampled_from(list(SIZES.values())))
def test_every_shape_has_an_allowed_size(ratio: float, size: Any) -> None:
    width, height = fitted(ratio, size)
    assert is_allowed(width, height)
    assert width * height <= size.pixels
    assert width * height >= size.pixels * 0.55
    clipped = min(max(ratio, 1 / MOST_RATIO), MOST_RATIO)
    assert abs(log(width / height / clipped)) < 0.02


@pytest.mark.parametrize(
    "size", [(1000, 1000), (3856, 1600), (3840, 1264), (1264, 3840), (3840, 2176), (800, 800), (0, 0)]
)
def test_sizes_that_no_model_takes(size: tuple[int, int]) -> None:
    assert not is_allowed(*size)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"model": "gpt-image-2", "quality": "max"}, "GPT Image 2 can't do --quality max, only: low, medium, high"),
        ({"model": "gpt-image-1.5", "ar": "16:9"}, "can't do --ar 16:9, only: 1:1, 3:2, 2:3"),
        ({"model": "gpt-image-1.5", "size": "4k"}, "GPT Image 1.5 has no --size"),
    ],
)
async def test_options_that_a_model_does_not_take(session: ClientSession, options: dict[str, str], words: str) -> None:
    drawing = provider(session, *MODELS.current, "gpt-image-1.5")
    with pytest.raises(ValidationError) as caught:
        drawing.Options.model_validate(options)
    values = dict(caught.value.errors()[0]["ctx"])
    assert words in values.pop("sentence").format(**values)


@pytest.mark.parametrize(
    ("model", "options", "counts"),
    [
        ("gpt-image-2", {}, [10]),
        ("gpt-image-2", {"size": "2k"}, [10]),
        ("gpt-image-2", {"size": "4k"}, [5, 5]),
        ("gpt-image-2", {"background": "transparent"}, [9, 1]),
        ("gpt-image-2", {"background": "transparent", "size": "4k"}, [1] * 10),
        ("theirs", {}, [9, 1]),
    ],
)
async def test_an_answer_has_room_for_its_pictures(
    session: ClientSession, model: str, options: dict[str, str], counts: list[int]
) -> None:
    drawing = provider(session, model)
    request = ImageRequest("foxes", drawing.Options(n=10, **options))
    assert [part.options.n for part in drawing.split(request)] == counts


async def test_a_stream_has_room_for_its_previews() -> None:
    settings = {"api_key": "{key}", "base_url": "{url}/v1", "previews": 3}
    async with open_bench(OpenAI, OpenAISimulator, settings) as harness:
        for background, is_shown in (("opaque", True), ("transparent", False)):
            events = await run(harness, harness.request("a fox", size="4k", background=background))
            assert any(isinstance(event, Working) and event.preview for event in events) == is_shown


async def test_what_is_offered(session: ClientSession) -> None:
    drawing = provider(session)
    offered = {flag.name: flag.choices for flag in flags(drawing.Options)}
    assert offered["ar"] == ("auto", *SHAPES)
    assert offered["model"] == MODELS.current
    can = drawing.capabilities
    assert can.references
    assert (can.references.count, can.references.size, can.pictures, can.streams) == (16, 49_999_999, 10, False)
    assert drawing.model_name(drawing.Options()) == "GPT Image 2.6 Sunburst"


async def test_a_model_that_was_shut_down(session: ClientSession) -> None:
    drawing = provider(session, "gpt-image-1", "gpt-image-2.6-sunburst")
    request = ImageRequest("a fox", drawing.Options(model="gpt-image-1"))
    with pytest.raises(InvalidRequestError, match=r"was shut down on 2026-10-23\. Use --model gpt-image-2\.6"):
        drawing.validate(request)


async def test_a_larger_picture(session: ClientSession) -> None:
    drawing = provider(session)
    used = drawing.Options(ar="16:9", quality="max", background="transparent", n=3)
    larger = drawing.enlarged(used, (1648, 928))
    assert larger
    assert larger.model_dump(exclude_unset=True) == {
        "size": "4k",
        "model": "gpt-image-2.6-sunburst",
        "background": "transparent",
        "quality": "max",
    }
    assert asked(larger.model, reference(1648, 928), size=larger.size)["size"] == "3808x2144"
    assert drawing.enlarged(larger, (3840, 2160)) is None


async def test_another_model_makes_the_larger_picture(session: ClientSession) -> None:
    drawing = provider(session, "theirs", "gpt-image-2")
    larger = drawing.enlarged(drawing.Options(model="theirs"), (64, 64))
    assert larger
    assert (larger.model, larger.quality) == ("gpt-image-2", "auto")
    alone = provider(session, "theirs")
    assert alone.enlarged(alone.Options(), (64, 64)) is None


async def test_an_operator_corrects_a_row(session: ClientSession) -> None:
    limits = {"theirs": {"choices": {"size": ["1k", "2k"]}}, "gpt-image-2-2026-04-21": {"like": "gpt-image-2"}}
    drawing = provider(session, *limits, limits=limits)
    row = drawing.model(drawing.Options(model="theirs", size="2k"))
    assert row.takes_any_size
    assert drawing.model(drawing.Options(model="gpt-image-2-2026-04-21")).choices == MODELS["gpt-image-2"].choices


def test_a_request_of_a_model_that_is_not_set_up_any_more_has_a_row() -> None:
    drawing = provider(None, "gpt-image-2")  # type: ignore[arg-type]
    assert drawing.model(OpenAIOptions(model="gpt-image-2.6-flare")) == MODELS["gpt-image-2.6-flare"]
    assert drawing.model(OpenAIOptions(model="theirs")).choices["ar"] == tuple(STANDARD)


def listed(*models: tuple[str, str | None]) -> dict[str, Any]:
    return {"data": [{"id": name, "shutdown_date": day} for name, day in models]}


async def test_a_check_names_all_models_that_are_unknown(service: AnsweringService, session: ClientSession) -> None:
    service.gives(200, listed(("gpt-image-2", None), ("gpt-4", None)))
    drawing = built(OpenAI, service, session, models=["gpt-image-2", "one", "two"])
    with pytest.raises(MisconfiguredError) as caught:
        await drawing.check()
    words = "the service doesn't offer these models: one, two. Correct the provider's setting `models`"
    assert (caught.value.advice, service.calls) == (words, 1)


async def test_a_check_reads_when_a_model_ends(
    service: AnsweringService, session: ClientSession, caplog: pytest.LogCaptureFixture
) -> None:
    service.gives(200, listed(("gpt-image-2", "2999-01-01"), ("gpt-image-2.5-flare", "soon")))
    await built(OpenAI, service, session, models=["gpt-image-2", "gpt-image-2.5-flare"]).check()
    assert "OpenAI will shut down gpt-image-2 on 2999-01-01" in caplog.text
    service.gives(200, listed(("gpt-image-2", str(today()))))
    with pytest.raises(MisconfiguredError, match=rf"gpt-image-2 \(shut down on {today()}\)"):
        await built(OpenAI, service, session, models=["gpt-image-2"]).check()
