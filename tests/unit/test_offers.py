"""The buttons under a picture, where an operator has corrected the limits of models."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
from aiohttp import ClientSession

from bot.telegram.provider_labels import Offer, UsedModel, chosen_options, enlarged, flags_of, offer
from providers.ark import Ark
from providers.base import ImageRequest
from providers.dashscope import DashScope
from providers.fal import Fal
from providers.gemini import Gemini
from providers.jimeng import Jimeng
from providers.openai import OpenAI
from providers.openrouter import OpenRouter
from providers.replicate import Replicate
from storage.pictures import Picture

KEYS = {"api_key": "k", "key": "k", "token": "k", "access_key": "k", "secret_key": "k"}
SERVICES: tuple[type[Any], ...] = (Ark, DashScope, Fal, Gemini, Jimeng, OpenAI, OpenRouter, Replicate)
CORRECTIONS = [
    {"size": ()},
    {"size": ("1k",)},
    {"size": ("3k",)},
    {"size": ("1k", "2k", "4k")},
    {"ar": ()},
    {"ar": (), "size": ("1k", "2k", "4k")},
]
PICTURE = Picture(1, 1, 1, 1, 1, None, 1200, 800, None, None, None, None, 0.0, None)


@pytest.fixture
async def session() -> AsyncIterator[ClientSession]:
    async with ClientSession() as session:
        yield session


def built(service: type[Any], session: ClientSession, *more: str, **choices: tuple[str, ...]) -> Any:
    names = [row.name for row in service.table] + list(more)
    keys = {name: value for name, value in KEYS.items() if name in service.Settings.model_fields}
    limits = {name: {"choices": choices} for name in names} if choices else {}
    return service(service.Settings.model_validate({**keys, "models": names, "limits": limits}), session)


@pytest.mark.parametrize("choices", CORRECTIONS, ids=str)
@pytest.mark.parametrize("service", SERVICES, ids=lambda service: service.title)
async def test_limits_that_leave_no_larger_size_lose_no_delivery(
    service: type[Any], choices: dict[str, tuple[str, ...]], session: ClientSession
) -> None:
    provider = built(service, session, "own/model", **choices)
    for name in provider.rows:
        used = UsedModel("it", provider, provider.Options.model_validate({"model": name}))
        offered = offer(used)
        assert isinstance(offered, Offer)
        larger = enlarged(used, PICTURE)
        assert offered.enlarges or larger is None
        provider.Options.model_validate(larger or {})


@pytest.mark.parametrize("service", SERVICES, ids=lambda service: service.title)
async def test_every_value_with_a_button_is_one_that_the_model_takes(
    service: type[Any], session: ClientSession
) -> None:
    provider = built(service, session)
    for name in provider.rows:
        for flag in flags_of(provider, provider.Options.model_validate({"model": name})):
            for value in flag.choices if flag.name != "n" else ():
                given: object = int(value) if flag.name == "set" else value
                provider.Options.model_validate({"model": name, flag.name: given})


async def test_a_model_that_is_not_set_up_any_more_has_a_name_and_limits(session: ClientSession) -> None:
    for service in SERVICES:
        provider = built(service, session)
        options = provider.Options.model_construct(model="somebody/gone")
        assert provider.model_name(options)
        assert provider.reference_limits(options)
        assert provider.most_pictures(ImageRequest("a fox", options)) == 1
        assert chosen_options(provider, {"model": "somebody/gone"}) == provider.Options()
