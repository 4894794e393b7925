"""The models of Ark: what is sent to each, and what each refuses before it is paid."""

from typing import Any, cast

import pytest
from aiohttp import ClientSession
from pydantic import ValidationError

from providers.ark import Ark
from providers.ark.models import MODELS, SHAPES
from providers.ark.payload import payload
from providers.base import ImageRequest, Reference
from providers.errors import InvalidRequestError

PRO, LITE, SEEDREAM_4 = "doubao-seedream-5-0-pro-260628", "doubao-seedream-5-0-260128", "doubao-seedream-4-0-250828"
ENDPOINT = "ep-20261130-abcde"


def provider(**settings: Any) -> Ark:
    read = Ark.Settings.model_validate({"api_key": "k", **settings})
    return Ark(read, cast("ClientSession", None))


def old_models() -> Ark:
    """An account that still has its old models."""
    return provider(models=(PRO, LITE, SEEDREAM_4), limits={LITE: {"ends": "never"}, SEEDREAM_4: {"ends": "never"}})


def reference(width: int = 64, height: int = 64) -> Reference:
    async def read() -> bytes:
        return b"picture"

    return Reference("image/png", width, height, 7, read, "https://bot.example/r")


def asked(ark: Ark, *references: Reference, **options: Any) -> ImageRequest[Any]:
    return ImageRequest("a red fox", ark.Options.model_validate(options), references)


async def sent(ark: Ark, *references: Reference, **options: Any) -> dict[str, Any]:
    request = asked(ark, *references, **options)
    ark.validate(request)
    return dict(await payload(ark.model(request.options), request, watermark=False))


def refusal(ark: Ark, *references: Reference, **options: Any) -> str:
    try:
        with pytest.raises(InvalidRequestError) as caught:
            ark.validate(asked(ark, *references, **options))
    except ValidationError as error:
        said = error.errors()[0]["ctx"]
        return str(said["sentence"]).format(**said)
    return str(caught.value.sentence)


def test_the_models_by_default() -> None:
    ark = provider()
    assert ark.settings.models == (PRO,)
    assert ark.model_name(ark.Options()) == "Seedream 5.0 pro"
    limits = ark.capabilities.references
    assert limits
    assert (limits.count, limits.by_url) == (10, True)


@pytest.mark.parametrize(
    ("options", "size"),
    [
        ({}, "2K"),
        ({"size": "1.5k"}, "1.5K"),
        ({"ar": "16:9"}, "2816x1584"),
        ({"ar": "3:4", "size": "1k"}, "864x1152"),
    ],
)
async def test_sizes_of_words(options: dict[str, str], size: str) -> None:
    assert (await sent(provider(), **options))["size"] == size


@pytest.mark.parametrize(
    ("shape", "options", "size"),
    [
        ((1920, 1080), {}, "2816x1584"),
        ((1080, 1930), {}, "1584x2816"),
        ((1000, 700), {}, "2448x1712"),
        ((1000, 700), {"ar": "1:1"}, "2048x2048"),
        ((4000, 200), {"size": "1k"}, "4096x256"),
    ],
)
async def test_an_edit_keeps_the_shape_of_its_first_reference(
    shape: tuple[int, int], options: dict[str, str], size: str
) -> None:
    assert (await sent(provider(), reference(*shape), reference(), **options))["size"] == size


async def test_a_single_picture_has_no_parameters_of_sets() -> None:
    assert set(await sent(provider())) == {"model", "prompt", "size", "response_format", "watermark"}
    series = await sent(old_models(), set=3, model=LITE)
    assert series["sequential_image_generation_options"] == {"max_images": 3}
    assert series["stream"] is True


@pytest.mark.parametrize("row", [*MODELS, MODELS.of([ENDPOINT], {})[ENDPOINT]], ids=lambda row: row.name)
def test_the_recommended_sizes_are_within_the_models_bounds(row: Any) -> None:
    least, most = row.pixels
    for sizes in row.sizes.values():
        assert len(sizes) == len(SHAPES)
        for size, shape in zip(sizes, SHAPES, strict=True):
            width, height = map(int, size.split("x"))
            assert least <= width * height <= most
            wide, high = map(int, shape.split(":"))
            assert width / height == pytest.approx(wide / high, rel=0.02)


def test_refusals() -> None:
    assert refusal(provider(), set=2) == "Seedream 5.0 pro has no --set. Leave it out."
    assert refusal(provider(), size="4k") == "Seedream 5.0 pro can't do --size 4k, only: 1k, 1.5k, 2k."
    assert "at most 10 as references" in refusal(provider(), *[reference()] * 11)
    assert refusal(old_models(), *[reference()] * 12, set=5, model=LITE).endswith("ask for at most 3.")
    assert refusal(old_models(), size="1k", model=LITE).startswith("Seedream 5.0 lite can't do --size 1k")


def test_a_model_that_was_switched_off() -> None:
    ark = provider(models=(PRO, LITE))
    words = f"Seedream 5.0 lite was shut down on 2026-11-24. Use --model {PRO}."
    assert refusal(ark, model=LITE) == words
    assert refusal(provider(), model=LITE) == words


async def test_an_inference_endpoint_is_like_its_model() -> None:
    ark = provider(models=(ENDPOINT,), limits={ENDPOINT: {"like": PRO, "title": "Ours"}})
    assert refusal(ark, set=2) == "Ours has no --set. Leave it out."
    assert (await sent(ark, ar="16:9"))["size"] == "2816x1584"
    assert (await sent(ark))["model"] == ENDPOINT


async def test_an_unknown_model_decides_for_itself() -> None:
    ark = provider(models=(ENDPOINT,), limits={ENDPOINT: {"series": 4}})
    assert (await sent(ark, size="4k", set=4))["size"] == "4K"
    assert refusal(ark, set=5) == f"{ENDPOINT} makes series of at most 4 pictures."


def test_larger_with_the_same_model_or_another() -> None:
    ark = provider()
    larger = ark.enlarged(ark.Options(size="1k"), (1024, 1024))
    assert larger
    assert (larger.size, larger.model, larger.ar) == ("2k", PRO, "auto")
    assert ark.enlarged(ark.Options(), (2048, 2048)) is None
    both = old_models()
    other = both.enlarged(both.Options(model=PRO), (2048, 2048))
    assert other
    assert (other.size, other.model) == ("4k", LITE)
