"""The faults that the simulated Telegram plays on request, in process or by POST /demo/api/faults."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter


class Fault(BaseModel):
    """The next `times` calls of `method` ("*": any but getUpdates) meet this fault; with `chat`, those for it only."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    method: str = "*"
    times: int = Field(1, ge=1)
    chat: int | None = None

    def meets(self, method: str, chat: object) -> bool:
        """Whether the fault is for a call of this method with this `chat_id`."""
        if self.chat is not None and str(self.chat) != str(chat):
            return False
        if self.method == "*":
            return method.lower() != "getupdates"
        return self.method.lower() == method.lower()


class Flood(Fault):
    """429 with `retry_after` seconds."""

    kind: Literal["flood"] = "flood"
    retry_after: int = Field(5, ge=1)


class Refusal(Fault):
    """An error with a given code and description."""

    kind: Literal["error"] = "error"
    code: int = Field(500, ge=400, le=599)
    description: str = "Internal Server Error"


class Delay(Fault):
    """The call is processed only after `seconds`."""

    kind: Literal["delay"] = "delay"
    seconds: float = Field(gt=0)


class Drop(Fault):
    """The connection is closed without an answer, before the call took effect or (`applied`) after."""

    kind: Literal["drop"] = "drop"
    applied: bool = False


class GatewayPage(Fault):
    """The answer is a gateway's HTML page with this code; the call takes effect before it (`applied`) or never."""

    kind: Literal["page"] = "page"
    code: int = Field(502, ge=200, le=599)
    applied: bool = False


class PartialAlbum(Fault):
    """Only the first `items` pictures of an album are sent; then comes 429 with `retry_after` seconds."""

    kind: Literal["partial_album"] = "partial_album"
    method: str = "sendMediaGroup"
    items: int = Field(1, ge=1)
    retry_after: int = Field(5, ge=1)


class NoFeedback(Fault):
    """The bot does not hear that an inline result was chosen, as without /setinlinefeedback."""

    kind: Literal["no_feedback"] = "no_feedback"
    method: str = "chosenInlineResult"


AnyFault = Annotated[
    Flood | Refusal | Delay | Drop | GatewayPage | PartialAlbum | NoFeedback, Field(discriminator="kind")
]
FAULT: TypeAdapter[AnyFault] = TypeAdapter(AnyFault)


class FaultPlan:
    """The faults still to be played, oldest first."""

    def __init__(self) -> None:
        self._left: list[tuple[AnyFault, int]] = []

    def play(self, fault: AnyFault | Mapping[str, Any]) -> None:
        """Plan a fault, given as a model or as JSON with its `kind`. Raises `pydantic.ValidationError`."""
        planned = FAULT.validate_python(fault if isinstance(fault, Fault) else dict(fault))
        self._left.append((planned, planned.times))

    def clear(self) -> None:
        """Forget all faults."""
        self._left.clear()

    def spent(self, kind: str = "no_feedback") -> bool:
        """Whether a fault of this kind is planned, which no call meets; it is counted down."""
        at = next((at for at, (fault, _times) in enumerate(self._left) if fault.kind == kind), None)
        if at is None:
            return False
        fault, times = self._left[at]
        self._left[at : at + 1] = [(fault, times - 1)] if times > 1 else []
        return True

    def due(self, method: str, chat: object = None) -> list[AnyFault]:
        """The faults that this call meets, at most one of a kind; each is counted down."""
        due: dict[str, AnyFault] = {}
        left: list[tuple[AnyFault, int]] = []
        for fault, times in self._left:
            met = fault.kind not in due and fault.meets(method, chat)
            if met:
                due[fault.kind] = fault
            if times > met:
                left.append((fault, times - met))
        self._left = left
        return list(due.values())
