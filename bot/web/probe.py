"""`imagine-bot health`: asks a running bot on this machine whether it is alive. For containers, which have no curl."""

import sys
from http.client import HTTPConnection, HTTPException

from bot.settings import WebSettings

ANSWER_SECONDS = 5.0
EVERYWHERE = {"": "127.0.0.1", "0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - addresses to listen on


def ask_health(settings: WebSettings) -> int:
    """Print what is wrong; return 0 when the bot answers, else 1."""
    host = EVERYWHERE.get(settings.host, settings.host)
    connection = HTTPConnection(host, settings.port, timeout=ANSWER_SECONDS)
    try:
        connection.request("GET", "/health")
        status = connection.getresponse().status
    except (OSError, HTTPException) as error:
        sys.stderr.write(f"The bot does not answer on {host}:{settings.port} ({type(error).__name__}).\n")
        return 1
    finally:
        connection.close()
    if status != 200:
        sys.stderr.write(f"Something else answers on {host}:{settings.port} (status {status}).\n")
    return 0 if status == 200 else 1
