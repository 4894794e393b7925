"""Statements of SQLAlchemy as text and parameters for the drivers of both databases."""

import json
import re
from typing import Any

import pytest
from sqlalchemy import JSON, BigInteger, Column, Dialect, MetaData, String, Table, bindparam, func, select, text, update
from sqlalchemy.dialects.postgresql.asyncpg import dialect as postgres_dialect
from sqlalchemy.dialects.sqlite import dialect as sqlite_dialect

from storage.statements import Compiled, Statements, upsert
from storage.store_errors import UnexpectedRowsError

DIALECTS: dict[str, Dialect] = {
    "sqlite": sqlite_dialect(),
    "postgres": postgres_dialect(),  # type: ignore[no-untyped-call]
}
foxes = Table(
    "foxes",
    MetaData(),
    Column("id", BigInteger, primary_key=True),
    Column("name", String(8)),
    Column("options", JSON(none_as_null=True)),
)


@pytest.fixture(params=DIALECTS)
def dialect(request: pytest.FixtureRequest) -> Dialect:
    return DIALECTS[request.param]


def bound(compiled: Compiled, **given: Any) -> list[Any]:
    """The values as they stand in the text, from left to right: PostgreSQL's places have numbers, SQLite's have not."""
    values = compiled.values(given)
    places = re.findall(r"\?|\$(\d+)", compiled.sql)
    assert len(places) == len(values)
    return [values[int(number) - 1] for number in places] if all(places) else values


def test_parameters_come_in_the_order_of_the_text(dialect: Dialect) -> None:
    rename = update(foxes).where(foxes.c.id == bindparam("which")).values(name=bindparam("to"))
    compiled = Compiled(rename, dialect)
    assert compiled.sql.index("name") < compiled.sql.index("id")
    assert bound(compiled, which=7, to="Ann") == ["Ann", 7]
    assert bound(compiled, to="Bob", which=8, more=9) == ["Bob", 8]


def test_a_value_within_the_statement_is_a_parameter(dialect: Dialect) -> None:
    compiled = Compiled(select(foxes).where(foxes.c.name == "it's", foxes.c.id == bindparam("id")), dialect)
    assert "it's" not in compiled.sql
    assert bound(compiled, id=7) == ["it's", 7]


def test_a_parameter_may_stand_for_nothing(dialect: Dialect) -> None:
    compiled = Compiled(update(foxes).values(name=bindparam("name")), dialect)
    assert compiled.values({"name": None}) == [None]


@pytest.mark.parametrize(
    "statement",
    [
        update(foxes).values(name=bindparam("name")),
        upsert(foxes, "name"),
        text("UPDATE foxes SET name = :name"),
        select(foxes).where(foxes.c.name == bindparam("name")),
    ],
    ids=["update", "upsert", "text", "select"],
)
def test_a_missing_parameter_is_an_error(dialect: Dialect, statement: Any) -> None:
    with pytest.raises(KeyError, match="name"):
        Compiled(statement, dialect).values({})


@pytest.mark.parametrize("ids", [[3], [3, 1, 2], list(range(1000))], ids=len)
def test_each_value_of_a_list_has_a_place(dialect: Dialect, ids: list[int]) -> None:
    compiled = Compiled(select(foxes.c.id).where(foxes.c.id.in_(ids), foxes.c.name == "Ann"), dialect)
    assert bound(compiled) == [*ids, "Ann"]


def test_an_empty_list_finds_nothing(dialect: Dialect) -> None:
    compiled = Compiled(select(foxes.c.id).where(foxes.c.id.in_([])), dialect)
    assert bound(compiled) == []
    assert "1!=1" in compiled.sql.replace(" ", "")


def test_json_becomes_text_and_is_read_again(dialect: Dialect) -> None:
    options = {"n": 2, "words": ["ö", None]}
    (written,) = Compiled(update(foxes).values(options=bindparam("options")), dialect).values({"options": options})
    assert json.loads(written) == options
    found = Compiled(select(foxes), dialect).result([(1, "Ann", written), (2, "Bob", None)])
    assert found.mappings() == [
        {"id": 1, "name": "Ann", "options": options},
        {"id": 2, "name": "Bob", "options": None},
    ]


def test_json_of_a_statement_that_changes_is_read_too(dialect: Dialect) -> None:
    compiled = Compiled(update(foxes).values(name="Ann").returning(foxes.c.options), dialect)
    assert compiled.result([('{"n": 2}',)]).scalar_one() == {"n": 2}


def test_absent_json_is_null(dialect: Dialect) -> None:
    assert Compiled(update(foxes).values(options=bindparam("options")), dialect).values({"options": None}) == [None]


def test_an_upsert_is_the_same_text_on_both_databases() -> None:
    new = upsert(foxes, "id", "name", options={"n": 1})
    change = {"name": new.excluded.name, "options": bindparam("later")}
    new = new.on_conflict_do_update(index_elements=[foxes.c.id], set_=change, where=foxes.c.name != new.excluded.name)
    sqlite, postgres = (Compiled(new, dialect) for dialect in DIALECTS.values())
    assert re.sub(r"\$\d+::[A-Z]+", "?", postgres.sql) == sqlite.sql
    assert "ON CONFLICT (id) DO UPDATE SET" in sqlite.sql
    for compiled in (sqlite, postgres):
        assert bound(compiled, id=7, name="Ann", later={"n": 2}) == [7, "Ann", '{"n": 1}', '{"n": 2}']


def test_rows_have_the_names_of_the_columns(dialect: Dialect) -> None:
    compiled = Compiled(select(foxes.c.id, func.count().label("count"), func.max(foxes.c.id)), dialect)
    assert compiled.returns_rows
    row = compiled.result([(7, 2, 9)]).one()
    assert (row.id, row.count, row[2]) == (7, 2, 9)


def test_rows_of_a_text_have_no_names(dialect: Dialect) -> None:
    compiled = Compiled(text("SELECT id, name FROM foxes"), dialect)
    assert compiled.returns_rows
    assert tuple(compiled.result([(7, "Ann")]).one()) == (7, "Ann")


def test_a_change_returns_no_rows(dialect: Dialect) -> None:
    assert not Compiled(update(foxes).values(name="Ann"), dialect).returns_rows
    assert Compiled(update(foxes).values(name="Ann").returning(foxes.c.id), dialect).returns_rows


def test_the_forms_of_a_result(dialect: Dialect) -> None:
    compiled = Compiled(select(foxes.c.id, foxes.c.name), dialect)
    none, one, two = compiled.result([]), compiled.result([(1, "a")]), compiled.result([(1, "a"), (2, "b")])
    assert (none.first(), none.scalar(), none.scalar_one_or_none(), none.all()) == (None, None, None, [])
    assert (one.one(), one.scalar_one(), one.scalar_one_or_none()) == ((1, "a"), 1, 1)
    assert (two.scalars(), [row.name for row in two], two.first()) == ([1, 2], ["a", "b"], (1, "a"))
    for take in (none.one, none.scalar_one, two.one, two.scalar_one, two.scalar_one_or_none):
        with pytest.raises(UnexpectedRowsError):
            take()


def test_a_statement_is_compiled_once(dialect: Dialect) -> None:
    statements, query = Statements(dialect), select(foxes)
    assert statements.compiled(query) is statements.compiled(query)
    assert statements.compilations == 1
    statements.compiled(select(foxes))
    assert statements.compilations == 2
