"""Loads aiogram without its models: each is built when it is first used.

aiogram builds all its types and methods at import, which takes 3 s and 100 MB; the bot uses a tenth of them. The types
are marked `defer_build`, so that Pydantic would build each at its first use, but only a loop at the end of
`aiogram.types` knows the names in their annotations. `load` skips that loop, and puts the names where Pydantic looks
for them: into the modules of the types. Where a name stays unknown, it builds all types, as aiogram does.

A type that was built only as a part of others can't be dumped by a field of type `Any`; aiogram has no such field.
"""

import asyncio
import builtins
import inspect
import re
import sys
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from importlib import import_module
from typing import Any

from pydantic import BaseModel

BUILD_PAUSE_SECONDS = 0.02
"""Before each model that `build` builds, so that others get their turn."""
_QUOTED, _NAME = re.compile(r"'[^']*'|\"[^\"]*\""), re.compile(r"(?<!\.)\b[A-Za-z_]\w*")

Names = Mapping[str, Any]


def load(package: str = "aiogram") -> None:
    """Import this package; the models in its `types` are built when they are first used.

    Call it before anything else imports the package: later it has no effect.
    """
    with _unbuilt(f"{package}.types.") as models:
        import_module(package)
    if not all(_make_known(model, names) for model, names in models.items()):
        for model, names in models.items():
            model.model_rebuild(_types_namespace=names)


async def build(models: Iterable[type[BaseModel]]) -> None:
    """Build these models now. Each one blocks the event loop, for 0.1 s at most."""
    for model in models:
        if not model.__pydantic_complete__:
            await asyncio.sleep(BUILD_PAUSE_SECONDS)
            model.model_rebuild()


@contextmanager
def _unbuilt(modules: str) -> Iterator[dict[type[BaseModel], Names]]:
    """Within it, a model in modules whose names begin with `modules` that is to be built with names given to it is
    only noted, with these names."""
    noted: dict[type[BaseModel], Names] = {}
    rebuild = vars(BaseModel)["model_rebuild"]

    def note(cls: type[BaseModel], /, **how: Any) -> Any:
        names = how.get("_types_namespace")
        if names is None or not cls.__module__.startswith(modules):
            return rebuild.__get__(None, cls)(**how)
        noted[cls] = names
        return None

    BaseModel.model_rebuild = classmethod(note)  # type: ignore[assignment,method-assign]
    try:
        yield noted
    finally:
        BaseModel.model_rebuild = rebuild  # type: ignore[method-assign]


def _make_known(model: type[BaseModel], names: Names) -> bool:
    """Put those of `names` that the fields of `model` use into its module. False: they use others, too."""
    known = vars(sys.modules[model.__module__])
    used = _names_in_fields(model)
    for name in used & names.keys():
        known.setdefault(name, names[name])
    return all(name in known or hasattr(builtins, name) for name in used)


def _names_in_fields(model: type[BaseModel]) -> set[str]:
    """The names in the annotations of a model's fields, inherited ones included."""
    fields = [item for base in model.__mro__ for item in inspect.get_annotations(base).items()]
    written = [how for field, how in fields if field in model.model_fields and isinstance(how, str)]
    return {name for each in written for name in _NAME.findall(_QUOTED.sub("", each))}
