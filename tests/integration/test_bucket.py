"""References published in a bucket: a real S3 server, the real bot, and Jimeng fetching them."""

import asyncio
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import obstore
import pytest
from aiohttp import ClientSession
from obstore.exceptions import BaseError
from pydantic import SecretStr, ValidationError

from bot.settings import BucketSettings, SettingsError
from bot.web import bucket as module
from bot.web.bucket import Bucket, said
from bot.web.publishing import open_bucket
from storage.records import StoredReference
from tests.support import s3
from tests.support.app_harness import open_app_harness, picture, picture_info
from tests.support.engine_harness import until
from tests.support.proxy_server import PASSWORD, USER, open_proxy

TOKEN = "7200000001:for-the-tests"


@pytest.fixture(scope="module")
def settings() -> Iterator[BucketSettings]:
    with s3.running() as settings:
        yield settings


@pytest.fixture
async def bucket(settings: BucketSettings, request: pytest.FixtureRequest) -> Bucket:
    return Bucket(settings.model_copy(update={"prefix": f"{request.node.name}/"}), TOKEN)


async def read() -> bytes:
    return b"the picture"


def reference(number: int) -> StoredReference:
    return StoredReference(number, 1, "file", number, "image/png", 3, 4, 11, [])


async def kept(bucket: Bucket) -> list[str]:
    return [one["path"] async for batch in obstore.list(bucket.store) for one in batch if one["path"] != "check.txt"]


async def fetched(address: str) -> tuple[int, bytes, str]:
    async with ClientSession() as session, session.get(address) as answer:
        return answer.status, await answer.read(), answer.content_type


async def test_jimeng_fetches_from_the_bucket_and_nothing_is_left(settings: BucketSettings, tmp_path: Path) -> None:
    async with open_app_harness(tmp_path, bucket=settings, public=False) as harness:
        await harness.made("in blue", picture(201), picture(202))
        await harness.quiet()
        (submit,) = harness.submitted()
        assert len({url for url in submit["image_urls"] if url.startswith(f"{settings.endpoint}/pictures/")}) == 2
        assert [picture_info(one)[1] for one in harness.tasks[0].references] == [201, 202]
        await until(partial(nothing_is_kept, harness.app.bucket))


async def nothing_is_kept(bucket: Bucket | None) -> bool:
    assert bucket
    return await kept(bucket) == []


async def test_addresses_are_signed_and_last_an_hour(bucket: Bucket) -> None:
    address = await bucket.publish(7, reference(1), read)
    assert address
    query = parse_qs(urlsplit(address).query)
    assert query["X-Amz-Expires"] == ["3600"]
    assert query["X-Amz-Signature"]
    assert await fetched(address) == (200, b"the picture", "image/png")
    assert "a secret" not in address


async def test_a_reference_is_uploaded_once(settings: BucketSettings) -> None:
    reads, now = 0, 0.0

    async def count() -> bytes:
        nonlocal reads
        reads += 1
        return b"the picture"

    bucket = Bucket(settings, TOKEN, clock=lambda: now)
    for _ in range(3):
        await bucket.publish(8, reference(1), count)
    assert reads == 1
    now += module.UPLOADED_SECONDS
    await bucket.publish(8, reference(1), count)
    assert reads == 2
    await bucket.withdraw(8)
    await bucket.publish(8, reference(1), count)
    assert reads == 3, "what was withdrawn is uploaded again"


async def test_a_job_takes_only_its_own_away(bucket: Bucket) -> None:
    mine, other = await bucket.publish(1, reference(1), read), await bucket.publish(11, reference(2), read)
    assert mine
    assert other
    await bucket.withdraw(1)
    assert (await fetched(mine))[0] == 404
    assert (await fetched(other))[0] == 200


async def test_what_was_left_behind_goes_after_a_day(bucket: Bucket, monkeypatch: pytest.MonkeyPatch) -> None:
    address = await bucket.publish(1, reference(1), read)
    assert address
    await bucket.tidy()
    assert (await fetched(address))[0] == 200

    class Tomorrow(datetime):
        @classmethod
        def now(cls, tz: Any = None) -> "Tomorrow":
            return cls.fromtimestamp(time.time(), UTC) + timedelta(days=1, seconds=5)

    monkeypatch.setattr(module, "datetime", Tomorrow)
    await bucket.tidy()
    assert (await fetched(address))[0] == 404


@dataclass(frozen=True)
class Wrong:
    changes: dict[str, str]
    words: str


WRONG = (
    Wrong({"name": "elsewhere"}, "there is no bucket elsewhere at"),
    Wrong({"endpoint": "http://127.0.0.1:9"}, "http://127.0.0.1:9 can't be reached"),
)


@pytest.mark.parametrize("wrong", WRONG, ids=lambda wrong: wrong.words)
async def test_a_bucket_that_does_not_work(
    wrong: Wrong, settings: BucketSettings, caplog: pytest.LogCaptureFixture
) -> None:
    changed = settings.model_copy(update=wrong.changes)
    bucket = Bucket(changed, TOKEN)
    assert await bucket.publish(1, reference(1), read) is None, "the picture goes along with its request"
    assert "uploading reference 1 failed" in caplog.text
    await bucket.withdraw(1)
    with pytest.raises((OSError, BaseError)) as raised:
        async with bucket.trial():
            pass
    assert said(raised.value, changed).startswith(wrong.words)
    assert "a secret" not in caplog.text + said(raised.value, changed)


async def test_the_job_goes_on_without_the_bucket(settings: BucketSettings, tmp_path: Path) -> None:
    gone = settings.model_copy(update={"name": "elsewhere"})
    async with open_app_harness(tmp_path, bucket=gone, public=False) as harness:
        await harness.made("in blue", picture(201))
        (submit,) = harness.submitted()
        assert len(submit["binary_data_base64"]) == 1


async def test_the_host_bears_the_buckets_name_where_it_must() -> None:
    settings = BucketSettings.model_validate(
        {
            "name": "pictures",
            "endpoint": "https://tos-s3-cn-beijing.volces.com",
            "virtual_host": True,
            "access_key": "a",
            "secret_key": "b",
        }
    )
    address = urlsplit(
        await obstore.sign_async(Bucket(settings, TOKEN).store, "GET", "a/1.png", module.ADDRESS_LIFETIME)
    )
    assert (address.netloc, address.path) == ("pictures.tos-s3-cn-beijing.volces.com", "/a/1.png")


def test_without_the_package(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "bot.web.bucket", None)
    with pytest.raises(SettingsError, match=r" -m pip install obstore, or leave it empty\."):
        open_bucket(BucketSettings(name="pictures"), TOKEN)
    assert open_bucket(BucketSettings(), TOKEN) is None


async def test_what_is_fitted_anew_is_another_object(bucket: Bucket) -> None:
    async def smaller() -> bytes:
        return b"smaller"

    first = await bucket.publish(1, reference(1), read)
    second = await bucket.publish(1, replace(reference(1), size=7), smaller)
    assert first
    assert second
    assert (await fetched(first))[1] == b"the picture"
    assert (await fetched(second))[1] == b"smaller"


async def test_a_storage_that_hangs_is_left_alone_for_a_while(
    settings: BucketSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    now, tries = 0.0, 0

    async def hang() -> bytes:
        nonlocal tries
        tries += 1
        await asyncio.Event().wait()
        raise AssertionError

    monkeypatch.setattr(module, "UPLOAD_SECONDS", 0.01)
    bucket = Bucket(settings, TOKEN, clock=lambda: now)
    assert await bucket.publish(1, reference(1), hang) is None
    assert await bucket.publish(1, reference(1), hang) is None
    assert tries == 1
    now += module.FAILURE_PAUSE_SECONDS
    assert await bucket.publish(1, reference(1), hang) is None
    assert tries == 2


async def test_whatever_the_library_raises_the_picture_goes_along(settings: BucketSettings) -> None:
    # The settings refuse such a key; the library panics on it.
    bucket = Bucket(settings.model_copy(update={"access_key": SecretStr("key\n")}), TOKEN)
    assert await bucket.publish(1, reference(1), read) is None
    await bucket.tidy()


@pytest.mark.parametrize("wrong", [{"prefix": "a//b"}, {"prefix": "a/../b"}, {"prefix": "/"}, {"name": "my bucket"}])
def test_settings_that_can_not_be(wrong: dict[str, str]) -> None:
    with pytest.raises(ValidationError, match="must be a"):
        BucketSettings.model_validate(wrong)
    assert BucketSettings.model_validate({"access_key": "key\n"}).access_key.get_secret_value() == "key"


async def test_the_environments_proxy_leads_to_it(settings: BucketSettings, monkeypatch: pytest.MonkeyPatch) -> None:
    async with open_proxy("http", login=True) as proxy:
        monkeypatch.setenv("HTTP_PROXY", proxy.url)
        proxy.names["storage"] = urlsplit(settings.endpoint).port or 0
        bucket = Bucket(settings.model_copy(update={"endpoint": "http://storage"}), TOKEN)
        assert await bucket.publish(1, reference(1), read)
        assert {name for name, _port in proxy.asked} == {"storage"}
        proxy.asked.clear()
        # This machine is never asked for.
        assert await Bucket(settings, TOKEN).publish(2, reference(2), read)
        await bucket.withdraw(1)
        await Bucket(settings, TOKEN).withdraw(2)
        assert {name for name, _port in proxy.asked} <= {"storage"}


async def test_a_proxy_that_is_down_shows_no_password(
    settings: BucketSettings, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("HTTP_PROXY", f"http://{USER}:{PASSWORD}@127.0.0.1:1")
    monkeypatch.setattr(module, "UPLOAD_SECONDS", 0.5)
    bucket = Bucket(settings.model_copy(update={"endpoint": "http://storage"}), TOKEN)
    assert await bucket.publish(1, reference(1), read) is None
    assert "uploading reference 1 failed" in caplog.text
    with pytest.raises(BaseError) as caught:
        await obstore.get_async(bucket.store, "x")
    for text in (caplog.text, said(caught.value, settings), repr(bucket.store)):
        assert PASSWORD not in text


def test_a_socks_proxy_is_refused_with_advice(settings: BucketSettings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ALL_PROXY", f"socks5://{USER}:{PASSWORD}@127.0.0.1:1")
    with pytest.raises(SettingsError, match=r"of ALL_PROXY: use an HTTP proxy, or add s3\.example to NO_PROXY"):
        Bucket(settings.model_copy(update={"endpoint": "https://s3.example"}), TOKEN)
