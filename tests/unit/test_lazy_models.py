"""aiogram's models, built when they are first used."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel

from bot.telegram.lazy_models import build, load
from tests.support.aiogram_models import CALLS, UPDATES

ROOT = Path(__file__).parents[2]
USER = """
from __future__ import annotations
from typing import TYPE_CHECKING
from pydantic import BaseModel
if TYPE_CHECKING:
    from .chat import Chat

class User(BaseModel, defer_build=True):
    chats: list[Chat] | None = None
    kind: Literal["a cat", 'Dog'] = "a cat"
"""
CHAT = """
from __future__ import annotations
from pydantic import BaseModel

class Chat(BaseModel, defer_build=True):
    owner: User | None = None
"""
TYPES = """
from typing import Literal
from .chat import Chat
from .user import User

for model in (Chat, User):
    model.model_rebuild(_types_namespace={"Chat": Chat, "Literal": Literal, "User": User})
"""
# A name that only Pydantic knows.
INNER = """
    class Size(BaseModel):
        width: int

    size: Size | None = None
"""
OTHERS = """
from pydantic import BaseModel

class Own(BaseModel):
    part: "Part"

class Part(BaseModel):
    size: int

Own.model_rebuild(_types_namespace={"Part": Part})
"""


def make_package(folder: Path, name: str, *, user: str = USER, before: str = "") -> None:
    """A package that builds its models as aiogram does."""
    types = folder / name / "types"
    types.mkdir(parents=True)
    texts = {"user": user, "chat": CHAT, "__init__": TYPES}
    for module, text in texts.items():
        (types / f"{module}.py").write_text(text)
    (folder / name / "__init__.py").write_text(f"{before}\nfrom . import types")


def described_by(how: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "tests.support.aiogram_models", how]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT)


def test_built_late_the_models_are_those_that_aiogram_builds() -> None:
    with described_by("lazy") as one, described_by("eager") as other:
        lazy, eager = (json.loads(each.communicate(timeout=120)[0]) for each in (one, other))
    # Else this compares nothing.
    assert {"Message", "Update", "SendMessage"} <= set(eager["built"]) - set(lazy["built"])
    assert (len(lazy["updates"]), len(lazy["calls"])) == (len(UPDATES), len(CALLS))
    # Those that are wrong: the last two updates, and the last call.
    assert sum(isinstance(each, str) for each in (*lazy["updates"], *lazy["calls"])) == 3
    for part in ("updates", "calls", "resent", "fields"):
        assert lazy[part] == eager[part]
    assert {each[0] for each in lazy["fields"].values()} == {"built: True"}


@pytest.fixture
def packages(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder from which packages are imported."""
    monkeypatch.syspath_prepend(tmp_path)
    return tmp_path


def loaded(package: str) -> dict[str, type[BaseModel]]:
    load(package)
    types: Any = sys.modules[f"{package}.types"]
    return {"user": types.User, "chat": types.Chat}


async def test_a_model_is_built_when_it_is_first_used(packages: Path) -> None:
    make_package(packages, "late_models")
    models = loaded("late_models")
    assert not any(model.__pydantic_complete__ for model in models.values())
    given = {"chats": [{"owner": {"kind": "Dog"}}]}
    assert models["user"].model_validate(given).model_dump(exclude_unset=True) == given
    assert models["user"].__pydantic_complete__
    assert not models["chat"].__pydantic_complete__
    await build(models.values())
    assert models["chat"].__pydantic_complete__


def test_all_are_built_at_once_where_a_name_is_not_given(packages: Path) -> None:
    make_package(packages, "odd_models", user=USER + INNER)
    assert all(model.__pydantic_complete__ for model in loaded("odd_models").values())


def test_models_of_others_are_built_meanwhile(packages: Path) -> None:
    make_package(packages, "beside_models", before=OTHERS)
    loaded("beside_models")
    package: Any = sys.modules["beside_models"]
    assert package.Own.__pydantic_complete__
