"""`JimengControl`: the simulated Jimeng of a harness, whose tasks a test holds and releases."""

import time
from collections.abc import Callable, Sequence
from typing import Any

from bot.demo.calls import CallLog
from providers.jimeng.simulator import Call, JimengSimulator
from providers.jimeng.simulator.tasks import Task
from tests.support.gates import Gates
from tests.support.sample_pictures import draw_plain


class JimengControl:
    """Owns a simulated Jimeng. `gates` hold its calls; `calls` also gets each of them.

    `seconds`: duration of tasks submitted from now on (`hold` makes them wait for `release`). `draw`: its drawing
    function. `jimeng_calls`: all calls to it, unredacted.
    """

    def __init__(self, gates: Gates, calls: CallLog) -> None:
        self.seconds = 0.005
        self.draw: Callable[[str, Sequence[bytes], int, int, int], bytes] = draw_plain
        self.jimeng_calls: list[Call] = []
        self._skipped = 0.0
        self.jimeng = JimengSimulator(
            durations=lambda _: self.seconds,
            concurrency=20,
            qps=10_000,
            draw_scale=0.1,
            clock=lambda: time.monotonic() + self._skipped,
            sleep=gates.sleep,
            draw=self._draw,
            on_call=self._record,
        )
        self._calls = calls

    @property
    def tasks(self) -> list[Task]:
        """The tasks that Jimeng has accepted, which are paid."""
        return list(self.jimeng.tasks.values())

    def submitted(self) -> list[dict[str, Any]]:
        """The parameters of all submits."""
        wanted = [call.request for call in self.jimeng_calls if call.name == "CVSync2AsyncSubmitTask"]
        return [request for request in wanted if isinstance(request, dict)]

    @staticmethod
    def without_addresses(submit: dict[str, Any]) -> dict[str, Any]:
        """A submit without the signed addresses, which differ each time."""
        return {name: value for name, value in submit.items() if name not in {"image_urls", "callback_url"}}

    def pass_time(self, seconds: float) -> None:
        """Let time pass at Jimeng."""
        self._skipped += seconds

    def hold(self) -> None:
        """Keep tasks that are submitted from now on unfinished until `release`."""
        self.seconds = 10_000.0

    def release(self) -> None:
        """Finish all held tasks; new ones are quick again."""
        self.pass_time(10_000.0)
        self.seconds = 0.005

    def _draw(self, prompt: str, references: Sequence[bytes], width: int, height: int, seed: int) -> bytes:
        return self.draw(prompt, references, width, height, seed)

    def _record(self, call: Call) -> None:
        self.jimeng_calls.append(call)
        self._calls.record(
            "jimeng", call.name, status=call.status, ms=call.ms, request=call.request, response=call.response
        )
