"""The statements that erase a person's questions to the assistant: what they cost stays, without the person, and for a
day the times at which they were asked, so that erasing does not reset the daily limit."""

from collections.abc import Sequence

from sqlalchemy import Executable, and_, bindparam, case, delete, update

from storage.records import ERASED_USER_ID
from storage.schema import suggestions
from storage.suggestions import NO_WORDS, SuggestionState

ERASED = "erased"
"""The kind of a question whose person was erased."""
_OF_PERSON = suggestions.c.user_id == bindparam("person")
IS_ASKING = and_(_OF_PERSON, suggestions.c.state == SuggestionState.ASKING)
ERASE_SUGGESTIONS: Sequence[Executable] = (
    delete(suggestions).where(_OF_PERSON, suggestions.c.asked_at.is_(None)),
    update(suggestions)
    .where(_OF_PERSON)
    .values(
        kind=ERASED,
        state=SuggestionState.CLOSED,
        user_id=case((suggestions.c.asked_at > bindparam("since"), suggestions.c.user_id), else_=ERASED_USER_ID),
        idempotency_key=None,
        chat_id=0,
        question_id=None,
        answered_id=None,
        seconds=None,
        **NO_WORDS,
    ),
)
FORGET_ERASED_PEOPLE = (
    update(suggestions)
    .where(suggestions.c.kind == ERASED, suggestions.c.asked_at <= bindparam("before"))
    .values(user_id=ERASED_USER_ID)
)
