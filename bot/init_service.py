"""The questions of `init`: what it has to know of an image service, read from its settings model."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import EntryPoint
from typing import Any, get_args, get_origin

from pydantic import SecretStr
from pydantic.fields import FieldInfo

from providers import registry
from providers.setting_names import variable
from providers.settings import ProviderSettings


@dataclass(frozen=True, slots=True)
class Question:
    """A question for the setting `key`. `option`: that of the command line which names a file with the answer;
    `hint`: how to get the value; `is_json`: a list or a table is wanted."""

    key: str
    words: str
    option: str
    is_secret: bool = False
    is_json: bool = False
    hint: str = ""

    @property
    def label(self) -> str:
        """The question, as it is shown before the cursor."""
        return f"{self.words}{' (JSON)' if self.is_json else ''}: "

    @property
    def how_to_give(self) -> str:
        """How to give the answer where nobody can be asked."""
        return f"set {variable(self.key)}, or name a file with {self.option} (- is standard input)"

    def parsed(self, answer: str) -> Any:
        """The value. One that is no JSON stays text: the service's settings refuse it."""
        try:
            return json.loads(answer) if self.is_json else answer
        except ValueError:
            return answer


def questions(name: str, entry: EntryPoint) -> list[Question]:
    """What the service can't work without: its secrets among it. Raises `RegistryError`."""
    fields = registry.settings_model(name, entry).model_fields
    own = {key: one for key, one in fields.items() if key not in ProviderSettings.model_fields}
    return [_question(name, key, one) for key, one in own.items() if one.is_required() or one.annotation is SecretStr]


def _question(name: str, key: str, one: FieldInfo) -> Question:
    extra = one.json_schema_extra
    return Question(
        f"providers.{name}.{key}",
        f"{key}: {one.description}" if one.description else key,
        "--key-file",
        is_secret=not one.repr or SecretStr in (one.annotation, *get_args(one.annotation)),
        is_json=get_origin(one.annotation) in {tuple, Mapping},
        hint=str(extra.get("how", "")) if isinstance(extra, dict) else "",
    )
