"""THE CONTRACT: all that stands between the bot and an image service, on one page.

To write a provider: a folder with a settings model, an options model and a subclass of `Provider` (or of
`providers.polling.PollingProvider` for services where one submits and asks, of `providers.answering.AnsweringProvider`
where the answer is the picture), an entry point in the group `imagine_bot.providers`, and a test class that inherits
`providers.testing.ServiceContract`. `providers/README.md` is the guide.
"""

from abc import ABC, abstractmethod
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any, ClassVar, Generic, TypeVar

from aiohttp import ClientSession
from pydantic import BaseModel, ConfigDict, Field, field_validator

from providers.addresses import Address, origin
from providers.callback import Callback
from providers.errors import InvalidRequest, Sentence
from providers.options import Options, offering

__all__ = [
    "MOST_TICKET",
    "Accepted",
    "Address",
    "Callback",
    "Capabilities",
    "Event",
    "Finished",
    "ImageRequest",
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

MOST_TICKET = 2000
"""Characters of a ticket; that of a service which names three addresses with it has some hundred."""


def is_ticket(value: object) -> bool:
    """Whether something that a service has said can be a ticket: a text that can be stored and written to a log."""
    return isinstance(value, str) and 0 < len(value) <= MOST_TICKET and value.isprintable()


class ProviderSettings(BaseModel):
    """The root of every provider's settings, read from `[providers.<name>]`. Secrets are `SecretStr`.

    A field `models` (names, the default first) says what the option `model` offers, and which `prices` there may be.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    concurrency: int = Field(1, ge=1, description="tasks the account may run at once")
    per_minute: int | None = Field(None, ge=1, description="tasks the account may begin in a minute")
    time_limit: float = Field(900, gt=0, description="seconds a task is watched before the person is told")
    price: Decimal | None = Field(None, ge=0, description="of one picture, for the people to see")
    prices: Mapping[str, Decimal] = Field({}, description="the same by model, where they differ")
    fallback: str | None = Field(None, description="the provider that takes over while this one can't work")
    currency: str = Field("USD", min_length=3, max_length=3, description="of the prices: USD, CNY, …")

    @field_validator("currency")
    @classmethod
    def _in_capitals(cls, value: str) -> str:
        return value.upper()


SettingsT = TypeVar("SettingsT", bound=ProviderSettings)
OptionsT = TypeVar("OptionsT", bound=Options)


@dataclass(frozen=True, slots=True)
class Reference:
    """A picture given as input, already checked against the provider's `ReferenceLimits`.

    `size` in bytes, `width` and `height` in pixels. `url`: where the world can fetch it, if the bot can publish;
    `read`: gives the bytes at any time while the job lives.
    """

    media_type: str
    width: int
    height: int
    size: int
    read: Callable[[], Awaitable[bytes]]
    url: str | None = None


@dataclass(frozen=True, slots=True)
class ImageRequest(Generic[OptionsT]):
    """What one person asks for: words, references in the order given, options of the provider's own model.

    `callback`: where the service can announce the end, if it can (`Capabilities.callbacks`) and the world reaches the
    bot.
    """

    prompt: str
    options: OptionsT
    references: tuple[Reference, ...] = ()
    callback: Callback | None = None

    def with_options(self, **changes: object) -> "ImageRequest[OptionsT]":
        """The same request with some options changed (validated again)."""
        options = type(self.options).model_validate({**self.options.model_dump(), **changes})
        return replace(self, options=options)


@dataclass(frozen=True, slots=True)
class Picture:
    """One result: at `url` (services delete theirs soon) or as bytes in `data`: exactly one of them is set.

    `seed`: the number it was drawn from, where the service tells.
    """

    url: str | None = None
    data: bytes | None = None
    seed: int | None = None


@dataclass(frozen=True, slots=True)
class Accepted:
    """The service took the task. Yielded the moment the ticket is known and stored by the caller before it goes on."""

    ticket: str


@dataclass(frozen=True, slots=True)
class Queued:
    """The task waits at the service, at `position` (1 is next) where the service tells."""

    position: int | None = None


@dataclass(frozen=True, slots=True)
class Working:
    """The task runs. `progress` 0–1 and `preview` (the bytes of a picture) only where the service gives them."""

    progress: float | None = None
    preview: bytes | None = None


@dataclass(frozen=True, slots=True)
class Finished:
    """The end of a task that succeeded, with at least one picture. Always the last event."""

    pictures: tuple[Picture, ...]


Event = Accepted | Queued | Working | Finished


@dataclass(frozen=True, slots=True)
class ReferenceLimits:
    """What the service takes as references. `size` in bytes, `side` in pixels, `ratio`: least and most width/height.

    `by_url`: it fetches them itself where they have a `url`; otherwise none is published for it.
    """

    count: int
    size: int
    side: int
    ratio: tuple[float, float]
    media_types: frozenset[str] = frozenset({"image/jpeg", "image/png", "image/webp"})
    by_url: bool = False


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What the service can do. `prompt_length` in characters; `pictures`: the most one request may ask for.

    `resumes`: it gives tickets, by which a task is taken up again; a service that answers when the picture is made, and
    knows nothing of it afterwards, has none. `cancels`: a task can be dropped there. `streams`: it shows previews.
    `callbacks`: it can announce a task's end.
    """

    prompt_length: int
    pictures: int
    references: ReferenceLimits | None = None
    resumes: bool = True
    cancels: bool = False
    streams: bool = False
    callbacks: bool = False


class Provider(ABC, Generic[SettingsT, OptionsT]):
    """An image service. Built once at the start with its settings and an HTTP session; knows nothing of the bot."""

    title: ClassVar[str]
    """The name people see: "Jimeng 4.0"."""
    Settings: ClassVar[type[Any]]
    """A subclass of `ProviderSettings`."""
    Options: type[Any]
    """A subclass of `providers.options.Options`. An instance whose settings have `models` has
    one of its own, which offers those."""
    capabilities: Capabilities

    def __init__(self, settings: SettingsT, session: ClientSession) -> None:
        self.settings = settings
        self.session = session
        if models := getattr(settings, "models", ()):
            self.Options = offering(self.Options, model=models)

    @property
    def origins(self) -> frozenset[tuple[str, int]]:
        """Host and port of each address in the settings. The operator has put them there, so pictures are fetched from
        them even where they are not public; from all else only public addresses are."""
        values = (getattr(self.settings, name) for name in type(self.settings).model_fields)
        return frozenset(filter(None, map(origin, values)))

    def model_name(self, options: OptionsT) -> str:
        """What makes a picture with these options, for its caption: "Jimeng 4.6". By default the title."""
        return self.title

    def price(self, options: OptionsT) -> Decimal | None:
        """What one picture with these options costs, in `settings.currency`; None where nobody has set it."""
        model = str(getattr(options, "model", ""))
        return self.settings.prices.get(model, self.settings.price)

    def reference_limits(self, options: OptionsT) -> ReferenceLimits | None:
        """What references may go with these options. By default the same with all."""
        return self.capabilities.references

    def enlarged(self, options: OptionsT, size: tuple[int, int]) -> OptionsT | None:
        """Options for making one picture of this size (pixels) anew as large as the service can, with itself as the
        reference. None, as by default: it can't."""
        return None

    def validate(self, request: ImageRequest[OptionsT]) -> None:
        """Refuse, before anything is paid, what the service would refuse. Raises `InvalidRequest`."""
        limits = self.reference_limits(request.options)
        most = limits.count if limits else 0
        if not request.prompt.strip():
            raise InvalidRequest(Sentence("Write what the picture should show."))
        if len(request.prompt) > self.capabilities.prompt_length:
            values = {"length": len(request.prompt), "most": self.capabilities.prompt_length}
            raise InvalidRequest(
                Sentence("The prompt has {length} characters; {most} are allowed. Shorten it, please.", values)
            )
        if len(request.references) > most:
            values = {"count": len(request.references), "most": most}
            raise InvalidRequest(
                Sentence("You sent {count} pictures; this model takes at most {most} as references.", values)
            )

    def split(self, request: ImageRequest[OptionsT]) -> tuple[ImageRequest[OptionsT], ...]:
        """The request as tasks that are submitted, paid and taken up again each on its own. By default one."""
        return (request,)

    def most_pictures(self, request: ImageRequest[OptionsT]) -> int:
        """The most that one task (a part given by `split`) may give; what comes beyond that is left out.

        By default as many as its option `n` says, `capabilities.pictures` where that is no number.
        """
        count = getattr(request.options, "n", None)
        return count if isinstance(count, int) else self.capabilities.pictures

    @abstractmethod
    def imagine(self, request: ImageRequest[OptionsT], ticket: str | None = None) -> AsyncGenerator[Event, None]:
        """Run one task (a part given by `split`) and yield its events, ending with `Finished`.

        Without a ticket the task is submitted, once, and `Accepted` is the first event (where there are no tickets,
        `Capabilities.resumes`, there is none). With a ticket it takes a submitted task up again and submits nothing.
        Raises only `ProviderError`s; leaving the iterator early leaves the task at the service as it is.
        """

    @abstractmethod
    async def check(self) -> None:
        """Try the credentials without paying for anything. Raises `Misconfigured`, or `Busy` when out of reach."""

    async def cancel(self, ticket: str) -> bool:
        """Tell the service to drop a task. False where the service can't."""
        return False

    def called_back(self, body: bytes) -> str | None:
        """The ticket that a call of the service is about, as far as its body says; None where it doesn't.

        Raises `ValueError` when the body is not what the service sends.
        """
        return None

    def learn(self, durations: Iterable[float]) -> None:
        """Told at the start how many seconds this provider's latest tasks took, oldest first."""
        return

    async def aclose(self) -> None:
        """Give back what the provider opened itself (not the session)."""
        return
