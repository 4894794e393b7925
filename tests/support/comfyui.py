"""A ComfyUI provider with its simulator, and workflows for it."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from types import MappingProxyType
from typing import Any

from aiohttp import ClientSession

import providers.comfyui
from providers.base import ImageRequest, Reference
from providers.comfyui import ComfyUI
from providers.comfyui.simulator import ComfyUISimulator
from providers.testing import Scenario, ServiceHarness

EXAMPLES = Path(providers.comfyui.__file__).parent / "examples"
WORKFLOWS = MappingProxyType(
    {
        "words": str(EXAMPLES / "words.json"),
        "photo": str(EXAMPLES / "photo.json"),
        "two": str(Path(__file__).parent / "comfyui_two_photos.json"),
    }
)


class ComfyUIHarness(ServiceHarness):
    """The workflow is chosen by the number of references, unless the options name one."""

    simulator: ComfyUISimulator
    provider: ComfyUI

    def request(self, prompt: str, references: tuple[Reference, ...] = (), **options: Any) -> ImageRequest[Any]:
        name = ("words", "photo", "two")[len(references)]
        return ImageRequest(prompt, self.provider.Options.model_validate({"model": name, **options}), references)


@asynccontextmanager
async def open_comfyui(
    settings: Mapping[str, Any], impossible: Mapping[Scenario, str] = MappingProxyType({})
) -> AsyncIterator[ComfyUIHarness]:
    """A running provider and its simulator; `{url}` and `{key}` in the settings are the simulator's."""
    async with ClientSession() as session:
        harness = ComfyUIHarness(session, ComfyUI, ComfyUISimulator, impossible=impossible)
        await harness.start()
        known = {"url": harness.simulator.url, "key": harness.simulator.key}
        given = {name: value.format(**known) if isinstance(value, str) else value for name, value in settings.items()}
        harness.build(given)
        try:
            yield harness
        finally:
            await harness.aclose()
