"""Errors of image services, classed by what the caller must do.

Every error carries a `Sentence` for the person who asked and a private `detail` for the log.
The detail may quote the service; no person sees it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import ClassVar, Literal


@dataclass(frozen=True, slots=True)
class Sentence:
    """A text for a person: an English template (also the key of its translation) and its values.

    `template` uses `str.format` fields: `Sentence("At most {most} pictures.", {"most": 10})`.
    """

    template: str
    values: Mapping[str, object] = field(default_factory=dict)

    def __str__(self) -> str:
        return self.template.format(**self.values)


MOST_DETAIL_CHARACTERS = 500
"""The part of a service's text that goes into the log."""


def one_line(text: str, most: int = MOST_DETAIL_CHARACTERS) -> str:
    """A service's text for a log line or an operator: cut, with spaces for line ends and other control characters."""
    cut = text if len(text) <= most else f"{text[:most]}…"
    return cut if cut.isprintable() else "".join(sign if sign.isprintable() else " " for sign in cut)


class ProviderError(Exception):
    """The base of all errors that a provider raises.

    `sentence`: the text for the person; each class has a default. `detail`: for the log only.
    `paid`: whether the service has charged for the task (None: unknown); each class has a default.
    """

    default: ClassVar[Sentence] = Sentence("The image service couldn't do this.")
    paid: bool | None = False

    def __init__(self, sentence: Sentence | None = None, *, detail: str = "", paid: bool | None = None) -> None:
        self.sentence = sentence or self.default
        self.detail = one_line(detail)
        if paid is not None:
            self.paid = paid
        super().__init__(f"{self.sentence} [{self.detail}]" if detail else str(self.sentence))


class ContentRefusedError(ProviderError):
    """Moderation refused the prompt, a reference or the result. A repeat is refused again, or paid again.

    `what` is "input" where the service doesn't say whether it was the prompt or a reference.
    """

    sentences: ClassVar[dict[str, Sentence]] = {
        "prompt": Sentence("The service refused this prompt. Please rephrase it and send it again."),
        "reference": Sentence("The service refused one of the reference pictures. Please try another one."),
        "input": Sentence(
            "The service refused this prompt or one of its reference pictures. Please change them and send it again."
        ),
        "result": Sentence("The picture was made, but the service's safety check held it back. Trying again may help."),
    }

    def __init__(
        self,
        what: Literal["prompt", "reference", "input", "result"],
        sentence: Sentence | None = None,
        *,
        detail: str = "",
        paid: bool | None = None,
    ) -> None:
        self.what = what
        if what == "result":
            # The picture was made before it was refused.
            self.paid = None
        super().__init__(sentence or self.sentences[what], detail=detail, paid=paid)


class InvalidRequestError(ProviderError):
    """The request is not valid; the sentence says what to change. Nothing was paid."""

    default = Sentence("The service can't work with this request. Change the prompt or its options and send it again.")


class ProviderBusyError(ProviderError):
    """The service takes no task now. Nothing was paid or started. Retry after `retry_after` seconds.

    `retry_after` is None where the caller decides, and instead of NaN or a negative number. Callers limit the wait.
    """

    default = Sentence("The image service is busy.")

    def __init__(self, sentence: Sentence | None = None, *, retry_after: float | None = None, detail: str = "") -> None:
        # NaN and negative numbers fail this comparison.
        self.retry_after = retry_after if retry_after is not None and retry_after >= 0 else None
        super().__init__(sentence, detail=detail)


class ProviderUnavailableError(ProviderBusyError):
    """The service is down or unreachable. Handled as `ProviderBusyError`, but several in a row count as an outage."""

    default = Sentence("The image service can't be reached at the moment.")


class MisconfiguredError(ProviderError):
    """The operator must act: wrong keys, a service not activated, arrears. No job can succeed until then.

    `advice` is for the operator (shown by `check` and in the log), `sentence` for the person.
    """

    default = Sentence("The image service isn't set up correctly. Please tell whoever runs this bot.")

    def __init__(self, advice: str, sentence: Sentence | None = None, *, detail: str = "") -> None:
        self.advice = one_line(advice)
        super().__init__(sentence, detail=detail or advice)


class KeyRefusedError(MisconfiguredError):
    """The operator must act: the service refuses the credentials."""


class NoCreditError(MisconfiguredError):
    """The operator must act: the account has no credit left, has reached its own limit, or has bills to pay."""


class UnusableModelError(MisconfiguredError):
    """The operator must act, but only about the model of this request: the account can't use it. Others still work."""

    default = Sentence(
        "The account of this bot can't use this model. Choose another one with --model, and tell whoever runs this bot."
    )


class GenerationFailedError(ProviderError):
    """The service accepted the task, and the task failed. The bot does not submit it again by itself."""

    default = Sentence("The image service failed to make this picture. You can try again.")
    paid = None


class TaskExpiredError(ProviderError):
    """The service no longer knows the task, so its result is lost."""

    default = Sentence("The image service no longer knows this task, so its picture can't be fetched any more.")
    paid = None


class TaskTimeoutError(ProviderError):
    """The time limit passed before the task ended. The ticket is still valid: the task can be polled again later."""

    default = Sentence("The picture is taking unusually long. The service may still finish it; look again in a while.")
    paid = None


class OutcomeUnknownError(ProviderError):
    """The answer to a submit was lost, so it may have been paid. It is repeated only when the person asks for that."""

    default = Sentence(
        "The connection broke just as I sent your request, so I can't tell whether it was charged. Trying "
        "again makes a new picture and charges for it."
    )
    paid = None
