"""THE CONTRACT between the bot and an image service, complete in this file.

A provider is a folder with a settings model, an options model and a subclass of `Provider` (or of
`providers.polling.PollingProvider` for services that give a ticket and are polled, of
`providers.synchronous.SynchronousProvider` for those that answer with the picture), an entry point in the group
`imagine_bot.providers`, and a test class that inherits `providers.testing.ServiceContract`. `providers/README.md` is
the guide.
"""

from abc import ABC, abstractmethod
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from functools import cached_property
from types import MappingProxyType
from typing import Any, ClassVar, Generic, TypeVar

from aiohttp import ClientSession

from providers.addresses import Address, origin
from providers.callback import Callback
from providers.errors import InvalidRequestError, Sentence
from providers.model_rules import ended, not_taken, offering, refuse_references
from providers.models import Model, ModelTable, ReferenceLimits, today, widest
from providers.options import Options
from providers.settings import ProviderSettings

__all__ = [
    "MOST_TICKET_CHARACTERS",
    "Accepted",
    "Address",
    "Callback",
    "Capabilities",
    "Event",
    "Finished",
    "ImageRequest",
    "Model",
    "ModelTable",
    "OptionsT",
    "Picture",
    "Provider",
    "ProviderSettings",
    "Queued",
    "Reference",
    "ReferenceLimits",
    "SettingsT",
    "Working",
    "is_ticket",
]

MOST_TICKET_CHARACTERS = 2000
"""The longest ticket. A ticket that holds three addresses has a few hundred characters."""


def is_ticket(value: object) -> bool:
    """Whether a service's value can be a ticket: a text of limited length that can be stored and logged."""
    return isinstance(value, str) and 0 < len(value) <= MOST_TICKET_CHARACTERS and value.isprintable()


SettingsT = TypeVar("SettingsT", bound=ProviderSettings)
OptionsT = TypeVar("OptionsT", bound=Options)


@dataclass(frozen=True, slots=True)
class Reference:
    """A picture given as input, already checked against the provider's `ReferenceLimits`.

    `size` in bytes, `width` and `height` in pixels. `url`: a public address, if the bot can publish. `read` returns the
    bytes at any time during the job's life.
    """

    media_type: str
    width: int
    height: int
    size: int
    read: Callable[[], Awaitable[bytes]]
    url: str | None = None


@dataclass(frozen=True, slots=True)
class ImageRequest(Generic[OptionsT]):
    """One person's request: the prompt, the references in their order, and options of the provider's own model.

    `callback`: where the service can announce the end. It is set when the service can (`Capabilities.callbacks`) and
    the bot has a public address.
    """

    prompt: str
    options: OptionsT
    references: tuple[Reference, ...] = ()
    callback: Callback | None = None

    def with_options(self, **changes: object) -> "ImageRequest[OptionsT]":
        """A copy with some options changed, all validated again; the request itself where nothing changes."""
        now = self.options.model_dump()
        if {**now, **changes} == now:
            return self
        return replace(self, options=type(self.options).model_validate({**now, **changes}))


@dataclass(frozen=True, slots=True)
class Picture:
    """One result, with exactly one of `url` (services delete their files soon) and `data` (bytes) set.

    `seed`: the random seed of the picture, where the service reports it.
    """

    url: str | None = None
    data: bytes | None = None
    seed: int | None = None


@dataclass(frozen=True, slots=True)
class Accepted:
    """The service accepted the task. Yielded once the ticket is known; the caller stores it before it goes on."""

    ticket: str


@dataclass(frozen=True, slots=True)
class Queued:
    """The task waits at the service, at `position` (1 is next) where the service reports it."""

    position: int | None = None


@dataclass(frozen=True, slots=True)
class Working:
    """The task runs. `progress` (0–1) and `preview` (a picture's bytes) are set where the service gives them."""

    progress: float | None = None
    preview: bytes | None = None


@dataclass(frozen=True, slots=True)
class Finished:
    """The task succeeded, with at least one picture. Always the last event. `note`: told beside the pictures."""

    pictures: tuple[Picture, ...]
    note: Sentence | None = None


Event = Accepted | Queued | Working | Finished


@dataclass(frozen=True, slots=True)
class Capabilities:
    """The abilities of a service. `prompt_length` in characters; `pictures`: the most that one request may ask for.

    `resumes`: it gives tickets, by which a task is resumed; a service that answers with the picture gives none.
    `cancels`: a task can be cancelled there. `streams`: it sends previews. `callbacks`: it can announce a task's end.
    """

    prompt_length: int = 2000
    pictures: int = 1
    references: ReferenceLimits | None = None
    resumes: bool = True
    cancels: bool = False
    streams: bool = False
    callbacks: bool = False


class Provider(ABC, Generic[SettingsT, OptionsT]):
    """An image service. It is built once at the start, with its settings and a session, and does not know the bot."""

    title: ClassVar[str]
    """The name people see: "Jimeng 4.0"."""
    Settings: ClassVar[type[Any]]
    """A subclass of `ProviderSettings`."""
    Options: type[Any]
    """A subclass of `providers.options.Options`. With `models` in the settings, an instance has a
    subclass of its own that offers them."""
    table: ClassVar[ModelTable[Any] | None] = None
    """The models that the provider knows. With it, an instance's `capabilities` are the widest of `rows`."""
    capabilities: Capabilities
    rows: Mapping[str, Any] = MappingProxyType({})
    """The models that the operator has set up, by name; empty without a table."""

    def __init__(self, settings: SettingsT, session: ClientSession) -> None:
        self.settings = settings
        self.session = session
        names = getattr(settings, "models", ())
        self.rows = self.table.of(names, settings.limits) if self.table else {}
        if self.rows:
            self.capabilities = replace(self.capabilities, **widest(self.rows.values(), self.capabilities))
        if names:
            self.Options = offering(self.Options, names, self.table, self.rows)

    @cached_property
    def origins(self) -> frozenset[tuple[str, int]]:
        """Host and port of each address in the settings. The operator chose them, so pictures are fetched from them
        even at private addresses. Elsewhere only public addresses are allowed."""
        values = (getattr(self.settings, name) for name in type(self.settings).model_fields)
        return frozenset(filter(None, map(origin, values)))

    def model(self, options: OptionsT) -> Any:
        """The row of the model that these options select; without a table, one made of `capabilities`."""
        row = self.rows.get(getattr(options, "model", ""))
        can = self.capabilities
        return row or Model(name=self.title, prompt_length=can.prompt_length, references=can.references)

    def model_name(self, options: OptionsT) -> str:
        """The name of the model that these options select, for captions: "Jimeng 4.6"."""
        name: str = self.model(options).called
        return name

    def price(self, options: OptionsT) -> Decimal | None:
        """The price of one picture with these options, in `settings.currency`; None when it is not set."""
        model = str(getattr(options, "model", ""))
        return self.settings.prices.get(model, self.settings.price)

    def reference_limits(self, options: OptionsT) -> ReferenceLimits | None:
        """The limits of references with these options; None: it takes none. By default those of the model."""
        limits: ReferenceLimits | None = self.model(options).references
        return limits

    def enlarged(self, options: OptionsT, size: tuple[int, int]) -> OptionsT | None:
        """Options that remake a picture of `size` (pixels) as large as the service can, with the picture as the
        reference. None (the default): it can't."""
        return None

    def validate(self, request: ImageRequest[OptionsT]) -> None:
        """Refuse before payment a request that the service would refuse. Raises `InvalidRequestError`."""
        row = replace(self.model(request.options), references=self.reference_limits(request.options))
        others = self.rows.values()
        if not request.prompt.strip():
            raise InvalidRequestError(Sentence("Write what the picture should show."))
        if row.has_ended(today()):
            raise InvalidRequestError(ended(row, others, today()))
        if len(request.prompt) > row.prompt_length:
            values = {"length": len(request.prompt), "most": row.prompt_length}
            raise InvalidRequestError(
                Sentence("Your prompt has {length} characters; the limit is {most}. Please shorten it.", values)
            )
        refuse_references(row, len(request.references), others)
        if sentence := not_taken(row, request.options, others):
            raise InvalidRequestError(sentence)

    def split(self, request: ImageRequest[OptionsT]) -> tuple[ImageRequest[OptionsT], ...]:
        """Split the request into tasks; each is submitted, paid and resumed on its own. By default one."""
        return (request,)

    def most_pictures(self, request: ImageRequest[OptionsT]) -> int:
        """The most pictures that one task (a part given by `split`) may give; the bot drops any further ones.

        By default the option `n`, or `capabilities.pictures` where that is no number.
        """
        count = getattr(request.options, "n", None)
        return count if isinstance(count, int) else self.capabilities.pictures

    @abstractmethod
    def imagine(self, request: ImageRequest[OptionsT], ticket: str | None = None) -> AsyncGenerator[Event, None]:
        """Run one task (a part given by `split`) and yield its events, ending with `Finished`.

        Without a ticket it submits the task, once, and the first event is `Accepted` (unless `Capabilities.resumes` is
        False). With a ticket it resumes a submitted task and submits nothing. Raises only `ProviderError`s. Leaving
        the iterator early does not change the task at the service.
        """

    @abstractmethod
    async def check(self) -> None:
        """Test the credentials at no cost, and ask for each model that is set up.

        Raises `MisconfiguredError` (also when it doesn't know a model), or `ProviderBusyError` when the service can't
        be reached. The bot itself tells the operator of models that have ended, or end soon.
        """

    async def cancel(self, ticket: str) -> bool:
        """Cancel a task at the service. Returns whether the service did it; by default it can't."""
        return False

    def called_back(self, body: bytes) -> str | None:
        """The ticket that the body of a service's callback names; None where it names none.

        Raises `ValueError` when the service never sends such a body.
        """
        return None

    def learn(self, durations: Iterable[float]) -> None:
        """Take the seconds that this provider's latest tasks took, oldest first. Called once, at the start."""
        return

    async def aclose(self) -> None:
        """Close everything that the provider opened itself (not the session)."""
        return
