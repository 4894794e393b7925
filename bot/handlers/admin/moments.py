"""Times and durations on the pages of `/admin`. Telegram doesn't tell the admins' time zones, so times are in UTC."""

from datetime import UTC, datetime

from aiogram.utils.i18n import gettext as _

from bot.telegram.formatting import duration

HOUR, DAY = 3600.0, 24 * 3600.0


def moment(at: float, now: float) -> str:
    """A time, in seconds since 1970: "14:02 UTC", with the date where it is another day."""
    day, today = datetime.fromtimestamp(at, UTC), datetime.fromtimestamp(now, UTC)
    return f"{day:%H:%M} UTC" if day.date() == today.date() else f"{day:%Y-%m-%d %H:%M} UTC"


def lasting(seconds: float) -> str:
    """A rough duration, which may be days: "3 h", "2 d"."""
    if seconds < 2 * HOUR:
        return duration(max(0.0, seconds))
    if seconds < 2 * DAY:
        return _("{hours} h").format(hours=round(seconds / HOUR))
    return _("{days} d").format(days=round(seconds / DAY))
