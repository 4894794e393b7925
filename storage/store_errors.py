"""What may go wrong with the store: faults that may pass, and what it can never take."""

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
"""What any operation of the store may raise: the disk is full, the server is gone. Nothing was changed, or all was.

It may pass, so a step may be repeated, unless it is `UnstorableValueError`.
"""

# Classes of SQLSTATE (PostgreSQL, appendix A): data, constraints, syntax and access, unsupported, beyond a limit.
NEVER = ("22", "23", "42", "0A", "54")
# Who may come in is said by the operator: a wrong password, an unknown role, an unknown database.
UNKNOWN = ("28", "3D", "3F")
# SQLite counts the words of a trigger among the constraints, and nothing of ours has one.
TRIGGER = "SQLITE_CONSTRAINT_TRIGGER"


class UnstorableValueError(SQLAlchemyError):
    """The store can never take this, or find it: trying again is no use. Nothing was changed."""


class StoreUnavailableError(SQLAlchemyError):
    """There is no connection to the database server at the moment."""


def may_pass(error: BaseException) -> bool:
    """Whether the same step may go well later."""
    if isinstance(error, UnstorableValueError | OverflowError | UnicodeError):
        return False
    if not isinstance(error, DBAPIError):
        # The statement, or its values, could not even be handed to the driver.
        return not isinstance(error, StatementError | ArgumentError | CompileError | NoResultFound)
    if state := _state(error):
        return not state.startswith(NEVER)
    if isinstance(error, IntegrityError):
        return getattr(error.orig, "sqlite_errorname", "") == TRIGGER
    return not isinstance(error, DataError | ProgrammingError)


def may_come_up(error: BaseException) -> bool:
    """Whether a database that can't be opened may be there later: its server starts, restarts, or is not reached yet.

    False: the address, the role or the password is wrong.
    """
    reason = error.__cause__ if isinstance(error, StoreUnavailableError) else error
    if state := _state(reason):
        return not state.startswith((*NEVER, *UNKNOWN))
    # A certificate is wrong, or the address could not be read.
    if isinstance(reason, ssl.SSLCertVerificationError | ValueError):
        return False
    return isinstance(error, StoreUnavailableError | OSError) or (isinstance(error, DBAPIError) and may_pass(error))


def briefly(error: BaseException) -> str:
    """An error in one line for the log. Those about values are only named: their words may have people's in them."""
    reason = error.orig if isinstance(error, DBAPIError) and error.orig else error
    if not may_pass(error) and not isinstance(error, UnstorableValueError):
        return f"{type(reason.__cause__ or reason).__name__} {_state(reason)}".rstrip()
    return " ".join(str(reason).split())[:200] or type(reason).__name__


def _state(error: BaseException | None) -> str:
    """The SQLSTATE of an error, where the server said one."""
    reason = error.orig if isinstance(error, DBAPIError) else error
    return getattr(reason, "sqlstate", None) or ""
