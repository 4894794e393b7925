"""Runs an S3 server on loopback, in a process of its own."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.error import URLError
from urllib.request import Request, urlopen

from bot.demo.ports import free_port
from bot.settings import BucketSettings

BUCKET = "pictures"


@contextmanager
def running() -> Iterator[BucketSettings]:
    """A server with one bucket, and the settings for it."""
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    command = [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        try:
            while not _made(f"{url}/{BUCKET}"):
                assert process.poll() is None, "the S3 server did not start"
            yield BucketSettings.model_validate(
                {"name": BUCKET, "endpoint": url, "access_key": "AKIDEXAMPLE", "secret_key": "a secret"}
            )
        finally:
            process.terminate()


def _made(address: str) -> bool:
    try:
        with urlopen(Request(address, method="PUT"), timeout=5):
            return True
    except (URLError, ConnectionError):
        return False
