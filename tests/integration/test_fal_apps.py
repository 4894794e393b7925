"""fal's apps: the stand-in takes what the table offers, and `check` looks the apps up."""

import io
import json
from typing import Any

import pytest
from aiohttp import ClientSession
from PIL import Image

from providers.base import ImageRequest, Reference
from providers.errors import MisconfiguredError, ProviderBusyError
from providers.fal import Fal
from providers.fal.models import DEFAULTS, MODELS
from providers.fal.simulator import FalSimulator
from providers.simulators.faults import Fault
from providers.testing.bench import open_bench
from tests.support.recorder import Recorder

SETTINGS = {"key": "{key}", "endpoint": "{url}", "catalogue": "{url}/v1"}
BANANA, FLUX_3 = "google/nano-banana-2.1", "blackforestlabs/flux-3/text-to-image"


@pytest.mark.parametrize("name", [row.name for row in MODELS])
async def test_the_stand_in_takes_what_the_row_offers(name: str) -> None:
    row = MODELS[name]
    values: list[dict[str, Any]] = [{"ar": shape} for shape in ("auto", *row.choices["ar"])]
    values += [{"size": size} for size in row.choices["size"]]
    values += [{"n": 4}, {} if "seed" in row.choices else {"seed": 5}]
    async with open_bench(Fal, FalSimulator, {**SETTINGS, "models": [name]}) as bench:
        provider: Any = bench.provider
        for given in values:
            for pictures in ((), bench.references(1, url=False)):
                asked = ImageRequest("a fox", provider.Options.model_validate(given), pictures)
                provider.validate(asked)
                for part in provider.split(asked):
                    await provider.submit(part)
        assert bench.submitted >= 2 * len(values)
        assert sum(len(task.references) for task in bench.simulator.tasks.values()) >= len(values)


async def test_an_edit_has_the_shape_of_its_reference() -> None:
    buffer = io.BytesIO()
    Image.new("RGB", (128, 32), "red").save(buffer, "PNG")

    async def read() -> bytes:
        return buffer.getvalue()

    wide = Reference("image/png", 128, 32, len(buffer.getvalue()), read)
    async with open_bench(Fal, FalSimulator, SETTINGS) as bench:
        provider: Any = bench.provider
        for name in DEFAULTS:
            chosen = provider.Options.model_validate({"model": name})
            await provider.submit(ImageRequest("a fox", chosen, (wide,)))
        assert {task.width / task.height for task in bench.simulator.tasks.values()} == {4}


async def test_the_app_that_takes_the_references_draws() -> None:
    async with open_bench(Fal, FalSimulator, {**SETTINGS, "models": ["fal-ai/flux/dev"]}) as bench:
        provider: Any = bench.provider
        asked = ImageRequest("a fox", provider.Options(), bench.references(2, url=True))
        assert (await provider.submit(asked)).startswith(f"/{BANANA}/requests/")


async def test_check_names_unknown_apps() -> None:
    settings = {**SETTINGS, "models": ["me/flux", BANANA], "edit_model": "me/flux/edit"}
    async with open_bench(Fal, FalSimulator, settings) as bench:
        with pytest.raises(MisconfiguredError) as caught:
            await bench.provider.check()
        assert caught.value.advice.startswith("the service doesn't offer these models: me/flux, me/flux/edit.")


async def test_check_names_deprecated_apps() -> None:
    async with open_bench(Fal, FalSimulator, {**SETTINGS, "models": [FLUX_3]}) as bench:
        about = {"models": [{"endpoint_id": FLUX_3, "metadata": {"status": "deprecated"}}]}
        bench.simulator.faults.append(Fault(kind="json", action="catalogue", status=200, text=json.dumps(about)))
        with pytest.raises(MisconfiguredError) as caught:
            await bench.provider.check()
        assert f": blackforestlabs/flux-3/edit-image, {FLUX_3} (deprecated)." in caught.value.advice


@pytest.mark.parametrize("status", [404, 200])
async def test_both_answers_about_an_app_that_is_gone(status: int) -> None:
    async with open_bench(Fal, FalSimulator, {**SETTINGS, "models": [FLUX_3]}) as bench:
        text = json.dumps({"models": [], "error": None})
        bench.simulator.faults.append(Fault(kind="json", action="catalogue", times=3, status=status, text=text))
        with pytest.raises(MisconfiguredError) as caught:
            await bench.provider.check()
        assert f": {FLUX_3}, blackforestlabs/flux-3/edit-image." in caught.value.advice


async def test_apps_are_looked_up_one_by_one_where_one_is_not_found() -> None:
    async with open_bench(Fal, FalSimulator, SETTINGS) as bench:
        text = json.dumps({"error": {"type": "not_found"}})
        bench.simulator.faults.append(Fault(kind="json", action="catalogue", status=404, text=text))
        await bench.provider.check()


async def test_check_without_the_catalogue() -> None:
    async with open_bench(Fal, FalSimulator, {**SETTINGS, "catalogue": "http://127.0.0.1:9/v1"}) as bench:
        with pytest.raises(ProviderBusyError):
            await bench.provider.check()


async def test_the_catalogue_does_not_see_the_key() -> None:
    simulator = FalSimulator()
    await simulator.start()
    try:
        async with Recorder(simulator.url).serving() as recorder, ClientSession() as session:
            given = {"key": simulator.key, "endpoint": recorder.url, "catalogue": f"{recorder.url}/v1"}
            await Fal(Fal.Settings.model_validate(given), session).check()
    finally:
        await simulator.aclose()
    looked = [sent for sent in recorder.sent if sent.path == "/v1/models"]
    assert len(looked) == 1, "all at once"
    assert [sent for sent in looked if "Authorization" in sent.headers] == []
