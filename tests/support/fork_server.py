"""The fork server: starts processes of the bot fast, as forks of one process that has loaded all modules.

Each runs `python -m bot …` as a process of its own; only the four seconds of imports are saved.

"""

import atexit
import gc
import json
import os
import runpy
import signal
import socket
import subprocess
import sys
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any

from aiohttp import ClientTimeout

ROOT = Path(__file__).parents[2]
# Not `bot.__main__`: each fork runs it.
LOADED = ("bot.wiring", "bot.check", "storage.postgres", "aiosqlite", "alembic.command", "sqlalchemy.dialects.sqlite")
HELD_SECONDS = 50.0
"""The read timeout for hosts of pictures: on a busy machine a scenario holds a download longer than the bot allows."""


class ForkServer:
    """The process that is forked. It and its children end when this process does."""

    def __init__(self) -> None:
        self._socket, other = socket.socketpair()
        with other:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "tests.support.fork_server", str(other.fileno())],
                cwd=ROOT,
                env={name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ} | {"LANG": "C.UTF-8"},
                pass_fds=[other.fileno()],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
            )

    def start(self, *arguments: str) -> tuple[int, int]:
        """`python -m bot` with these arguments; returns its process id and an open file to read its log from."""
        ours, its = os.pipe()
        socket.send_fds(self._socket, [json.dumps(arguments).encode()], [its])
        os.close(its)
        return int(self._answer()), ours

    def code(self, pid: int) -> int | None:
        """The exit code of such a process (negative: the signal that ended it); None while it lives."""
        self._socket.send(json.dumps(pid).encode())
        answer = self._answer()
        return None if answer is None else int(answer)

    def aclose(self) -> None:
        """End the server and all its children."""
        self._socket.close()
        self._process.wait(10)

    def _answer(self) -> Any:
        return json.loads(self._socket.recv(100))


@cache
def fork_server() -> ForkServer:
    """The fork server of this process, started on first use."""
    made = ForkServer()
    atexit.register(made.aclose)
    return made


def _serve(channel: socket.socket) -> list[str]:
    """Fork on request until the pipe is closed. Returns only in the children, with their arguments."""
    children: set[int] = set()
    while True:
        request, files, *_ = socket.recv_fds(channel, 10_000, 1)
        if not request:
            for child in children:
                os.kill(child, signal.SIGKILL)
            sys.exit()
        wanted = json.loads(request)
        if isinstance(wanted, int):
            ended, status = os.waitpid(wanted, os.WNOHANG)
            children.discard(ended)
            channel.send(json.dumps(os.waitstatus_to_exitcode(status) if ended else None).encode())
            continue
        child = os.fork()
        if child == 0:
            channel.close()
            os.dup2(files[0], sys.stderr.fileno())
            os.close(files[0])
            return list(wanted)
        os.close(files[0])
        children.add(child)
        channel.send(json.dumps(child).encode())


if __name__ == "__main__":
    gc.disable()
    for module in LOADED:
        import_module(module)
    downloads = import_module("bot.telegram.downloads")
    vars(downloads)["TIMEOUT"] = ClientTimeout(total=None, sock_connect=HELD_SECONDS, sock_read=HELD_SECONDS)
    for model in import_module("bot.app").FIRST_MODELS:
        model.model_rebuild()
    # The loaded modules are never garbage, and memory that the collector does not touch stays shared with the children.
    gc.freeze()
    gc.enable()
    sys.argv[1:] = _serve(socket.socket(fileno=int(sys.argv[1])))
    runpy.run_module("bot", run_name="__main__", alter_sys=True)
