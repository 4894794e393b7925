"""`BotProcess`: the bot as a real process (`python -m bot run`), with its log, signals and exit code."""

import asyncio
import json
import os
import signal
from pathlib import Path
from typing import Self

from bot.demo.bot_api.change_signal import Signal
from bot.demo.telegram import TelegramSimulator
from providers.jimeng.simulator import JimengSimulator
from tests.support.fork_server import fork_server

READY = "Run polling for bot"
STANDING_BY = "another process polls"
START_SECONDS = 60.0


class BotProcess:
    """One process of the bot. Made by `start`; end it with `kill` or `terminate` and wait for it with `gone`."""

    def __init__(self, pid: int, log: int) -> None:
        self.pid = pid
        self._code: int | None = None
        self._lines: list[str] = []
        self._silent = False
        self._said = Signal()
        self._listener = asyncio.create_task(self._listen(log))

    @classmethod
    async def start(cls, config: Path, ready: str = READY) -> Self:
        """Start the bot and wait until it asks for updates (or says `ready`). Raises `AssertionError` with its log."""
        started = cls(*fork_server().start("run", "--config", str(config)))
        try:
            await started.logged(ready, START_SECONDS)
        except BaseException:
            await started.aclose()
            raise
        return started

    @property
    def log(self) -> str:
        """Its log so far."""
        return "".join(self._lines)

    async def logged(self, words: str, timeout: float = 10.0, times: int = 1) -> None:
        """Wait until its log has these words so often. Raises `AssertionError` when it ends or stays silent before."""
        try:
            async with asyncio.timeout(timeout):
                while self.log.count(words) < times and not self._silent:
                    await self._said.wait()
        except TimeoutError:
            pass
        assert self.log.count(words) >= times, f"not in the log within {timeout} s: {words}\n{self.log}"

    def kill(self) -> None:
        """Send SIGKILL."""
        os.kill(self.pid, signal.SIGKILL)

    def hang(self) -> None:
        """Send SIGSTOP: it is suspended and does not notice."""
        os.kill(self.pid, signal.SIGSTOP)

    def wake(self) -> None:
        """Send SIGCONT: it continues where it was."""
        os.kill(self.pid, signal.SIGCONT)

    def terminate(self) -> None:
        """Send SIGTERM, the request to stop."""
        os.kill(self.pid, signal.SIGTERM)

    async def gone(self, timeout: float = 20.0) -> int:
        """Wait for its end; returns the exit code, which is negative when a signal ended it."""
        async with asyncio.timeout(timeout):
            await self._listener
            # Its log ends a moment before the process does.
            while self._code is None:
                self._code = fork_server().code(self.pid)
                await asyncio.sleep(0.01)
            return self._code

    async def aclose(self) -> None:
        """Kill it if it still runs."""
        if self._code is None:
            self.kill()
            await self.gone()

    async def _listen(self, log: int) -> None:
        reader = asyncio.StreamReader()
        pipe = os.fdopen(log, "rb", buffering=0)
        transport, _ = await asyncio.get_running_loop().connect_read_pipe(
            lambda: asyncio.StreamReaderProtocol(reader), pipe
        )
        async for line in reader:
            self._lines.append(line.decode("utf-8", "replace"))
            self._said.notify()
        transport.close()
        self._silent = True
        self._said.notify()


def write_config(
    folder: Path,
    telegram: TelegramSimulator,
    jimeng: JimengSimulator,
    concurrency: int,
    database: str,
    port: int = 0,
    twin: str = "",
) -> Path:
    """A `config.toml` for a bot between these simulators; `database`: the URL of its database; `port`: the port on
    which the services call it back; `twin`: the name of a second service, the same as the first."""
    tables: dict[str, dict[str, str | int]] = {
        "telegram": {"token": telegram.token, "api_url": telegram.url},
        "web": {"port": port, "host": "127.0.0.1", "public_url": f"http://127.0.0.1:{port}" if port else ""},
        "storage": {"url": database},
        "access": {"open": True},
        "providers.jimeng": {
            "access_key": jimeng.keys.access,
            "secret_key": jimeng.keys.secret,
            "endpoint": jimeng.url,
            "concurrency": concurrency,
        },
    }
    if twin:
        tables[f"providers.{twin}"] = {"type": "jimeng", **tables["providers.jimeng"]}
    # Strings and numbers of JSON are those of TOML.
    lines = [
        line
        for name, table in tables.items()
        for line in (f"[{name}]", *(f"{key} = {json.dumps(value)}" for key, value in table.items()))
    ]
    file = folder / "config.toml"
    file.write_text("\n".join(lines), encoding="utf-8")
    return file
