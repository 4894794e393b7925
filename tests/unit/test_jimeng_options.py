"""Jimeng's options: the accepted values, and the sentences for the others."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from providers.jimeng import JimengOptions
from providers.options import flags


def test_defaults() -> None:
    assert JimengOptions() == JimengOptions(ar=None, size=None, n=1, scale=0.5, seed=None, model="4.0")


@pytest.mark.parametrize(
    ("given_options", "read"),
    [
        ({"ar": " 16：9 "}, {"ar": "16:9"}),
        ({"ar": "3/4"}, {"ar": "3:4"}),
        ({"ar": "１６：９"}, {"ar": "16:9"}),
        ({"size": "2K"}, {"size": "2k"}),
        ({"size": "２ｋ"}, {"size": "2k"}),
        ({"size": "2048 × 1152"}, {"size": "2048x1152"}),
        ({"n": "4"}, {"n": 4}),
        ({"n": "auto"}, {"n": "auto"}),
        ({"scale": "0.25"}, {"scale": 0.25}),
        ({"ar": "1:3", "size": "4k"}, {"ar": "1:3", "size": "4k"}),
        ({"size": "512x512", "model": "3.0"}, {"size": "512x512"}),
        ({"seed": "42"}, {"seed": 42}),
    ],
)
def test_what_is_taken(given_options: dict[str, Any], read: dict[str, Any]) -> None:
    options = JimengOptions.model_validate(given_options)
    assert options.model_dump(include=set(read)) == read
    assert JimengOptions.model_validate(options.model_dump()) == options


@pytest.mark.parametrize(
    ("given_options", "sentence"),
    [
        ({"ar": "wide"}, "--ar takes a shape like 16:9, not wide."),
        ({"ar": "4:1"}, "--ar 4:1 is too extreme: use anything from 1:3 to 3:1."),
        ({"size": "huge"}, "--size takes 1k, 2k, 4k or a size like 2048x1152, not huge."),
        ({"size": "512x512"}, "--size 512x512 won't work: use 1024×1024"),
        ({"size": "4000x1000"}, "--size 4000x1000 won't work: use 1024×1024"),
        ({"size": "4k", "model": "3.1"}, "Jimeng 3.1 can't do --size 4k: use 512×512 to 2048×2048 pixels in total"),
        ({"size": "3000x2000", "model": "3.0"}, "Jimeng 3.0 can't do --size 3000x2000: use 512×512"),
        (
            {"ar": "16:9", "size": "2048x2048"},
            "--ar 16:9 and --size 2048x2048 both set the shape. Leave one of them out.",
        ),
    ],
)
def test_what_is_not_taken(given_options: dict[str, Any], sentence: str) -> None:
    with pytest.raises(ValidationError) as caught:
        JimengOptions.model_validate(given_options)
    (error,) = caught.value.errors()
    assert error["type"] == "sentence"
    assert error["ctx"]["sentence"].format(**error["ctx"]).startswith(sentence)


@pytest.mark.parametrize(
    "given_options",
    [
        {"n": 0},
        {"n": 16},
        {"n": "many"},
        {"n": 1.5},
        {"scale": -0.1},
        {"scale": 1.1},
        {"scale": "nan"},
        {"model": "3"},
        {"seed": -1},
    ],
)
def test_bounds(given_options: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        JimengOptions.model_validate(given_options)


@given(st.text(max_size=12), st.text(max_size=12))
def test_no_text_breaks_the_parsing(ar: str, size: str) -> None:
    try:
        options = JimengOptions(ar=ar, size=size)
    except ValidationError:
        return
    assert JimengOptions.model_validate(options.model_dump()) == options


def test_the_flags_of_the_help() -> None:
    shown = {flag.name: flag for flag in flags(JimengOptions)}
    assert list(shown) == ["ar", "size", "n", "scale", "seed", "model"]
    assert shown["n"].choices == ("1", "2", "4", "auto")
    assert shown["n"].allowed == "1–15, or auto (the prompt decides)"
    assert shown["scale"].allowed == "0 (photos) to 1 (prompt)"
    assert shown["model"].choices == ("4.0", "4.6", "3.1", "3.0")
    assert shown["size"].choices == ("1k", "2k", "4k"), "the upscaler is not shown"
