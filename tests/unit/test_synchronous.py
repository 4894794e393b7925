"""Services that answer with the picture: after the first event, no error means "nothing was taken"."""

from collections.abc import AsyncGenerator

import pytest
from aiohttp import ClientSession

from providers.base import Capabilities, Finished, ImageRequest, ProviderSettings, Working
from providers.errors import (
    ContentRefusedError,
    GenerationFailedError,
    MisconfiguredError,
    ProviderBusyError,
    ProviderError,
)
from providers.synchronous import SynchronousProvider
from tests.support.fakes import FakeOptions


class Answering(SynchronousProvider[ProviderSettings, FakeOptions]):
    title = "Answering"
    Settings = ProviderSettings
    Options = FakeOptions
    capabilities = Capabilities(prompt_length=10, pictures=1, resumes=False)
    error: ProviderError
    begins = True

    async def answer(self, request: ImageRequest[FakeOptions]) -> AsyncGenerator[Working | Finished, None]:
        if self.begins:
            yield Working(preview=b"half")
        raise self.error

    async def check(self) -> None:
        return


async def outcome(error: ProviderError, *, begins: bool) -> ProviderError:
    async with ClientSession() as session:
        provider = Answering(ProviderSettings(), session)
        provider.error, provider.begins = error, begins
        with pytest.raises(ProviderError) as caught:
            async for _ in provider.imagine(ImageRequest("a fox", FakeOptions())):
                pass
        return caught.value


@pytest.mark.parametrize("error", [ProviderBusyError(detail="full"), MisconfiguredError("pay the bill")])
async def test_after_a_preview_it_may_have_been_paid(error: ProviderError) -> None:
    ended = await outcome(error, begins=True)
    assert isinstance(ended, GenerationFailedError)
    assert ended.paid is None
    assert error.detail in ended.detail
    assert await outcome(error, begins=False) is error, "nothing was taken: it may be submitted again"


async def test_a_refusal_stays_one() -> None:
    assert isinstance(await outcome(ContentRefusedError("result"), begins=True), ContentRefusedError)
