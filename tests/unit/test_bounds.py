"""What services say is bounded before it is believed: numbers, lengths, and JSON of any shape."""

import json
import math
from typing import Any, cast

import pytest
from aiohttp import ClientSession
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.jobs.bounds import MOST_PREVIEW, bounded
from providers.ark import Ark
from providers.ark.options import ArkOptions
from providers.base import Accepted, Event, Finished, ImageRequest, Picture, Queued, Working
from providers.dashscope.errors import read_error as of_dashscope
from providers.errors import GenerationFailedError, OutcomeUnknownError
from providers.fal.provider import read_error as of_fal
from providers.gemini.provider import read_error as of_gemini
from providers.jimeng.models import MOST_TOGETHER
from providers.jimeng.options import JimengOptions
from providers.jimeng.provider import Jimeng
from providers.jimeng.settings import JimengSettings
from providers.json_api import error_object
from providers.json_reader import read_json
from providers.openai.options import OpenAIOptions
from providers.openai.provider import OpenAI
from providers.openai.provider import read_error as of_openai
from providers.replicate.provider import read_error as of_replicate
from providers.retry_after import retry_after
from tests.support.jimeng import reference

GOOD = Picture(url="https://example.org/fox.jpg?x-signature=a%20b")
BAD = [
    Picture(url="ftp://example.org/fox.jpg"),
    Picture(url="https://example.org/a fox.jpg"),
    Picture(url="https://example.org/\nfox"),
    Picture(url="https://example.org/" + "x" * 10_000),
    Picture(url="file:///etc/passwd"),
    Picture(data=b""),
]


def safe(event: Event) -> Event:
    return bounded(event, 2, "task 1")


@pytest.mark.parametrize("ticket", ["", "x" * 3000])
def test_what_can_not_be_a_ticket_may_have_been_paid(ticket: str) -> None:
    with pytest.raises(OutcomeUnknownError):
        safe(Accepted(ticket))


@pytest.mark.parametrize(
    ("said", "shown"), [(None, None), (0.5, 0.5), (-3, 0), (7, 1), (math.inf, 1), (-math.inf, 0), (math.nan, None)]
)
def test_progress_is_a_share(said: float | None, shown: float | None) -> None:
    assert safe(Working(progress=said)) == Working(progress=shown)


def test_a_preview_that_is_huge_is_left_out() -> None:
    assert safe(Working(0.5, bytes(MOST_PREVIEW + 1))) == Working(0.5)
    assert safe(Working(0.5, b"jpeg")) == Working(0.5, b"jpeg")


def test_pictures_beyond_those_asked_for_are_left_out(caplog: pytest.LogCaptureFixture) -> None:
    assert safe(Finished((GOOD,) * 300)) == Finished((GOOD,) * 2)
    assert "300 pictures where it may give 2" in caplog.text


@pytest.mark.parametrize("bad", BAD, ids=lambda bad: str(bad.url)[:30])
def test_pictures_without_a_usable_address(bad: Picture) -> None:
    assert safe(Finished((bad, GOOD))) == Finished((GOOD,))
    with pytest.raises(GenerationFailedError):
        safe(Finished((bad,)))


def test_all_else_is_as_it_was() -> None:
    events: list[Event] = [Accepted("t1"), Accepted("fal-ai/flux/dev#0a-9"), Queued(3), Finished((Picture(data=b"x"),))]
    assert [safe(event) for event in events] == events


def test_how_many_pictures_a_task_may_give() -> None:
    nowhere = cast("ClientSession", None)
    keys = {"access_key": "a", "secret_key": "b"}
    jimeng = Jimeng(JimengSettings.model_validate(keys), nowhere)
    many = ImageRequest("foxes", JimengOptions(n=4))
    assert [jimeng.most_pictures(part) for part in jimeng.split(many)] == [1] * 4
    assert jimeng.most_pictures(ImageRequest("foxes", JimengOptions(n="auto"))) == MOST_TOGETHER
    assert jimeng.most_pictures(ImageRequest("foxes", JimengOptions(n="auto"), (reference(),) * 3)) == MOST_TOGETHER - 3
    ark = Ark(Ark.Settings(api_key="k"), nowhere)
    assert ark.most_pictures(ImageRequest("foxes", ArkOptions(set=5))) == 5
    openai = OpenAI(OpenAI.Settings(api_key="k"), nowhere)
    assert openai.most_pictures(ImageRequest("foxes", OpenAIOptions(n=3))) == 3


NESTED = b"[" * 1000 + b"]" * 1000


@pytest.mark.parametrize(
    "text",
    [
        NESTED,
        b"[" * 5_000_000,
        b'{"a":' * 300 + b"1" + b"}" * 300,
        b"[" + b"[]," * 200_000 + b"[]]",
        b"NaN",
        b"-Infinity",
        b'"\xff"',
        b'"\\ud800"',
        b"1" * 5000,
        b"",
        b"{}{}",
        "{}".encode("utf-16"),
    ],
    ids=range(12),
)
def test_json_that_is_not_read(text: bytes) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - whatever is wrong with it
        read_json(text)


def test_json_that_is_read() -> None:
    picture = "A" * (8 << 20)
    assert read_json(json.dumps({"data": [{"b64_json": picture}]}).encode()) == {"data": [{"b64_json": picture}]}
    assert read_json(b"[" * 100 + b"]" * 100)
    assert read_json('{"狐": "\\ud83e\\udd8a\\u0000"}'.encode()) == {"狐": "🦊\x00"}


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=3),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                [
                    *("error", "code", "message", "detail", "details", "reason", "status", "type", "msg", "title"),
                    *("moderation_details", "moderation_stage", "retry_after", "retryDelay"),
                ]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=8,
)


@settings(max_examples=60)
@given(ANYTHING)
def test_errors_are_looked_for_in_json_of_any_shape(spoken: Any) -> None:
    for read in (of_dashscope, of_fal, of_gemini, of_openai, of_replicate, error_object):
        found = read(spoken)
        assert found is None or all(isinstance(part, str) for part in found)
    assert (retry_after({}, spoken) or 0) >= 0
