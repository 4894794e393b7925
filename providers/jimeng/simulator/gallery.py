"""The pictures of finished tasks: drawn when first looked at, and again, the same, when they have been let go."""

import asyncio
from collections import OrderedDict
from collections.abc import Callable, Sequence

from providers.jimeng.simulator.tasks import Task

Draw = Callable[[str, Sequence[bytes], int, int, int], bytes]
"""From prompt, references, width, height (pixels) and seed to a JPEG."""

_KEPT = 24


class Gallery:
    """Draws one picture at a time, in a thread. `scale` makes them smaller than asked for."""

    def __init__(self, draw: Draw, scale: float) -> None:
        self._draw = draw
        self._scale = scale
        self._kept: OrderedDict[tuple[str, int], bytes] = OrderedDict()
        self._pencil = asyncio.Lock()

    async def picture(self, task: Task, number: int) -> bytes:
        """The JPEG of the task's picture `number` (from 0)."""
        key = task.id, number
        async with self._pencil:
            if key not in self._kept:
                width, height = (max(1, round(side * self._scale)) for side in (task.width, task.height))
                arguments = task.prompt, task.references, width, height, task.seed + number
                self._kept[key] = await asyncio.to_thread(self._draw, *arguments)
            self._kept.move_to_end(key)
            while len(self._kept) > _KEPT:
                self._kept.popitem(last=False)
            return self._kept[key]
