"""Proxies: the setting and the environment; no error shows a password."""

import pytest
from pydantic import BaseModel, SecretStr, ValidationError
from yarl import URL

from providers.proxies import ProxySetting, environment_way, way_of

VARIABLES = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY")


class Section(BaseModel, hide_input_in_errors=True):
    proxy: ProxySetting = SecretStr("")


@pytest.fixture(autouse=True)
def no_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)


@pytest.mark.parametrize(
    ("text", "shown", "user", "password"),
    [
        ("http://proxy.example:3128", "http://proxy.example:3128", "", ""),
        ("http://proxy.example", "http://proxy.example", "", ""),
        ("https://u:p%40x@proxy.example:8443/", "https://proxy.example:8443", "u", "p@x"),
        (" socks5h://u:p@127.0.0.1:9 ", "socks5://127.0.0.1:9", "u", "p"),
        ("socks5://proxy.example", "socks5://proxy.example:1080", "", ""),
        ("socks5://[::1]:9", "socks5://[::1]:9", "", ""),
    ],
)
def test_an_address(text: str, shown: str, user: str, password: str) -> None:
    way = way_of(Section(proxy=SecretStr(text)).proxy, "x.proxy")
    proxy = way(URL("https://api.example")) if way else None
    assert proxy
    assert (str(proxy.url), proxy.user, proxy.password, proxy.key) == (shown, user, password, "x.proxy")
    assert "password" not in repr(proxy)


@pytest.mark.parametrize(
    "text",
    [
        "geheim", "geheim:1080", "ftp://geheim@x:1", "socks4://geheim@x:1", "http://", "http://u:geheim@", "http://x:0",
        "http://x:99999", "http://u:ge/heim@x:1", "socks5://geheim@x:1", "socks5://u:gehéim@x:1", "http://[geheim",
        "socks5://u:" + "geheim" * 50 + "@x:1", "http://ge%3Aheim:x@y:1",
    ],
)  # fmt: skip
def test_no_address(text: str) -> None:
    with pytest.raises(ValidationError) as caught:
        Section(proxy=SecretStr(text))
    assert "heim" not in str(caught.value)


def test_none_is_no_proxy_whatever_the_environment_says(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://proxy.example:1")
    assert way_of(Section(proxy=SecretStr("none")).proxy, "") is None
    assert way_of(Section().proxy, "")
    monkeypatch.delenv("HTTPS_PROXY")
    assert way_of(Section().proxy, "") is None


@pytest.mark.parametrize(
    ("address", "variable"),
    [
        ("https://api.example/x", "HTTPS_PROXY"),
        ("wss://api.example/x", "HTTPS_PROXY"),
        ("http://api.example/x", "ALL_PROXY"),
        ("http://10.1.2.3/x", "ALL_PROXY"),
        ("https://127.0.0.1:8188/x", None),
        ("http://127.9.9.9/x", None),
        ("https://[::1]/x", None),
        ("https://localhost/x", None),
        ("https://bot.localhost./x", None),
        ("https://exempt.example/x", None),
        ("https://deep.exempt.example/x", None),
        ("https://notexempt.example/x", "HTTPS_PROXY"),
        ("https://ported.example:8443/x", None),
        ("https://ported.example/x", "HTTPS_PROXY"),
        ("https://192.168.7.9/x", None),
        ("https://192.169.7.9/x", "HTTPS_PROXY"),
        ("https://lan.wild/x", None),
    ],
)
def test_the_environment(monkeypatch: pytest.MonkeyPatch, address: str, variable: str | None) -> None:
    monkeypatch.setenv("https_proxy", "proxy.example:3128")
    monkeypatch.setenv("ALL_PROXY", "socks5h://proxy.example:1080")
    monkeypatch.setenv("NO_PROXY", ".exempt.example, ported.example:8443,192.168.0.0/16,*.wild,,rubbish/99")
    way = environment_way()
    proxy = way(URL(address)) if way else None
    assert (proxy and proxy.key) == variable


def test_no_proxy_for_all(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://proxy.example:3128")
    monkeypatch.setenv("NO_PROXY", "*")
    way = environment_way()
    assert way
    assert way(URL("https://api.example")) is None


def test_a_desktop_writes_socks_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    # GNOME sets it so; all else that reads it takes it for SOCKS5.
    monkeypatch.setenv("all_proxy", "socks://127.0.0.1:1080/")
    way = environment_way()
    proxy = way(URL("https://api.example")) if way else None
    assert proxy
    assert (proxy.is_socks, proxy.url.port) == (True, 1080)


def test_a_wrong_variable_is_named_and_not_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ALL_PROXY", "socks4://u:geheim@proxy.example:1")
    with pytest.raises(ValueError, match="The environment variable ALL_PROXY must be") as caught:
        environment_way()
    assert "geheim" not in str(caught.value)
