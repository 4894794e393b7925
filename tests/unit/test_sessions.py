"""The providers' sessions: one for all without a proxy, and nothing is loaded for proxies then."""

import subprocess
import sys
from contextlib import aclosing

import pytest
from pydantic import SecretStr

from providers.sessions import Sessions

PROXY = SecretStr("socks5://127.0.0.1:1080")


async def test_without_a_proxy_all_share_one(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
    async with aclosing(Sessions()) as sessions:
        unset, none = SecretStr(""), SecretStr("none")
        assert sessions.of(unset, "a.proxy") is sessions.of(unset, "b.proxy")
        # An error names the setting.
        assert sessions.of(PROXY, "a.proxy") is not sessions.of(PROXY, "b.proxy")
        assert sessions.of(none, "a.proxy") is not sessions.of(PROXY, "a.proxy")
        kept = sessions.of(unset, "a.proxy")
    assert kept.closed


def test_without_a_proxy_no_library_for_one_is_loaded() -> None:
    code = (
        "import providers.sessions, providers.registry, sys; print([name for name in sys.modules if 'socks' in name])"
    )
    assert subprocess.check_output([sys.executable, "-c", code], text=True).strip() == "[]"
