"""Migrating the database. Alembic is loaded only where there is something to migrate: it takes 0.3 s and 15 MB."""

from pathlib import Path

from sqlalchemy import Connection, inspect

MIGRATIONS = Path(__file__).parent / "migrations"
VERSION_TABLE = "alembic_version"


class NewerDatabaseError(Exception):
    """The database is at a revision that this version does not know."""


def head() -> str:
    """The newest revision: the files of the migrations begin with theirs, and each follows the one before."""
    return max(file.name.partition("_")[0] for file in (MIGRATIONS / "versions").glob("[0-9]*.py"))


def upgrade(connection: Connection, revision: str | None = None) -> None:
    """Migrate the tables to this revision, by default to the newest. Raises `NewerDatabaseError`."""
    revision = revision or head()
    if _revision(connection) != revision:
        _migrate(connection, revision)


def _revision(connection: Connection) -> str | None:
    """The stored revision; None in an empty database."""
    if not inspect(connection).has_table(VERSION_TABLE):
        return None
    found = connection.exec_driver_sql(f"SELECT version_num FROM {VERSION_TABLE}").scalar()  # noqa: S608 - a constant
    return None if found is None else str(found)


def _migrate(connection: Connection, revision: str) -> None:
    # Imported here, so that a database at the newest revision needs none of it.
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
