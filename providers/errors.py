"""What can go wrong at an image service, classed by what the caller must do about it.

Every error carries a `Sentence` for the person who asked and a private `detail` for the log.
The detail may hold the service's own words; it is never shown to a person.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import ClassVar, Literal


@dataclass(frozen=True, slots=True)
class Sentence:
    """Words for a person: an English template (also the key of its translation) and the values that fill it.

    `template` uses `str.format` fields: `Sentence("At most {most} pictures.", {"most": 10})`.
    """

    template: str
    values: Mapping[str, object] = field(default_factory=dict)

    def __str__(self) -> str:
        return self.template.format(**self.values)


MOST_DETAIL = 500
"""Characters of what a service has said that go into the log."""


def one_line(text: str, most: int = MOST_DETAIL) -> str:
    """A service's words as they go into a log or before an operator: cut, and without line ends and the like."""
    cut = text if len(text) <= most else f"{text[:most]}…"
    return cut if cut.isprintable() else "".join(sign if sign.isprintable() else " " for sign in cut)


class ProviderError(Exception):
    """The root of all that a provider raises.

    `sentence`: what the person reads; each class has a default. `detail`: for the log only.
    `paid`: whether the service has charged for the task (None: not known); by default what the class says.
    """

    default: ClassVar[Sentence] = Sentence("The image service couldn't do this.")
    paid: bool | None = False

    def __init__(self, sentence: Sentence | None = None, *, detail: str = "", paid: bool | None = None) -> None:
        self.sentence = sentence or self.default
        self.detail = one_line(detail)
        if paid is not None:
            self.paid = paid
        super().__init__(f"{self.sentence} [{self.detail}]" if detail else str(self.sentence))


class Refused(ProviderError):
    """Moderation said no, to the prompt, a reference or the result. The same again is refused again, or paid again."""

    sentences: ClassVar[dict[str, Sentence]] = {
        "prompt": Sentence("The service refused this prompt. Please rephrase it and send it again."),
        "reference": Sentence("The service refused one of the reference pictures. Please try another one."),
        "result": Sentence("The picture was made, but the service's safety check held it back. Trying again may help."),
    }

    def __init__(
        self,
        what: Literal["prompt", "reference", "result"],
        sentence: Sentence | None = None,
        *,
        detail: str = "",
        paid: bool | None = None,
    ) -> None:
        self.what = what
        if what == "result":
            # It was made first.
            self.paid = None
        super().__init__(sentence or self.sentences[what], detail=detail, paid=paid)


class InvalidRequest(ProviderError):
    """The request can't be done as it is; the sentence says what to change. Nothing was paid."""

    default = Sentence("The service can't work with this request. Change the prompt or its options and send it again.")


class Busy(ProviderError):
    """Not now: nothing was paid, nothing started. Ask again after `retry_after` seconds (None: the caller decides).

    A number that can't be a wait is None; callers bound it by rules of their own.
    """

    default = Sentence("The image service is busy.")

    def __init__(self, sentence: Sentence | None = None, *, retry_after: float | None = None, detail: str = "") -> None:
        # Neither NaN nor a negative number is that large.
        self.retry_after = retry_after if retry_after is not None and retry_after >= 0 else None
        super().__init__(sentence, detail=detail)


class Unavailable(Busy):
    """Not now, because the service is out of order or out of reach: as `Busy`, but if it goes on it is a failure."""

    default = Sentence("The image service can't be reached at the moment.")


class Misconfigured(ProviderError):
    """The operator must act: wrong keys, a service not activated, arrears. No job can succeed until then.

    `advice` is for the operator (shown by `check` and in the log), `sentence` for the person.
    """

    default = Sentence("The image service isn't set up correctly. Please tell whoever runs this bot.")

    def __init__(self, advice: str, sentence: Sentence | None = None, *, detail: str = "") -> None:
        self.advice = one_line(advice)
        super().__init__(sentence, detail=detail or advice)


class Failed(ProviderError):
    """The service took the task and failed it. It is not submitted again by itself."""

    default = Sentence("The image service failed to make this picture. You can try again.")
    paid = None


class Expired(ProviderError):
    """The service no longer knows the task: its result can't be had any more."""

    default = Sentence("The image service no longer knows this task, so its picture can't be fetched any more.")
    paid = None


class TookTooLong(ProviderError):
    """The watch ended before the task did. The ticket is still good: the task can be looked at again later."""

    default = Sentence("The picture is taking unusually long. The service may still finish it; look again in a while.")
    paid = None


class OutcomeUnknown(ProviderError):
    """The answer to a submit was lost: it may have been paid. Never repeated without the person asking for it."""

    default = Sentence(
        "The connection broke just as I sent your request, so I can't tell whether it was charged. Trying "
        "again makes a new picture and charges for it."
    )
    paid = None
