"""Answers with a paid picture, and beside it something that is not as the service documents it."""

import json
from collections.abc import Mapping
from typing import Any

import pytest

from providers.ark import Ark
from providers.ark.simulator import ArkSimulator
from providers.base import Finished
from providers.dashscope import DashScope
from providers.dashscope.simulator import DashScopeSimulator
from providers.gemini import Gemini
from providers.gemini.simulator import GeminiSimulator
from providers.replicate import Replicate
from providers.replicate.simulator import ReplicateSimulator
from providers.simulators import Fault
from providers.testing import open_bench

URL = "https://pictures.example/1.png"
SERVICES: Mapping[type[Any], tuple[type[Any], dict[str, Any]]] = {
    Ark: (ArkSimulator, {"api_key": "{key}", "endpoint": "{url}/api/v3"}),
    DashScope: (DashScopeSimulator, {"api_key": "{key}", "endpoint": "{url}/api/v1"}),
    Gemini: (GeminiSimulator, {"api_key": "{key}", "endpoint": "{url}/v1beta"}),
    Replicate: (ReplicateSimulator, {"token": "{key}", "endpoint": "{url}/v1"}),
}


def gemini(part: dict[str, Any] | None = None, **candidate: Any) -> dict[str, Any]:
    parts = [*([part] if part else []), {"inlineData": {"data": "cGljdHVyZQ=="}}]
    return {"candidates": [{"content": {"parts": parts}, **candidate}]}


@pytest.mark.parametrize(
    ("service", "action", "body"),
    [
        (Ark, "submit", {"data": [{"url": URL, "error": ""}]}),
        (Ark, "submit", {"data": [{"url": URL}, {"error": "busy"}]}),
        (Gemini, "submit", gemini(finishReason=1)),
        (Gemini, "submit", gemini({"text": 5})),
        (Gemini, "submit", {**gemini(), "promptFeedback": {"blockReason": 0}}),
        (Replicate, "result", {"id": "p", "status": "succeeded", "output": [URL], "error": {"code": 1}}),
        (
            DashScope,
            "result",
            {"output": {"task_id": "t", "task_status": "SUCCEEDED", "code": 0, "results": [{"url": URL, "code": 0}]}},
        ),
    ],
)
async def test_it_does_not_lose_the_picture(service: type[Any], action: str, body: dict[str, Any]) -> None:
    async with open_bench(service, *SERVICES[service]) as bench:
        bench.simulator.faults.append(Fault(kind="json", action=action, status=200, text=json.dumps(body)))
        last = [event async for event in bench.provider.imagine(bench.request("a red fox"))][-1]
        assert isinstance(last, Finished)
        (picture,) = last.pictures
        assert picture.url == URL or picture.data == b"picture"
        assert not bench.simulator.faults
