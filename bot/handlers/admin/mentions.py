"""People in the sums and lists of the bot's admins."""

from html import escape

from aiogram.utils.i18n import gettext as _

from bot.handlers.admin.names import NAME_LENGTH, person, plain
from storage.access_records import SeenPerson
from storage.records import ERASED_USER_ID


def mention(user_id: int, name: str | None) -> str:
    """A person's name with a link to them, as HTML; a negative id is a chat's, for requests in its name."""
    if user_id == ERASED_USER_ID:
        return _("Erased people")
    if user_id < 0:
        return escape(plain(name, user_id, NAME_LENGTH), quote=False)
    return person(SeenPerson(user_id, name))
