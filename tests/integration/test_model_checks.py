"""`check` asks Ark and DashScope for every model, and names those that the account can't use."""

from typing import Any

import pytest

from providers.ark import Ark
from providers.ark.simulator import ArkSimulator
from providers.dashscope import DashScope
from providers.dashscope.simulator import DashScopeSimulator
from providers.errors import MisconfiguredError
from providers.simulators import Fault
from providers.testing import open_bench

ARK: Any = (Ark, ArkSimulator, "/api/v3", "doubao-seedream-5-0-pro-260628")
DASHSCOPE: Any = (DashScope, DashScopeSimulator, "/api/v1", "qwen-image-2.0")
SERVICES = pytest.mark.parametrize(
    ("provider", "simulator", "path", "known"), [ARK, DASHSCOPE], ids=["ark", "dashscope"]
)


@SERVICES
async def test_unknown_models_are_named(provider: Any, simulator: Any, path: str, known: str) -> None:
    settings = {"api_key": "{key}", "endpoint": f"{{url}}{path}", "models": ("no-such", known, "another")}
    async with open_bench(provider, simulator, settings) as bench:
        with pytest.raises(MisconfiguredError) as caught:
            await bench.provider.check()
        assert "the account can't use no-such, another: activate" in caught.value.advice
        assert known not in caught.value.advice
        assert bench.submitted == 0


@SERVICES
async def test_models_that_have_ended_are_not_asked_for(provider: Any, simulator: Any, path: str, known: str) -> None:
    limits = {"gone": {"ends": "2026-01-01"}}
    settings = {"api_key": "{key}", "endpoint": f"{{url}}{path}", "models": (known, "gone"), "limits": limits}
    async with open_bench(provider, simulator, settings) as bench:
        await bench.provider.check()


@pytest.mark.parametrize("model", ["qwen-image-3.0", "qwen-image-2.0", "wan2.2-t2i-flash", "wan2.6-image"])
async def test_a_model_that_is_not_listed_is_asked(model: str) -> None:
    settings = {"api_key": "{key}", "endpoint": "{url}/api/v1", "models": (model,)}
    async with open_bench(DashScope, DashScopeSimulator, settings) as bench:
        bench.simulator.faults.append(
            Fault(kind="json", action="models", status=200, text='{"output": {"models": null}}')
        )
        await bench.provider.check()
        assert bench.simulator.faults == []
        assert bench.submitted == 0
