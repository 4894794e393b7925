"""Pictures in answers: whatever form their base64 has, nothing paid is thrown away."""

import logging
from base64 import b64encode, urlsafe_b64encode

import pytest

from providers.base import Picture
from providers.base64_pictures import decode, linked, picture

DATA = bytes(range(256)) + b"\xff"
TEXT = b64encode(DATA).decode()
LINES = "\n".join(TEXT[start : start + 76] for start in range(0, len(TEXT), 76))


@pytest.mark.parametrize(
    "text",
    [
        TEXT,
        f"data:image/png;base64,{TEXT}",
        f"DATA:;Base64,{LINES}",
        f" {LINES}\r\n",
        TEXT.rstrip("="),
        f"{TEXT}==",
        urlsafe_b64encode(DATA).decode(),
        urlsafe_b64encode(DATA).decode().rstrip("="),
    ],
)
def test_every_form_of_base64(text: str) -> None:
    assert decode(text) == DATA
    assert picture(text) == Picture(data=DATA)


@pytest.mark.parametrize("text", ["%%%", "é", "\x00", "abcde", "data:image/png;base64,", "data:image/png"])
def test_a_text_that_is_no_base64_is_kept(text: str, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.WARNING)
    assert decode(text) is None
    assert picture(text) == Picture(data=text.encode())
    assert f"{len(text)} characters" in caplog.text
    assert text not in caplog.messages[-1]


def test_an_address_may_hold_the_picture_itself() -> None:
    assert linked("https://service.example/1.png") == Picture(url="https://service.example/1.png")
    assert linked(f"data:image/png;base64,{TEXT}") == Picture(data=DATA)
    assert linked("data:image/svg+xml,%3Csvg/%3E") == Picture(data=b"<svg/>")
