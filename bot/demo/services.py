"""The demo's image services beside Jimeng, each with the provider settings that point the bot to its simulator."""

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import providers.comfyui
from bot.demo.calls import CallLog
from providers.ark.simulator import ArkSimulator
from providers.comfyui.simulator import ComfyUISimulator
from providers.dashscope.simulator import DashScopeSimulator
from providers.fal.simulator import FalSimulator
from providers.gemini.simulator import GeminiSimulator
from providers.openai.simulator import OpenAISimulator
from providers.openrouter.simulator import OpenRouterSimulator
from providers.replicate.simulator import ReplicateSimulator
from providers.simulators.calls import Call
from providers.simulators.faults import Fault
from providers.simulators.service import ServiceSimulator

EXAMPLES = Path(providers.comfyui.__file__).parent / "examples"
SEEDREAM = ["doubao-seedream-5-0-pro-260628", "doubao-seedream-5-0-260128"]
"""The second one was shut down: the demo shows what people are told."""
SERVICES: Mapping[str, tuple[type[ServiceSimulator], Mapping[str, Any]]] = {
    # The prices are made up; the services' price lists have the real ones.
    "ark": (ArkSimulator, {"api_key": "{key}", "endpoint": "{url}/api/v3", "price": "0.25", "models": SEEDREAM}),
    "openai": (OpenAISimulator, {"api_key": "{key}", "base_url": "{url}/v1", "previews": 2, "price": "0.042"}),
    "dashscope": (DashScopeSimulator, {"api_key": "{key}", "endpoint": "{url}/api/v1", "price": "0.20"}),
    "fal": (FalSimulator, {"key": "{key}", "endpoint": "{url}", "catalogue": "{url}/v1", "price": "0.025"}),
    "replicate": (ReplicateSimulator, {"token": "{key}", "endpoint": "{url}/v1", "price": "0.039"}),
    "gemini": (GeminiSimulator, {"api_key": "{key}", "endpoint": "{url}/v1beta", "price": "0.039"}),
    "openrouter": (OpenRouterSimulator, {"api_key": "{key}", "endpoint": "{url}/api/v1", "price": "0.041"}),
    "comfyui": (
        ComfyUISimulator,
        {"endpoint": "{url}", "workflows": {name: str(EXAMPLES / f"{name}.json") for name in ("words", "photo")}},
    ),
}


STREAM_PACE = 1.7
"""OpenAI takes so many times as long as the others: one sees its unfinished pictures for some seconds."""


class ServiceFaults:
    """Lets the chat page play faults of a service."""

    def __init__(self, service: ServiceSimulator) -> None:
        self._service = service

    def play(self, fault: Mapping[str, Any]) -> None:
        """Plan a fault for the next call. Raises `ValidationError`."""
        self._service.faults.append(Fault.model_validate(fault))

    def clear(self) -> None:
        """Forget all faults."""
        self._service.faults.clear()


@asynccontextmanager
async def serving(calls: CallLog, speed: float, draw_scale: float = 1) -> AsyncIterator[dict[str, ServiceSimulator]]:
    """Start all services; gives them by name. `speed` divides the time that pictures take, `draw_scale` multiplies
    their sides; calls are recorded in `calls`."""
    services = {
        name: kind(
            speed=speed / (STREAM_PACE if name == "openai" else 1),
            draw_scale=draw_scale,
            on_call=_recorder(calls, name),
        )
        for name, (kind, _settings) in SERVICES.items()
    }
    try:
        for service in services.values():
            calls.hide(service.key)
            await service.start()
        yield services
    finally:
        for service in services.values():
            await service.aclose()


def settings_of(services: Mapping[str, ServiceSimulator]) -> dict[str, dict[str, Any]]:
    """The tables `[providers.<name>]` that point the bot to the simulators."""
    return {
        name: {
            key: value.format(url=service.url, key=service.key) if isinstance(value, str) else value
            for key, value in SERVICES[name][1].items()
        }
        for name, service in services.items()
        if name in SERVICES
    }


def _recorder(calls: CallLog, name: str) -> Callable[[Call], None]:
    def record(call: Call) -> None:
        calls.record(name, call.name, status=call.status, ms=call.ms, request=call.request, response=call.response)

    return record
