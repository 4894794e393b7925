"""Replicate's models: the stand-in takes what the table offers, and `check` asks for each model."""

import io
from typing import Any

import pytest
from PIL import Image

from providers.base import ImageRequest, Reference
from providers.errors import MisconfiguredError, ProviderBusyError
from providers.replicate import Replicate
from providers.replicate.models import DEFAULTS, MODELS
from providers.replicate.simulator import ReplicateSimulator
from providers.simulators.faults import Fault
from providers.testing.bench import open_bench

SETTINGS = {"token": "{key}", "endpoint": "{url}/v1"}


@pytest.mark.parametrize("name", [row.name for row in MODELS])
async def test_the_stand_in_takes_what_the_row_offers(name: str) -> None:
    row = MODELS[name]
    values: list[dict[str, Any]] = [{"ar": shape} for shape in ("auto", *row.choices["ar"])]
    values += [{"size": size} for size in row.choices["size"]]
    async with open_bench(Replicate, ReplicateSimulator, {**SETTINGS, "models": [name]}) as bench:
        provider: Any = bench.provider
        kinds = [(), bench.references(1, url=False)] if row.references else [()]
        for given in values:
            for pictures in kinds:
                asked = ImageRequest("a fox", provider.Options.model_validate(given), pictures)
                provider.validate(asked)
                await provider.submit(asked)
        assert bench.submitted == len(kinds) * len(values)
        assert sum(len(task.references) for task in bench.simulator.tasks.values()) == (len(kinds) - 1) * len(values)


async def test_an_edit_has_the_shape_of_its_reference() -> None:
    buffer = io.BytesIO()
    Image.new("RGB", (128, 32), "red").save(buffer, "PNG")

    async def read() -> bytes:
        return buffer.getvalue()

    wide = Reference("image/png", 128, 32, len(buffer.getvalue()), read)
    async with open_bench(Replicate, ReplicateSimulator, SETTINGS) as bench:
        provider: Any = bench.provider
        for name in DEFAULTS[:5]:
            chosen = provider.Options.model_validate({"model": name})
            await provider.submit(ImageRequest("a fox", chosen, (wide,)))
        assert {task.width / task.height for task in bench.simulator.tasks.values()} == {4}


async def test_check_names_unknown_models() -> None:
    settings = {**SETTINGS, "models": ["me/gone", DEFAULTS[0], "me/lost"]}
    async with open_bench(Replicate, ReplicateSimulator, settings) as bench:
        with pytest.raises(MisconfiguredError) as caught:
            await bench.provider.check()
        assert caught.value.advice.startswith("the service doesn't offer these models: me/gone, me/lost.")
        assert bench.submitted == 0


async def test_check_while_the_models_can_not_be_asked_for() -> None:
    async with open_bench(Replicate, ReplicateSimulator, SETTINGS) as bench:
        bench.simulator.faults.append(Fault(kind="html", action="model", status=502))
        with pytest.raises(ProviderBusyError):
            await bench.provider.check()
