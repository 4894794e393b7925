"""Gates: places where a simulator holds a call at an exact moment, instead of for a time."""

import asyncio


class Gate:
    """One call is held here. `seconds`: the delay to ask a fault for, which names the gate."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self._reached = asyncio.Event()
        self._way: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    async def reached(self, timeout: float = 20.0) -> None:
        """Wait until the call has come. Raises `TimeoutError`."""
        async with asyncio.timeout(timeout):
            await self._reached.wait()

    def open(self) -> None:
        """Let the call through: it takes effect now, whether or not its caller still lives."""
        self._way.set_result(None)

    def shut(self, error: Exception) -> None:
        """The call never takes effect; `error` is raised in the simulator instead."""
        self._way.set_exception(error)

    async def pass_through(self) -> None:
        """What the simulator waits for."""
        self._reached.set()
        await self._way


class Gates:
    """Given to a simulator as its `sleep`: a delay of a gate's seconds waits at the gate, any other takes its time."""

    def __init__(self) -> None:
        self._gates: dict[float, Gate] = {}

    def new(self) -> Gate:
        """One more gate."""
        seconds = 1_000_000.0 + len(self._gates)
        self._gates[seconds] = Gate(seconds)
        return self._gates[seconds]

    async def sleep(self, seconds: float) -> None:
        """Wait at a gate, or for so long."""
        gate = self._gates.get(seconds)
        await (gate.pass_through() if gate else asyncio.sleep(seconds))
