"""`Gates`: hold a call in a simulator until the test lets it go on."""

import asyncio


class Gate:
    """Holds one call. `seconds`: a delay that identifies the gate; give it to a `Delay` fault."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self._reached = asyncio.Event()
        self._way: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    async def reached(self, timeout: float = 20.0) -> None:
        """Wait until the call has arrived. Raises `TimeoutError`."""
        async with asyncio.timeout(timeout):
            await self._reached.wait()

    def open(self) -> None:
        """Let the call go on: it takes effect now, whether or not its caller still lives."""
        self._way.set_result(None)

    def shut(self, error: Exception) -> None:
        """End the call without an effect: `error` is raised in the simulator."""
        self._way.set_exception(error)

    async def pass_through(self) -> None:
        """Wait in the simulator until the gate is opened or shut."""
        self._reached.set()
        await self._way


class Gates:
    """`sleep` replaces a simulator's: a delay of a gate's seconds waits at the gate, any other passes as usual."""

    def __init__(self) -> None:
        self._gates: dict[float, Gate] = {}

    def new(self) -> Gate:
        """Make a gate."""
        seconds = 1_000_000.0 + len(self._gates)
        self._gates[seconds] = Gate(seconds)
        return self._gates[seconds]

    async def sleep(self, seconds: float) -> None:
        """Wait at the gate of these seconds, or so many seconds."""
        gate = self._gates.get(seconds)
        await (gate.pass_through() if gate else asyncio.sleep(seconds))
