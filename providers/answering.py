"""What services share that answer when the picture is made, and know nothing of it afterwards: there is no ticket.

A call that breaks off may have been paid (`OutcomeUnknown`); nothing can be taken up again.
"""

from abc import abstractmethod
from collections.abc import AsyncGenerator
from contextlib import aclosing

from aiohttp import ClientTimeout

from providers.base import Event, Finished, ImageRequest, OptionsT, Provider, SettingsT, Working
from providers.errors import Busy, Expired, Failed, Misconfigured


class AnsweringProvider(Provider[SettingsT, OptionsT]):
    """A service that answers in one go. A subclass writes `answer`, and `check` for the credentials.

    Its `capabilities` say `resumes=False`.
    """

    @abstractmethod
    def answer(self, request: ImageRequest[OptionsT]) -> AsyncGenerator[Working | Finished, None]:
        """Ask the service, once. Previews on the way where it streams, then `Finished`. Raises `ProviderError`s."""

    @property
    def patience(self) -> ClientTimeout:
        """How long the answer is waited for."""
        return ClientTimeout(total=self.settings.time_limit, connect=10)

    async def imagine(self, request: ImageRequest[OptionsT], ticket: str | None = None) -> AsyncGenerator[Event, None]:
        """See `Provider.imagine`. Raises `Expired` for any ticket: none was ever given."""
        if ticket is not None:
            raise Expired(detail=f"{self.title} gives no tickets, and knows nothing of {ticket}")
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
        except (Busy, Misconfigured) as error:
            if not has_begun:
                raise
            # These say that nothing was taken, and are tried again; but something has been drawn, and may be paid.
            raise Failed(detail=error.detail) from error
