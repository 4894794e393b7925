"""The pictures of finished tasks: drawn at the first request and cached; drawn again, the same, after eviction."""

import asyncio
from collections import OrderedDict
from collections.abc import Callable, Iterable, Sequence
from io import BytesIO
from itertools import takewhile

from PIL import Image

from providers.jimeng.simulator.tasks import Task

Draw = Callable[[str, Sequence[bytes], int, int, int], bytes]
"""Takes prompt, references, width, height (pixels) and seed; returns a JPEG."""

GIVEN_BACK = "leave it as it is"
"""These words in a prompt make the service give the first reference back in place of a picture."""
_PICTURES_KEPT = 24


class Gallery:
    """Draws one picture at a time, in a thread. `scale` reduces the requested size."""

    def __init__(self, draw: Draw, scale: float) -> None:
        self._draw = draw
        self._scale = scale
        self._cache: OrderedDict[tuple[str, int], bytes] = OrderedDict()
        self._lock = asyncio.Lock()
        self._begun: set[str] = set()
        self._ahead: set[asyncio.Task[None]] = set()

    def begin(self, tasks: Iterable[Task]) -> None:
        """Draw the pictures of those of these tasks, newest first, that are new: a busy machine may be slow at it."""
        for task in takewhile(lambda task: task.id not in self._begun, tasks):
            self._begun.add(task.id)
            work = asyncio.create_task(self._all_of(task))
            self._ahead.add(work)
            work.add_done_callback(self._ahead.discard)

    async def aclose(self) -> None:
        """Begin no more pictures."""
        for work in self._ahead:
            work.cancel()
        await asyncio.gather(*self._ahead, return_exceptions=True)

    async def _all_of(self, task: Task) -> None:
        for number in range(task.count):
            await self.picture(task, number)

    async def picture(self, task: Task, number: int) -> bytes:
        """The JPEG of the task's picture `number` (from 0)."""
        if task.references and GIVEN_BACK in task.prompt:
            return task.references[0]
        key = task.id, number
        async with self._lock:
            if key not in self._cache:
                width, height = (max(1, round(side * self._scale)) for side in (task.width, task.height))
                if task.is_upscaled:
                    self._cache[key] = await asyncio.to_thread(_enlarge, task.references[0], width, height)
                else:
                    arguments = task.prompt, task.references, width, height, task.seed + number
                    self._cache[key] = await asyncio.to_thread(self._draw, *arguments)
            self._cache.move_to_end(key)
            while len(self._cache) > _PICTURES_KEPT:
                self._cache.popitem(last=False)
            return self._cache[key]


def _enlarge(picture: bytes, width: int, height: int) -> bytes:
    with Image.open(BytesIO(picture)) as image:
        larger = image.convert("RGB").resize((width, height), Image.Resampling.BILINEAR)
    buffer = BytesIO()
    larger.save(buffer, "JPEG", quality=90)
    return buffer.getvalue()
