"""`free_port`: a free TCP port whose number must be known before the server listens."""

import random
import socket

# Below the ports that systems give out for port 0 and for outgoing connections (Linux from 32768, the others from
# 49152): no other socket gets the port by chance between this check and the start of the server.
PORTS = range(20_000, 32_000)
"""The ports that `free_port` chooses from. Processes that choose at the same time each need some of their own."""


def free_port(host: str = "127.0.0.1") -> int:
    """A port of `host` on which nobody listens. Raises `OSError` when none was found."""
    error = OSError("no free port")
    for port in random.sample(PORTS, 50):
        try:
            with socket.socket() as probe:
                probe.bind((host, port))
        except OSError as taken:
            error = taken
        else:
            return port
    raise error
