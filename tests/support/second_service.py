"""OpenAI's simulator as a second service beside Jimeng's, whose tasks pass step by step."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from types import MappingProxyType
from typing import Any

from bot.settings import AccessSettings
from providers.openai.simulator import OpenAISimulator
from tests.support.app_harness import AppHarness, open_app_harness
from tests.support.sample_pictures import draw_halves


class Steps:
    """A simulator's sleep: each call waits for `go`, until `open`."""

    def __init__(self) -> None:
        self.waiting: list[asyncio.Event] = []
        self.is_open = False

    async def __call__(self, seconds: float) -> None:
        if not self.is_open:
            self.waiting.append(event := asyncio.Event())
            await event.wait()

    def go(self) -> None:
        self.waiting.pop(0).set()

    def open(self) -> None:
        self.is_open = True
        while self.waiting:
            self.go()


class SecondService:
    """The simulator; each drawing is one pixel wider than the last."""

    def __init__(self) -> None:
        self.steps = Steps()
        self._drawn = 0
        self.service = OpenAISimulator(durations=lambda _: 0.001, sleep=self.steps, draw=self._draw, draw_scale=0.1)

    def _draw(self, prompt: str, references: Sequence[bytes], width: int, height: int, seed: int) -> bytes:
        self._drawn += 1
        return draw_halves(prompt, references, width + self._drawn, height, seed)

    @asynccontextmanager
    async def harness(
        self,
        folder: Path,
        *,
        budgets: Mapping[str, Any] = MappingProxyType({}),
        limits: Any = None,
        **jimeng: Any,
    ) -> AsyncIterator[AppHarness]:
        """A bot with both services; Ann is admin."""
        await self.service.start()
        table = {"api_key": self.service.key, "base_url": f"{self.service.url}/v1", "previews": 2, "price": "0.042"}
        tables = {"openai": table, "jimeng": {"price": "0.20", "currency": "CNY", **jimeng}}
        try:
            async with open_app_harness(
                folder,
                providers=tables,
                budgets=budgets,
                limits=limits,
                access=AccessSettings(open=True, admins={510_000_001}),
            ) as harness:
                assert harness.ann.id == 510_000_001
                yield harness
                self.steps.open()
        finally:
            await self.service.aclose()

    @property
    def prompts(self) -> list[str]:
        return [task.prompt for task in self.service.tasks.values()]
