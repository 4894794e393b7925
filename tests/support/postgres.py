"""Runs a PostgreSQL server for the tests on loopback, and makes a database for each test that needs one."""

import getpass
import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache, partial
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from bot.demo.ports import free_port

# Durability is not needed: the data may be lost with the machine. A worker of autovacuum would keep the rows of a
# moment before from being known as visible to all, and takes time.
QUICK = ("fsync=off", "synchronous_commit=off", "full_page_writes=off", "max_connections=200", "autovacuum=off")
OWNER, USER = "postgres", "imagine"
"""The owner of the server, and the bot's role, which owns only its databases."""
# A table that was made or changed later than the template's has a row of a later transaction.
TABLES = (
    "SELECT concat(count(*), ' ', max(xmin::text::bigint)) FROM pg_class WHERE relnamespace = 'public'::regnamespace"
)
EMPTY = """
DO $$
DECLARE name text;
BEGIN
  ASSERT ({tables}) = '{expected}', 'changed tables';
  ASSERT NOT EXISTS (
    SELECT FROM pg_stat_activity WHERE datname = current_database() AND backend_type = 'client backend'
    AND pid <> pg_backend_pid()
  ), 'in use';
  SET LOCAL session_replication_role = replica;
  SET LOCAL lock_timeout = '1s';
  FOR name IN SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename <> 'alembic_version' LOOP
    EXECUTE format('DELETE FROM %I', name);
  END LOOP;
  PERFORM setval(sequences.oid, 1, false) FROM pg_class AS sequences
  WHERE relkind = 'S' AND relnamespace = 'public'::regnamespace;
END $$
"""
"""Deletes all rows. It fails for a database with other tables than expected, and for one that is in use."""


@cache
def programs() -> Path | None:
    """The folder of the server's programs; None when PostgreSQL is not installed."""
    # Debian keeps them in a folder for each version, outside of PATH.
    versions = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[-3]))
    found = versions[-1] if versions else shutil.which("initdb")
    return Path(found).parent if found else None


class Server:
    """A running server. `database` makes a new database in it and gives its name; `control` runs `pg_ctl`."""

    def __init__(self, port: int, control: Callable[..., None]) -> None:
        self.port = port
        self._control = control
        self._numbers = count(1)
        self._given_back: list[str] = []
        self._described: dict[str, str] = {}

    def start(self) -> None:
        """Start it, and wait until it takes connections."""
        self._control("start", "-w")

    def crash(self) -> None:
        """Stop it at once, with all its sessions."""
        self._control("stop", "-m", "immediate")

    def url(self, name: str, user: str = USER) -> str:
        """The `storage.url` of a database."""
        return f"postgresql://{user}@127.0.0.1:{self.port}/{name}"

    def database(self, template: str = "template0") -> str:
        """A new database, a copy of `template`."""
        name = f"test_{next(self._numbers)}"
        self.run(f'CREATE DATABASE "{name}" TEMPLATE "{template}" OWNER {USER}')
        return name

    def blank(self, template: str) -> str:
        """A database with the tables of `template` and no rows. It is one that was given back where that is possible:
        to make one takes ten times as long."""
        while self._given_back:
            name = self._given_back.pop()
            if self._emptied(name, self._tables(template)):
                return name
        return self.database(template)

    def give_back(self, name: str) -> None:
        """Keep a database of `blank` for the next test."""
        self._given_back.append(name)

    def _emptied(self, name: str, tables: str) -> bool:
        try:
            self.run(EMPTY.format(tables=TABLES, expected=tables), name)
        except subprocess.CalledProcessError:
            return False
        return True

    def _tables(self, template: str) -> str:
        if template not in self._described:
            self._described[template] = self.run(TABLES, template)
        return self._described[template]

    def run(self, statement: str, database: str = "postgres") -> str:
        """Run a statement as the server's owner; returns what psql prints."""
        home = programs()
        assert home
        command = [str(home / "psql"), "-qAtX", "-v", "ON_ERROR_STOP=1", "-c", statement, self.url(database, OWNER)]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


@contextmanager
def running() -> Iterator[Server]:
    """A server; skips the test where PostgreSQL is not installed (in CI that is a failure)."""
    home = programs()
    if home is None:
        assert not os.environ.get("CI"), "PostgreSQL is not installed"
        pytest.skip("PostgreSQL is not installed")
    port = free_port()
    with tempfile.TemporaryDirectory(prefix="imagine-bot-postgres-") as folder:
        data = Path(folder) / "data"
        # The server refuses to run as root.
        whose: dict[str, Any] = {}
        if getpass.getuser() == "root":
            shutil.chown(folder, "postgres", "postgres")
            whose = {"user": "postgres", "group": "postgres", "extra_groups": []}

        def call(program: str, *arguments: str) -> None:
            command = [str(home / program), "-D", str(data), *arguments]
            subprocess.run(command, check=True, stdout=subprocess.DEVNULL, cwd=folder, **whose)

        call("initdb", "-U", OWNER, "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8", "--no-sync")
        options = " ".join(f"-c {option}" for option in (*QUICK, f"port={port}", f"unix_socket_directories={folder}"))
        server = Server(port, partial(call, "pg_ctl", "-l", str(Path(folder) / "log"), "-o", options))
        server.start()
        server.run(f"CREATE ROLE {USER} LOGIN")
        try:
            yield server
        finally:
            server.crash()
