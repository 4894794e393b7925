"""Models of answers: nulls where the services' SDKs tolerate them."""

import pytest
from pydantic import Field, ValidationError

from providers.wire import Items, WireModel


class Part(WireModel):
    text: str | None = None
    thought: bool = False
    kind: str = Field("", alias="mimeType")


class Whole(WireModel):
    data: Items[Part]
    content: Part = Part()
    flags: Items[bool] = Field([])


def test_a_null_gives_the_default() -> None:
    spoken = {"data": None, "content": None, "flags": [None, True]}
    assert Whole.model_validate(spoken) == Whole(data=[], content=Part(), flags=[True])
    assert Whole.model_validate({"data": [None, {"thought": None, "mimeType": None}]}).data == [Part()]


@pytest.mark.parametrize("spoken", [{}, {"data": "x"}, {"data": [], "flags": ["perhaps"]}, {"data": [], "content": 1}])
def test_other_things_are_refused(spoken: object) -> None:
    with pytest.raises(ValidationError):
        Whole.model_validate(spoken)
