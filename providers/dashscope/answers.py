"""The answers of DashScope as typed models. Pictures come in one of two places, by the protocol."""

from typing import Any

from pydantic import BaseModel, Field

from providers.base import Picture
from providers.base64_pictures import linked
from providers.wire import Items, WireModel


class Result(WireModel):
    """A picture of the older protocol, or its error."""

    url: str | None = None
    code: Any = None
    message: Any = None


class _Part(WireModel):
    image: str | None = None


class _Message(WireModel):
    content: Items[_Part] = Field(default_factory=list)


class _Choice(WireModel):
    message: _Message = Field(default_factory=_Message)


class Output(WireModel):
    """The output of a call that answers with pictures."""

    choices: Items[_Choice] = Field(default_factory=list)
    results: Items[Result] = Field(default_factory=list)

    @property
    def pictures(self) -> tuple[Picture, ...]:
        """The pictures of either protocol."""
        parts = [part.image for choice in self.choices for part in choice.message.content]
        return tuple(linked(url) for url in (*parts, *(one.url for one in self.results)) if url)


class TaskOutput(Output):
    """The output of a call about a task."""

    task_id: str = Field(min_length=1)
    task_status: str
    # Of any type: a wrong one must not lose paid pictures.
    code: Any = None
    message: Any = None


class Answer(BaseModel):
    """The answer of a call that makes pictures at once."""

    output: Output


class TaskAnswer(BaseModel):
    """The answer of a call about a task."""

    output: TaskOutput


class Nothing(BaseModel):
    """An answer whose content doesn't matter."""


class _Models(WireModel):
    models: Items[dict[str, object]] = Field(default_factory=list)


class ModelsAnswer(WireModel):
    """The answer of a search for a model."""

    output: _Models = Field(default_factory=_Models)
