"""Base of the models of services' answers: a null counts as left out, as in the services' own SDKs."""

from typing import Annotated, Any, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, ValidationInfo, field_validator
from pydantic_core import PydanticUseDefault

ItemT = TypeVar("ItemT")


def _without_nulls(value: Any) -> Any:
    if value is None:
        return []
    return [one for one in value if one is not None] if isinstance(value, list) else value


Items = Annotated[list[ItemT], BeforeValidator(_without_nulls)]
"""A list without the nulls in it; a null instead of the list is an empty one."""


class WireModel(BaseModel):
    """A part of an answer. A null for a field that has a default gives the default."""

    model_config = ConfigDict(populate_by_name=True)

    @field_validator("*", mode="before")
    @classmethod
    def _null_is_default(cls, value: Any, info: ValidationInfo) -> Any:
        if value is None and info.field_name and not cls.model_fields[info.field_name].is_required():
            raise PydanticUseDefault
        return value
