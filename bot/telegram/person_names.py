"""People's names as the bot's admins read them."""

from html import escape

from aiogram.utils.i18n import gettext as _

from bot.telegram.formatting import cut
from providers.errors import one_line
from storage.records import ERASED_USER_ID

NAME_LENGTH = 40


def person(user_id: int, name: str | None) -> str:
    """A person's name with a link to them, as HTML; the id where the name is not known. A negative id is a chat's, for
    requests in its name."""
    if user_id == ERASED_USER_ID:
        return _("Erased people")
    shown = escape(cut(one_line(name).strip(), NAME_LENGTH) if name and name.strip() else str(user_id), quote=False)
    return f'<a href="tg://user?id={user_id}">{shown}</a>' if user_id > 0 else shown
