"""Migrating the database with Alembic, which is loaded only for that: it takes 0.2 s and 15 MB."""

from pathlib import Path

from sqlalchemy import Connection, text

MIGRATIONS = Path(__file__).parent / "migrations"
REVISION = text("SELECT version_num FROM alembic_version")
"""The revision at which the database is. A new database has no such table."""


class NewerDatabaseError(Exception):
    """The database is at a revision that this version does not know."""


def newest_revision() -> str:
    """The revision to migrate to. The files of the migrations begin with theirs, in their order."""
    return max(file.name.partition("_")[0] for file in (MIGRATIONS / "versions").glob("[0-9]*.py"))


def upgrade(connection: Connection, revision: str = "head") -> None:
    """Migrate the tables to this revision. Raises `NewerDatabaseError`."""
    from alembic import command  # noqa: PLC0415
    from alembic.config import Config  # noqa: PLC0415
    from alembic.util import CommandError  # noqa: PLC0415

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.attributes["connection"] = connection
    try:
        command.upgrade(config, revision)
    except CommandError as error:
        raise NewerDatabaseError(str(error)) from error
