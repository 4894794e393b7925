"""The base class of services that answer with the picture itself and give no ticket.

A call that breaks off may have been paid (`OutcomeUnknownError`). It can't be resumed.
"""

from abc import abstractmethod
from collections.abc import AsyncGenerator
from contextlib import aclosing

from aiohttp import ClientTimeout

from providers.base import Event, Finished, ImageRequest, OptionsT, Provider, SettingsT, Working
from providers.errors import (
    ContentRefusedError,
    GenerationFailedError,
    MisconfiguredError,
    ProviderBusyError,
    TaskExpiredError,
)


class SynchronousProvider(Provider[SettingsT, OptionsT]):
    """A service that sends the pictures in one answer. A subclass writes `answer`, and `check` for the credentials.

    Its `capabilities` say `resumes=False`. `names_references`: its moderation says whether a reference was refused.
    """

    names_references: bool = True

    @abstractmethod
    def answer(self, request: ImageRequest[OptionsT]) -> AsyncGenerator[Working | Finished, None]:
        """Call the service once. Yields previews where it streams, then `Finished`. Raises `ProviderError`s."""

    @property
    def answer_timeout(self) -> ClientTimeout:
        """The time limit of one call."""
        return ClientTimeout(total=self.settings.time_limit, connect=10)

    async def imagine(self, request: ImageRequest[OptionsT], ticket: str | None = None) -> AsyncGenerator[Event, None]:
        """See `Provider.imagine`. Raises `TaskExpiredError` for any ticket: the service gives none."""
        if ticket is not None:
            raise TaskExpiredError(detail=f"{self.title} gives no tickets, and knows nothing of {ticket}")
        last: Event = Working()
        yield last
        has_begun = False
        try:
            async with aclosing(self.answer(request)) as events:
                async for event in events:
                    has_begun = True
                    if event != last:
                        last = event
                        yield event
        except (ProviderBusyError, MisconfiguredError) as error:
            if not has_begun:
                raise
            # Both mean "nothing was taken" and lead to a retry. But the service has drawn something, which may be paid.
            raise GenerationFailedError(detail=error.detail) from error
        except ContentRefusedError as error:
            if error.what != "prompt" or self.names_references or not request.references:
                raise
            raise _of_input(error) from error


def _of_input(error: ContentRefusedError) -> ContentRefusedError:
    """The same refusal of a request with references."""
    refusal = ContentRefusedError("input", detail=error.detail)
    refusal.paid = error.paid
    return refusal
