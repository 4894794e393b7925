"""The errors of the store, and whether a step that failed with one may be repeated."""

import sqlite3
import ssl


class StoreError(Exception):
    """Any operation of the store may raise it: the disk is full, the server is gone. Nothing was changed, or all was.

    It may be temporary, so a step may be repeated, unless it is `UnstorableValueError`. Its cause is the driver's.
    """


class UnstorableValueError(StoreError):
    """The database can never store or find this value: a retry is useless. Nothing was changed."""


class UnexpectedRowsError(UnstorableValueError):
    """There are more rows, or fewer, than there can be."""


class StoreUnavailableError(StoreError):
    """There is no connection to the database server at the moment."""


# Classes of SQLSTATE (PostgreSQL, appendix A): data, constraints, syntax and access, unsupported, beyond a limit.
PERMANENT_CLASSES = ("22", "23", "42", "0A", "54")
# Settings that only the operator can correct: a wrong password, an unknown role, an unknown database.
ACCESS_CLASSES = ("28", "3D", "3F")
# SQLite reports RAISE in a trigger as a constraint; the schema has no triggers, so it says nothing about the value.
TRIGGER_ERROR = "SQLITE_CONSTRAINT_TRIGGER"
# The value can't be passed to the driver: a number beyond 64 bits, a lone surrogate, a wrong type.
VALUE_ERRORS = (OverflowError, ValueError, TypeError)


def store_error(error: BaseException) -> StoreError:
    """The store's error for one of a driver."""
    if isinstance(error, StoreError):
        return error
    text = describe_error(error)
    return StoreError(text) if is_temporary(error) else UnstorableValueError(text)


def is_temporary(error: BaseException) -> bool:
    """Whether the same step may succeed later."""
    if isinstance(error, StoreError):
        return not isinstance(error, UnstorableValueError)
    if state := _state(error):
        return not state.startswith(PERMANENT_CLASSES)
    if isinstance(error, sqlite3.IntegrityError):
        return error.sqlite_errorname == TRIGGER_ERROR
    # `sqlite3.DataError`: a text or a BLOB is too large. asyncpg's own errors about values are `ValueError`.
    return not isinstance(error, (*VALUE_ERRORS, sqlite3.DataError, sqlite3.ProgrammingError, sqlite3.InterfaceError))


def may_become_available(error: BaseException) -> bool:
    """Whether a database that can't be opened may be available later: its server starts, or is not reachable yet.

    False: the address, the role or the password is wrong.
    """
    reason = error.__cause__ if isinstance(error, StoreError) and error.__cause__ else error
    if state := _state(reason):
        return not state.startswith((*PERMANENT_CLASSES, *ACCESS_CLASSES))
    # A certificate is wrong, or the address could not be read.
    if isinstance(reason, ssl.SSLCertVerificationError | ValueError):
        return False
    return isinstance(error, StoreError | OSError) and is_temporary(reason)


def describe_error(error: BaseException) -> str:
    """An error in one line for the log. Errors about values are only named: their text may contain people's prompts."""
    reason = error.__cause__ if isinstance(error, StoreError) and error.__cause__ else error
    if not is_temporary(reason) and not isinstance(reason, StoreError):
        return f"{type(reason.__cause__ or reason).__name__} {_state(reason)}".rstrip()
    return " ".join(str(error).split())[:200] or type(error).__name__


def _state(error: BaseException | None) -> str:
    """The SQLSTATE of an error, or ""."""
    return getattr(error, "sqlstate", None) or ""
