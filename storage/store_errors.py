"""The errors of the store, and whether a step that failed with one may be repeated."""

import ssl

from sqlalchemy.exc import (
    ArgumentError,
    CompileError,
    DataError,
    DBAPIError,
    IntegrityError,
    NoResultFound,
    ProgrammingError,
    SQLAlchemyError,
    StatementError,
)

StoreError = SQLAlchemyError
"""Any operation of the store may raise it: the disk is full, the server is gone. Nothing was changed, or all was.

It may be temporary, so a step may be repeated, unless it is `UnstorableValueError`.
"""

# Classes of SQLSTATE (PostgreSQL, appendix A): data, constraints, syntax and access, unsupported, beyond a limit.
PERMANENT_CLASSES = ("22", "23", "42", "0A", "54")
# Settings that only the operator can correct: a wrong password, an unknown role, an unknown database.
ACCESS_CLASSES = ("28", "3D", "3F")
# SQLite reports RAISE in a trigger as a constraint; the schema has no triggers, so it says nothing about the value.
TRIGGER_ERROR = "SQLITE_CONSTRAINT_TRIGGER"


class UnstorableValueError(SQLAlchemyError):
    """The database can never store or find this value: a retry is useless. Nothing was changed."""


class StoreUnavailableError(SQLAlchemyError):
    """There is no connection to the database server at the moment."""


def is_temporary(error: BaseException) -> bool:
    """Whether the same step may succeed later."""
    if isinstance(error, UnstorableValueError | OverflowError | UnicodeError):
        return False
    if not isinstance(error, DBAPIError):
        # The statement, or its values, could not be passed to the driver.
        return not isinstance(error, StatementError | ArgumentError | CompileError | NoResultFound)
    if state := _state(error):
        return not state.startswith(PERMANENT_CLASSES)
    if isinstance(error, IntegrityError):
        return getattr(error.orig, "sqlite_errorname", "") == TRIGGER_ERROR
    return not isinstance(error, DataError | ProgrammingError)


def may_become_available(error: BaseException) -> bool:
    """Whether a database that can't be opened may be available later: its server starts, or is not reachable yet.

    False: the address, the role or the password is wrong.
    """
    reason = error.__cause__ if isinstance(error, StoreUnavailableError) else error
    if state := _state(reason):
        return not state.startswith((*PERMANENT_CLASSES, *ACCESS_CLASSES))
    # A certificate is wrong, or the address could not be read.
    if isinstance(reason, ssl.SSLCertVerificationError | ValueError):
        return False
    return isinstance(error, StoreUnavailableError | OSError) or (isinstance(error, DBAPIError) and is_temporary(error))


def describe_error(error: BaseException) -> str:
    """An error in one line for the log. Errors about values are only named: their text may contain people's prompts."""
    reason = error.orig if isinstance(error, DBAPIError) and error.orig else error
    if not is_temporary(error) and not isinstance(error, UnstorableValueError):
        return f"{type(reason.__cause__ or reason).__name__} {_state(reason)}".rstrip()
    return " ".join(str(reason).split())[:200] or type(reason).__name__


def _state(error: BaseException | None) -> str:
    """The SQLSTATE of an error, or ""."""
    reason = error.orig if isinstance(error, DBAPIError) else error
    return getattr(reason, "sqlstate", None) or ""
