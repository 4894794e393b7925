"""Who gets to see the pages for whoever runs the bot."""

import pytest
from aiohttp import HttpVersion10
from aiohttp.test_utils import make_mocked_request

from bot.web.private_pages import is_public


@pytest.mark.parametrize(
    ("peer", "host", "public_host"),
    [
        ("127.0.0.1", "127.0.0.1:8080", "bot.example.org"),
        ("::1", "[::1]:8080", "bot.example.org"),
        ("172.18.0.3", "bot:8080", "bot.example.org"),
        ("100.100.1.2", "bot.tailnet.ts.net:8080", "bot.example.org"),
        ("192.168.1.9", "192.168.1.5:8080", None),
        # The demo, and a bot that is tried on one machine.
        ("127.0.0.1", "127.0.0.1:8080", "127.0.0.1"),
        ("127.0.0.1", "localhost:8080", "localhost"),
    ],
)
def test_those_who_run_the_bot(peer: str, host: str, public_host: str | None) -> None:
    request = make_mocked_request("GET", "/metrics", headers={"Host": host}).clone(remote=peer)
    assert not is_public(request, public_host)


@pytest.mark.parametrize(
    ("peer", "host", "public_host"),
    [
        ("127.0.0.1", "bot.example.org", "bot.example.org"),
        ("127.0.0.1", "BOT.example.org:443", "bot.example.org"),
        ("192.168.1.9", "192.168.1.5:8080", "192.168.1.5"),
        ("8.8.8.8", "whatever", None),
        ("::ffff:8.8.8.8", "whatever", None),
        ("2001:4860:4860::8888", "whatever", None),
        ("127.0.0.1", "a:b:c", "bot.example.org"),
    ],
)
def test_the_public(peer: str, host: str, public_host: str | None) -> None:
    request = make_mocked_request("GET", "/metrics", headers={"Host": host}).clone(remote=peer)
    assert is_public(request, public_host)


@pytest.mark.parametrize("header", ["X-Forwarded-For", "Forwarded", "X-Real-IP", "Via", "x-forwarded-proto"])
def test_who_comes_through_a_proxy(header: str) -> None:
    request = make_mocked_request("GET", "/metrics", headers={"Host": "127.0.0.1", header: "x"})
    assert is_public(request.clone(remote="127.0.0.1"), None)


def test_a_proxy_of_few_words_is_known_by_its_version() -> None:
    request = make_mocked_request("GET", "/metrics", headers={"Host": "127.0.0.1"}, version=HttpVersion10)
    assert is_public(request.clone(remote="127.0.0.1"), None)
