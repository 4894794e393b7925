"""The marks on databases that no bot may start on: one that was moved, and one whose copy is not complete.

A mark stands in the place of the revision, so that a bot of any version refuses the database: earlier ones do not know
such a revision. The table `copy_state` says the rest. It is outside of the schema, and exists only while it is needed.
"""

from typing import Final

from sqlalchemy import text

from storage.connection import Connection
from storage.migrate import REVISION

COPYING: Final = "copying"
"""The copy into this database is not complete."""
MOVED: Final = "moved"
"""All of this database was copied to another one, with which the bot goes on."""
STATE: Final = "copy_state"
"""The table with what a copy must remember: names and values, both texts."""
OTHER: Final = "other"
"""The name in it of the other database, for people."""
_OTHER = text(f"SELECT value FROM {STATE} WHERE name = '{OTHER}'")  # noqa: S608 - nothing of it comes from outside
UNDO = "imagine-bot copy --undo"
SENTENCES = {
    COPYING: "storage.url: the copy of {other} into this database is not complete: give `imagine-bot copy` the same "
    "two addresses again, or delete this one",
    MOVED: f"storage.url: this database was moved to {{other}}: set storage.url to that one. `{UNDO}` goes on with "
    "this one instead.",
}


async def refusal(connection: Connection) -> str | None:
    """Why no bot may start on this database, in one sentence; None: it may. Raises `StoreError`."""
    sentence = SENTENCES.get((await connection.execute(REVISION)).scalar())
    return sentence and sentence.format(other=(await connection.execute(_OTHER)).scalar())
