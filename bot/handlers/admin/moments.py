"""Times and durations on the pages of `/admin`."""

from aiogram.utils.i18n import gettext as _

from bot.local_time import local, written
from bot.telegram.formatting import duration

HOUR, DAY = 3600.0, 24 * 3600.0


def moment(at: float, now: float) -> str:
    """A time, in seconds since 1970: "14:02 UTC", with the date where it is another day."""
    is_today = local(at).date() == local(now).date()
    return written(at, "%H:%M" if is_today else "%Y-%m-%d %H:%M")


def lasting(seconds: float) -> str:
    """A rough duration, which may be days: "3 h", "2 d"."""
    if seconds < 2 * HOUR:
        return duration(max(0.0, seconds))
    if seconds < 2 * DAY:
        return _("{hours} h").format(hours=round(seconds / HOUR))
    return _("{days} d").format(days=round(seconds / DAY))
