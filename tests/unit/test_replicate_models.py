"""The inputs of Replicate's models, by the table."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
from aiohttp import ClientSession
from pydantic import ValidationError

from providers.base import ImageRequest, Reference
from providers.errors import InvalidRequestError
from providers.replicate import Replicate
from providers.replicate.models import MODELS
from providers.replicate.payload import payload

FLUX_3, FLUX_2, FLUX = (f"black-forest-labs/{name}" for name in ("flux-3-image", "flux-2-pro", "flux-dev"))
SCHNELL, KONTEXT = "black-forest-labs/flux-schnell", "black-forest-labs/flux-kontext-pro"
BANANA, PRO, LITE = "google/nano-banana-2", "bytedance/seedream-5-pro", "bytedance/seedream-5-lite"
ALL = tuple(row.name for row in MODELS)


async def read() -> bytes:
    return b"\xff\xd8\xff"


ONE = Reference("image/jpeg", 1200, 800, 3, read, "https://pictures/1.jpg")


@pytest.fixture
async def session() -> AsyncIterator[ClientSession]:
    async with ClientSession() as session:
        yield session


def built(session: ClientSession, **settings: Any) -> Replicate:
    return Replicate(Replicate.Settings.model_validate({"token": "t", "models": ALL, **settings}), session)


def options(provider: Replicate, **values: Any) -> Any:
    return provider.Options.model_validate(values)


def given(provider: Replicate, addresses: tuple[str, ...], **values: Any) -> dict[str, object]:
    chosen = options(provider, **values)
    return payload(provider.model(chosen), "a fox", chosen, addresses)


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ({"model": FLUX_3}, {}),
        ({"model": FLUX_3, "ar": "9:21", "size": "4k"}, {"aspect_ratio": "9:21", "resolution": "4k"}),
        ({"model": BANANA, "size": "2k"}, {"resolution": "2K"}),
        ({"model": PRO, "size": "1k", "ar": "16:9"}, {"size": "1K", "aspect_ratio": "16:9"}),
        ({"model": LITE, "size": "3k"}, {"size": "3K"}),
        ({"model": FLUX_2, "size": "2k"}, {"resolution": "4 MP"}),
        ({"model": FLUX, "ar": "3:2"}, {"aspect_ratio": "3:2"}),
        ({"model": SCHNELL}, {}),
    ],
)
def test_words(session: ClientSession, values: dict[str, Any], expected: dict[str, Any]) -> None:
    assert given(built(session), (), **values) == {"prompt": "a fox", **expected}


@pytest.mark.parametrize(
    ("model", "expected"),
    [
        (FLUX_3, {"images": ["u", "v"], "aspect_ratio": "auto"}),
        (BANANA, {"image_input": ["u", "v"], "aspect_ratio": "match_input_image"}),
        ("google/nano-banana", {"image_input": ["u", "v"], "aspect_ratio": "match_input_image"}),
        (PRO, {"image_input": ["u", "v"], "aspect_ratio": "match_input_image"}),
        (FLUX_2, {"input_images": ["u", "v"], "aspect_ratio": "match_input_image"}),
        (KONTEXT, {"input_image": "u", "aspect_ratio": "match_input_image"}),
        (FLUX, {"image": "u"}),
    ],
)
def test_references_keep_their_shape(session: ClientSession, model: str, expected: dict[str, Any]) -> None:
    assert given(built(session), ("u", "v"), model=model) == {"prompt": "a fox", **expected}


def test_a_shape_that_was_asked_for(session: ClientSession) -> None:
    assert given(built(session), ("u",), model=BANANA, ar="1:1")["aspect_ratio"] == "1:1"


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ({}, {"image_input": ["u"]}),
        ({"references_as": "pictures"}, {"pictures": ["u"]}),
        ({"references_as": "input_image"}, {"input_image": "u"}),
        ({"references_as": "x", "limits": {"me/own": {"reference_field": "images"}}}, {"images": ["u"]}),
        ({"limits": {"me/own": {"like": FLUX_3}}}, {"images": ["u"], "aspect_ratio": "auto"}),
    ],
)
def test_an_unknown_model(session: ClientSession, settings: dict[str, Any], expected: dict[str, Any]) -> None:
    """The setting `references_as` is about models that the table doesn't have."""
    provider = built(session, **{**settings, "models": ["me/own", FLUX_2]})
    assert given(provider, ("u",), model="me/own") == {"prompt": "a fox", **expected}
    assert "input_images" in given(provider, ("u",), model=FLUX_2)


@pytest.mark.parametrize(
    ("settings", "model", "most"),
    [
        ({}, FLUX_3, 10),
        ({}, BANANA, 14),
        ({}, FLUX_2, 8),
        ({}, FLUX, 1),
        ({}, SCHNELL, 0),
        ({"models": ["me/own"]}, "me/own", 10),
        ({"models": ["me/own"], "references_as": "image"}, "me/own", 1),
    ],
)
def test_too_many_references(session: ClientSession, settings: dict[str, Any], model: str, most: int) -> None:
    provider = built(session, **settings)
    chosen = options(provider, model=model)
    provider.validate(ImageRequest("a fox", chosen, (ONE,) * most))
    with pytest.raises(InvalidRequestError):
        provider.validate(ImageRequest("a fox", chosen, (ONE,) * (most + 1)))


@pytest.mark.parametrize("values", [{"model": FLUX, "size": "2k"}, {"model": PRO, "size": "4k"}, {"ar": "8:1"}])
def test_an_option_that_the_model_has_not(session: ClientSession, values: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        options(built(session), **values)


@pytest.mark.parametrize(
    ("names", "model", "expected"),
    [
        (ALL, BANANA, {"model": BANANA, "size": "4k"}),
        (ALL, SCHNELL, {"model": FLUX_3, "size": "4k"}),
        ((PRO, LITE), PRO, {"model": LITE, "size": "3k"}),
        ((FLUX, SCHNELL), FLUX, None),
    ],
)
def test_larger(session: ClientSession, names: tuple[str, ...], model: str, expected: dict[str, str] | None) -> None:
    provider = built(session, models=names)
    larger = provider.enlarged(options(provider, model=model), (1024, 1024))
    assert (larger and larger.model_dump(exclude_unset=True)) == expected


@pytest.mark.parametrize(("model", "name"), [(FLUX_3, "FLUX 3"), ("me/flux-krea", "flux-krea")])
def test_the_name_in_captions(session: ClientSession, model: str, name: str) -> None:
    provider = built(session, models=[model])
    assert provider.model_name(options(provider)) == name
