"""Search in a person's prompts: a scan of an index that holds them.

It is quicker than full-text search, and it finds two Chinese characters.
"""

from collections.abc import Callable, Sequence
from typing import Any

from sqlalchemy import ColumnElement, CompoundSelect, Select, func, select, text, union_all

from storage.schema import jobs, pictures, tasks
from storage.tables_jobs import HAS_LONG_PROMPT, HAS_SHORT_PROMPT

ESCAPE = "\\"
"""Before a character that LIKE would take for a placeholder. It is PostgreSQL's own: another one costs a call a row."""

JobIds = Select[Any] | CompoundSelect[Any]
Search = Callable[[ColumnElement[int], Sequence[ColumnElement[str]]], JobIds]
"""The ids of a person's jobs with all these words in the prompt; placeholders in the words are escaped."""


def on_sqlite(person: ColumnElement[int], words: Sequence[ColumnElement[str]]) -> JobIds:
    """The search on SQLite, whose LIKE ignores the case of ASCII letters."""
    found = (jobs.c.prompt.contains(word, escape=ESCAPE) for word in words)
    return select(jobs.c.id).where(jobs.c.user_id == person, *found)


def on_postgres(person: ColumnElement[int], words: Sequence[ColumnElement[str]]) -> JobIds:
    """The search on PostgreSQL; the case of all letters is ignored."""
    # The index holds the prompts in lower case: ILIKE would lower them, which takes two thirds of the time.
    found = [func.lower(jobs.c.prompt).like(_pattern(word)) for word in words]
    own = select(jobs.c.id).where(jobs.c.user_id == person, *found)
    return union_all(own.where(text(HAS_SHORT_PROMPT)), own.where(text(HAS_LONG_PROMPT)))


def with_own_words(person: ColumnElement[int], words: Sequence[ColumnElement[str]]) -> Select[Any]:
    """The ids of a person's pictures that have words of their own, as their jobs have choices, with all these words.

    Few have some, so that their rows are read."""
    found = [func.lower(tasks.c.prompt).like(_pattern(word), escape=ESCAPE) for word in words]
    made = select(pictures.c.id).join(tasks, tasks.c.id == pictures.c.task_id)
    return made.where(tasks.c.user_id == person, tasks.c.prompt.is_not(None), *found)


def _pattern(word: ColumnElement[str]) -> ColumnElement[str]:
    # As a query of its own it is executed once, and not for each row.
    return select(func.lower("%" + word + "%")).scalar_subquery()


def escaped(word: str) -> str:
    """A word without placeholders."""
    for character in (ESCAPE, "%", "_"):
        word = word.replace(character, ESCAPE + character)
    return word
