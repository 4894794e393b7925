"""The models of DashScope: what is sent to each, and what each refuses before it is paid."""

from typing import Any, cast

import pytest
from aiohttp import ClientSession

from providers.base import ImageRequest, Reference
from providers.dashscope import DashScope
from providers.dashscope.models import MODELS, SHAPES, DashScopeModel
from providers.dashscope.payload import payload
from providers.errors import InvalidRequestError

ALL = tuple(row.name for row in MODELS)


def provider(*models: str, **settings: Any) -> DashScope:
    chosen = {"models": models} if models else {}
    read = DashScope.Settings.model_validate({"api_key": "k", **chosen, **settings})
    return DashScope(read, cast("ClientSession", None))


def reference(width: int = 64, height: int = 64) -> Reference:
    async def read() -> bytes:
        return b"picture"

    return Reference("image/png", width, height, 7, read, "https://bot.example/r")


def asked(dashscope: DashScope, *references: Reference, **options: Any) -> ImageRequest[Any]:
    return ImageRequest("a red fox", dashscope.Options.model_validate(options), references)


async def sent(dashscope: DashScope, *references: Reference, **options: Any) -> dict[str, Any]:
    request = asked(dashscope, *references, **options)
    dashscope.validate(request)
    set_up = dashscope.settings
    row = dashscope.model(request.options)
    return dict(await payload(row, request, watermark=set_up.watermark, prompt_extend=set_up.prompt_extend))


def refusal(dashscope: DashScope, *references: Reference, **options: Any) -> str:
    with pytest.raises(InvalidRequestError) as caught:
        dashscope.validate(asked(dashscope, *references, **options))
    return str(caught.value.sentence)


def test_the_models_by_default() -> None:
    names = provider().settings.models
    assert names[0] == "qwen-image-3.0"
    assert {"wan2.7-image-pro", "wan2.6-t2i", "qwen-image-edit-max", "qwen-image-2.0-pro"} < set(names)
    assert not {"qwen-image", "wan2.2-t2i-flash"} & set(names)


async def test_messages() -> None:
    body = await sent(provider(), reference(), reference(), avoid="people", seed=7)
    content = [{"image": "https://bot.example/r"}] * 2 + [{"text": "a red fox"}]
    assert body == {
        "model": "qwen-image-3.0",
        "input": {"messages": [{"role": "user", "content": content}]},
        "parameters": {"n": 1, "watermark": False, "size": "2048*2048", "seed": 7, "negative_prompt": "people"},
    }


async def test_the_older_protocol() -> None:
    body = await sent(provider(*ALL), avoid="people", model="qwen-image", ar="16:9")
    assert body["input"] == {"prompt": "a red fox", "negative_prompt": "people"}
    assert body["parameters"] == {"n": 1, "watermark": False, "size": "1664*928"}


async def test_rewritten_prompts() -> None:
    dashscope = provider(prompt_extend=False)
    assert (await sent(dashscope))["parameters"]["prompt_extend"] is False
    assert "prompt_extend" not in (await sent(dashscope, model="wan2.7-image"))["parameters"]
    assert "prompt_extend" not in (await sent(provider()))["parameters"]


@pytest.mark.parametrize(
    ("model", "options", "shape", "size"),
    [
        ("qwen-image-3.0", {}, None, None),
        ("qwen-image-3.0", {"ar": "16:9"}, None, "2720*1536"),
        ("qwen-image-3.0", {"size": "1k"}, None, "1024*1024"),
        ("qwen-image-3.0", {}, (1080, 1920), "1536*2720"),
        ("qwen-image-3.0", {"ar": "1:1", "size": "1k"}, (1080, 1920), "1024*1024"),
        ("qwen-image-edit-max", {}, (1000, 100), "2048*512"),
        ("wan2.7-image-pro", {"size": "4k"}, None, "4096*4096"),
        ("wan2.6-image", {}, (640, 480), "1472*1104"),
        ("wan2.6-t2i", {"ar": "21:9"}, None, "2192*944"),
        ("wan2.2-t2i-flash", {"ar": "1:1"}, None, "1024*1024"),
    ],
)
async def test_sizes(model: str, options: dict[str, str], shape: tuple[int, int] | None, size: str | None) -> None:
    references = (reference(*shape), reference()) if shape else ()
    body = await sent(provider(*ALL), *references, model=model, **options)
    assert body["parameters"].get("size") == size


@pytest.mark.parametrize("row", list(MODELS), ids=lambda row: row.name)
async def test_the_service_takes_all_sizes_of_its_models(row: DashScopeModel) -> None:
    dashscope = provider(row.name)
    least = row.least_references
    for shape in row.choices.get("ar", SHAPES):
        for tier in row.choices["size"] or (None,):
            request = asked(dashscope, *[reference(1234, 567)] * least, ar=shape, size=tier)
            body = await payload(row, request, watermark=False, prompt_extend=None)
            width, height = map(int, cast("Any", body)["parameters"]["size"].split("*"))
            assert row.takes(width, height, edits=bool(least)), f"{shape} {tier}: {width}*{height}"


def test_refusals() -> None:
    everything = provider()
    fix = "Qwen Image Edit Max works from pictures. Send one with your prompt, or use --model qwen-image-3.0."
    assert refusal(everything, model="qwen-image-edit-max") == fix
    assert refusal(provider("wan2.6-image"), model="wan2.6-image") == (
        "Wan 2.6 Image works from pictures. Send one with your prompt."
    )
    assert refusal(everything, *[reference()] * 5, model="wan2.6-image").endswith(
        "--model qwen-image-2.1-pro takes more."
    )
    assert refusal(everything, reference(), model="wan2.6-t2i") == (
        "Wan 2.6 works from words alone. For pictures as references use --model qwen-image-3.0."
    )
    assert refusal(everything, reference(), model="wan2.7-image-pro", size="4k") == (
        "With pictures as references, Wan 2.7 pro can't do --size 4k. Use --size 2k."
    )


def test_larger_with_the_same_model_or_another() -> None:
    dashscope = provider()
    assert dashscope.enlarged(dashscope.Options(), (2048, 2048)) is None
    larger = dashscope.enlarged(dashscope.Options(model="wan2.7-image"), (1024, 1024))
    assert larger
    assert (larger.model, larger.size, larger.ar) == ("wan2.7-image", "2k", None)
    other = dashscope.enlarged(dashscope.Options(model="wan2.6-t2i"), (1440, 1440))
    assert other
    assert (other.model, other.size) == ("qwen-image-3.0", "2k")
    assert dashscope.enlarged(dashscope.Options(size="2k"), (1024, 1024)) is None
