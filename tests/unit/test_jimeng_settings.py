"""Jimeng's settings: bounds, the address, and hidden secrets."""

from decimal import Decimal
from typing import Any

import pytest
from pydantic import ValidationError

from providers.jimeng import JimengSettings

KEYS = {"access_key": "AKLT1", "secret_key": "very-secret"}


def settings(**more: object) -> JimengSettings:
    return JimengSettings.model_validate({**KEYS, **more})


def test_defaults() -> None:
    read = settings()
    assert read.endpoint == "https://visual.volcengineapi.com"
    assert (read.concurrency, read.time_limit, read.price) == (1, 900, Decimal("0.20"))
    assert read.session_token is None


def test_secrets_do_not_show() -> None:
    shown = repr(settings(session_token="also-secret"))
    assert "secret" not in shown.replace("secret_key", "")
    assert "AKLT1" not in shown


@pytest.mark.parametrize("token", ["", " ", None])
def test_an_empty_token_is_none(token: str | None) -> None:
    assert settings(session_token=token).session_token is None


def test_ends_of_lines_are_not_part_of_keys() -> None:
    read = settings(access_key="AKLT1\n", secret_key=" very-secret\n", session_token="STS2\n")
    assert read.access_key == "AKLT1"
    assert read.secret_key.get_secret_value() == "very-secret"
    assert read.session_token
    assert read.session_token.get_secret_value() == "STS2"


@pytest.mark.parametrize(
    ("address", "origin"),
    [
        ("https://visual.volcengineapi.com/", "https://visual.volcengineapi.com"),
        ("http://127.0.0.1:8081", "http://127.0.0.1:8081"),
    ],
)
def test_addresses(address: str, origin: str) -> None:
    assert settings(endpoint=address).endpoint == origin


@pytest.mark.parametrize(
    "wrong",
    [
        {"endpoint": "visual.volcengineapi.com"},
        {"endpoint": "ftp://x"},
        {"endpoint": "https://x/path"},
        {"endpoint": "https://x/?a=b"},
        {"endpoint": "https://me:pass@x"},
        {"endpoint": ""},
        {"secret_key": ""},
        {"price": -1},
        {"time_limit": 0},
        {"logo_info": {"position": 4}},
        {"logo_info": {"language": 2}},
        {"logo_info": {"opacity": 1.5}},
        {"aigc_meta": {}},
        {"unknown": 1},
    ],
)
def test_what_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError) as caught:
        settings(**wrong)
    assert "very-secret" not in str(caught.value)
