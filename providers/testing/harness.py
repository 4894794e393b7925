"""`Harness` and `Scenario`: the interface between the contract suite and a provider's simulator."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from enum import Enum, auto
from types import MappingProxyType
from typing import Any

from aiohttp import ClientSession

from providers.base import ImageRequest, Provider


class Scenario(Enum):
    """The service's behaviour with the next task."""

    SUCCESS = auto()
    REFERENCES_BY_URL = auto()  # two references that the service fetches
    REFERENCES_BY_BYTES = auto()  # two references without a URL
    REFUSED_PROMPT = auto()
    REFUSED_REFERENCE = auto()
    REFUSED_RESULT = auto()
    INVALID = auto()  # a request that passes `validate` and that the service refuses
    BUSY = auto()  # once; the next submit succeeds
    UNREACHABLE = auto()
    MISCONFIGURED = auto()
    FAILED = auto()
    EXPIRED = auto()  # the service loses the task right after taking it
    TOO_LONG = auto()  # the task outlasts the time limit
    LOST = auto()  # the task is taken, and the answer to the submit is lost
    MALFORMED_SUBMIT = auto()  # the answer to the submit makes no sense
    MALFORMED_RESULT = auto()  # one answer to a poll makes no sense, later ones do
    HICCUP = auto()  # the connection breaks once while the task runs


class Harness(ABC):
    """A provider with a simulator of its service, and the means to control it.

    `provider`: built with `session`, and on virtual time. `secrets`: strings that must never be shown.
    `impossible`: scenarios that this service can't have, each with the reason; their tests pass by themselves.
    """

    provider: Provider[Any, Any]
    session: ClientSession
    secrets: tuple[str, ...] = ()
    impossible: Mapping[Scenario, str] = MappingProxyType({})

    @abstractmethod
    async def play(self, scenario: Scenario) -> ImageRequest[Any]:
        """Prepare the service, and return a request for one picture that meets the scenario."""

    @abstractmethod
    def several(self, count: int) -> ImageRequest[Any]:
        """A request for that many pictures."""

    def pass_time(self, seconds: float) -> None:
        """Let so many seconds pass at the service and for the provider. Needed where the service calls back."""
        raise NotImplementedError

    @property
    @abstractmethod
    def submitted(self) -> int:
        """The number of tasks that the service has accepted, and so charges for."""

    @property
    @abstractmethod
    def references_seen(self) -> int:
        """The number of references that the service got with its latest task."""
