"""Services that answer with the picture: after the first event, no error means "nothing was taken"."""

from collections.abc import AsyncGenerator

import pytest
from aiohttp import ClientSession

from providers.base import Capabilities, Finished, ImageRequest, ProviderSettings, Reference, Working
from providers.errors import (
    ContentRefusedError,
    GenerationFailedError,
    MisconfiguredError,
    ProviderBusyError,
    ProviderError,
)
from providers.synchronous import SynchronousProvider
from tests.support.answering import REFERENCE
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


async def outcome(
    error: ProviderError, *, begins: bool, references: tuple[Reference, ...] = (), names_references: bool = True
) -> ProviderError:
    async with ClientSession() as session:
        provider = Answering(ProviderSettings(), session)
        provider.error, provider.begins = error, begins
        provider.names_references = names_references
        with pytest.raises(ProviderError) as caught:
            async for _ in provider.imagine(ImageRequest("a fox", FakeOptions(), references)):
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


async def test_a_refusal_may_be_about_a_reference() -> None:
    """Where the service doesn't tell, the sentence names both; what was paid stays."""
    error = ContentRefusedError("prompt", detail="why")
    ended = await outcome(error, begins=False, references=(REFERENCE,), names_references=False)
    assert isinstance(ended, ContentRefusedError)
    assert (ended.what, ended.paid, ended.detail) == ("input", False, "why")
    assert await outcome(error, begins=False, references=(REFERENCE,)) is error
    assert await outcome(error, begins=False, names_references=False) is error
    result = ContentRefusedError("result")
    assert await outcome(result, begins=False, references=(REFERENCE,), names_references=False) is result
