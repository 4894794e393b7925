"""The inputs of fal's apps, by the table."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
from aiohttp import ClientSession
from pydantic import ValidationError

from providers.base import ImageRequest, Reference
from providers.errors import InvalidRequestError
from providers.fal import Fal
from providers.fal.models import MODELS, editor
from providers.fal.payload import payload, sides

BANANA, PRO, FLUX = "google/nano-banana-2.1", "fal-ai/nano-banana-pro", "fal-ai/flux/dev"
FLUX_3, SEEDREAM = "blackforestlabs/flux-3/text-to-image", "bytedance/seedream/v5/pro/text-to-image"
KONTEXT = "fal-ai/flux-pro/kontext/text-to-image"
ALL = tuple(row.name for row in MODELS)


async def read() -> bytes:
    return b"\xff\xd8\xff"


WIDE = Reference("image/jpeg", 1200, 800, 3, read, "https://pictures/1.jpg")


@pytest.fixture
async def session() -> AsyncIterator[ClientSession]:
    async with ClientSession() as session:
        yield session


def built(session: ClientSession, **settings: Any) -> Fal:
    return Fal(Fal.Settings.model_validate({"key": "k", "models": ALL, **settings}), session)


def options(provider: Fal, **values: Any) -> Any:
    return provider.Options.model_validate(values)


def request(provider: Fal, *references: Reference, **values: Any) -> ImageRequest[Any]:
    return ImageRequest("a fox", options(provider, **values), references)


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ({"model": BANANA}, {"num_images": 1}),
        ({"model": BANANA, "ar": "8:1", "size": "4k"}, {"num_images": 1, "aspect_ratio": "8:1", "resolution": "4K"}),
        ({"model": FLUX_3}, {}),
        ({"model": FLUX_3, "ar": "7:5", "size": "2k"}, {"aspect_ratio": "7:5", "resolution": "2k"}),
        ({"model": SEEDREAM}, {"num_images": 1}),
        ({"model": SEEDREAM, "size": "1k"}, {"num_images": 1, "image_size": "auto_1K"}),
        ({"model": SEEDREAM, "ar": "16:9"}, {"num_images": 1, "image_size": {"width": 2720, "height": 1536}}),
        ({"model": FLUX}, {"num_images": 1, "image_size": "square_hd"}),
        ({"model": FLUX, "ar": "16:9"}, {"num_images": 1, "image_size": "landscape_16_9"}),
        ({"model": FLUX, "ar": "3:2"}, {"num_images": 1, "image_size": {"width": 1248, "height": 832}}),
        ({"model": FLUX, "seed": 0, "n": 3}, {"num_images": 3, "seed": 0, "image_size": "square_hd"}),
        ({"model": KONTEXT, "ar": "9:21"}, {"num_images": 1, "aspect_ratio": "9:21"}),
    ],
)
def test_words(session: ClientSession, values: dict[str, Any], expected: dict[str, Any]) -> None:
    provider = built(session)
    row = MODELS[values["model"]]
    given = payload(row, "a fox", options(provider, **values), (), ())
    assert given == {"prompt": "a fox", "output_format": "jpeg", **expected}


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        # These keep the reference's shape by themselves.
        ({"model": BANANA}, {"num_images": 1, "image_urls": ["u"]}),
        ({"model": PRO, "ar": "1:1"}, {"num_images": 1, "image_urls": ["u"], "aspect_ratio": "1:1"}),
        ({"model": FLUX_3, "size": "4k"}, {"image_urls": ["u"], "resolution": "4k"}),
        ({"model": KONTEXT}, {"num_images": 1, "image_url": "u"}),
        # This one is told.
        (
            {"model": SEEDREAM, "size": "1k"},
            {"num_images": 1, "image_urls": ["u"], "image_size": {"width": 1552, "height": 1040}},
        ),
        (
            {"model": SEEDREAM, "ar": "1:1"},
            {"num_images": 1, "image_urls": ["u"], "image_size": {"width": 2048, "height": 2048}},
        ),
    ],
)
def test_references(session: ClientSession, values: dict[str, Any], expected: dict[str, Any]) -> None:
    provider = built(session)
    given = payload(MODELS[values["model"]], "a fox", options(provider, **values), (WIDE,), ("u",))
    assert given == {"prompt": "a fox", "output_format": "jpeg", **expected}


@pytest.mark.parametrize("ratio", [1 / 16, 1 / 3, 9 / 21, 1, 1.5, 16])
@pytest.mark.parametrize("area", sorted(MODELS[SEEDREAM].areas.values()))
def test_sides(ratio: float, area: int) -> None:
    found = sides(area, ratio)
    assert 1024 * 1024 <= found["width"] * found["height"] <= area
    assert {side % 16 for side in found.values()} == {0}
    assert found["width"] / found["height"] == pytest.approx(ratio, rel=0.06)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        (BANANA, f"{BANANA}/edit"),
        (FLUX_3, "blackforestlabs/flux-3/edit-image"),
        (SEEDREAM, "bytedance/seedream/v5/pro/edit"),
        (KONTEXT, "fal-ai/flux-pro/kontext"),
        (FLUX, None),
    ],
)
def test_the_app_for_references(name: str, expected: str | None) -> None:
    assert MODELS[name].edit_app == expected


def test_a_model_like_another_has_its_own_app_for_references(session: ClientSession) -> None:
    provider = built(session, models=["me/nano"], limits={"me/nano": {"like": BANANA}})
    assert provider.rows["me/nano"].edit_app == "me/nano/edit"


@pytest.mark.parametrize(("name", "tasks"), [(FLUX_3, [1, 1, 1]), (BANANA, [3])])
def test_as_few_tasks_as_the_app_allows(session: ClientSession, name: str, tasks: list[int]) -> None:
    provider = built(session)
    assert [part.options.n for part in provider.split(request(provider, model=name, n=3))] == tasks


def test_the_app_that_takes_the_references_decides_how_many_tasks(session: ClientSession) -> None:
    provider = built(session, edit_model="blackforestlabs/flux-3/edit-image")
    assert len(provider.split(request(provider, WIDE, model=FLUX, n=2))) == 2
    assert len(provider.split(request(provider, model=FLUX, n=2))) == 1


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"model": FLUX_3, "seed": 1}, "FLUX 3 has no --seed"),
        ({"model": FLUX, "size": "2k"}, "FLUX.1 dev has no --size"),
        ({"model": SEEDREAM, "size": "4k"}, "Seedream 5.0 pro can't do --size 4k"),
        ({"model": PRO, "ar": "8:1"}, "Nano Banana Pro can't do --ar 8:1"),
    ],
)
def test_an_option_that_the_app_has_not(session: ClientSession, values: dict[str, Any], words: str) -> None:
    with pytest.raises(ValidationError) as caught:
        options(built(session), **values)
    context = caught.value.errors()[0]["ctx"]
    assert context["sentence"].format(**context).startswith(words)


def test_too_many_references(session: ClientSession) -> None:
    provider = built(session)
    provider.validate(request(provider, *[WIDE] * 14, model=BANANA))
    with pytest.raises(InvalidRequestError):
        provider.validate(request(provider, *[WIDE] * 11, model=FLUX_3))
    with pytest.raises(InvalidRequestError):
        provider.validate(request(provider, WIDE, WIDE, model=KONTEXT))


def test_a_field_for_one_address_takes_one(session: ClientSession) -> None:
    limits = {"a/kontext": {"like": BANANA, "reference_field": "image_url"}}
    provider = built(session, models=["a/kontext"], limits=limits)
    provider.validate(request(provider, WIDE))
    with pytest.raises(InvalidRequestError):
        provider.validate(request(provider, WIDE, WIDE))


@pytest.mark.parametrize(
    ("names", "model", "expected"),
    [
        (ALL, BANANA, {"model": BANANA, "size": "4k"}),
        (ALL, FLUX_3, {"model": FLUX_3, "size": "4k"}),
        (ALL, FLUX, {"model": BANANA, "size": "4k"}),
        ((SEEDREAM,), SEEDREAM, {"model": SEEDREAM, "size": "2k"}),
        ((FLUX,), FLUX, None),
    ],
)
def test_larger(session: ClientSession, names: tuple[str, ...], model: str, expected: dict[str, str] | None) -> None:
    provider = built(session, models=names)
    larger = provider.enlarged(options(provider, model=model, ar="1:1"), (1024, 1024))
    assert (larger and larger.model_dump(exclude_unset=True)) == expected
    if larger is not None:
        assert provider.enlarged(larger, (1024, 1024)) is None


def test_a_picture_is_not_made_larger_than_it_is(session: ClientSession) -> None:
    provider = built(session, models=[SEEDREAM])
    assert provider.enlarged(options(provider), (2720, 1536)) is None


@pytest.mark.parametrize(
    ("model", "name"), [(FLUX_3, "FLUX 3"), ("me/flux/krea", "flux/krea"), ("fal-ai/qwen-image", "Qwen-Image")]
)
def test_the_name_in_captions(session: ClientSession, model: str, name: str) -> None:
    provider = built(session, models=[model])
    assert provider.model_name(options(provider)) == name


def test_a_size_that_the_operator_adds(session: ClientSession) -> None:
    provider = built(session, models=[FLUX], limits={FLUX: {"choices": {"size": ["2k"]}}})
    for shape in ("auto", "1:1"):
        given = payload(provider.rows[FLUX], "a fox", options(provider, ar=shape, size="2k"), (), ())
        assert given["image_size"] == {"width": 2048, "height": 2048}


def test_an_unknown_app_is_used_as_before(session: ClientSession) -> None:
    """Five shapes by name, and an app for references of which nothing is known."""
    provider = built(session, models=["me/flux"], edit_model="me/flux/edit")
    chosen = options(provider, ar="4:3", seed=3)
    common = {"prompt": "a fox", "output_format": "jpeg", "num_images": 1}
    words = payload(provider.rows["me/flux"], "a fox", chosen, (), ())
    assert words == {**common, "seed": 3, "image_size": "landscape_4_3"}
    assert payload(editor("me/flux/edit"), "a fox", chosen, (WIDE,), ("u",)) == {**common, "image_urls": ["u"]}
