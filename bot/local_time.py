"""Times in a person's time zone. The person has chosen it in their settings; else times are in UTC, and say so."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime, tzinfo
from functools import cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from providers.options import N_

PLACES = {
    "Pacific/Honolulu": N_("Honolulu"),
    "America/Anchorage": N_("Anchorage"),
    "America/Los_Angeles": N_("Los Angeles"),
    "America/Phoenix": N_("Phoenix"),
    "America/Denver": N_("Denver"),
    "America/Mexico_City": N_("Mexico City"),
    "America/Chicago": N_("Chicago"),
    "America/Bogota": N_("Bogotá"),
    "America/New_York": N_("New York"),
    "America/Halifax": N_("Halifax"),
    "America/St_Johns": N_("St. John's"),
    "America/Sao_Paulo": N_("São Paulo"),
    "Atlantic/Azores": N_("Azores"),
    "Europe/London": N_("London"),
    "Africa/Lagos": N_("Lagos"),
    "Europe/Berlin": N_("Berlin"),
    "Africa/Johannesburg": N_("Johannesburg"),
    "Africa/Cairo": N_("Cairo"),
    "Europe/Helsinki": N_("Helsinki"),
    "Europe/Istanbul": N_("Istanbul"),
    "Europe/Moscow": N_("Moscow"),
    "Asia/Tehran": N_("Tehran"),
    "Asia/Dubai": N_("Dubai"),
    "Asia/Kabul": N_("Kabul"),
    "Asia/Karachi": N_("Karachi"),
    "Asia/Kolkata": N_("Delhi"),
    "Asia/Kathmandu": N_("Kathmandu"),
    "Asia/Dhaka": N_("Dhaka"),
    "Asia/Yangon": N_("Yangon"),
    "Asia/Bangkok": N_("Bangkok"),
    "Asia/Shanghai": N_("Beijing"),
    "Asia/Singapore": N_("Singapore"),
    "Asia/Tokyo": N_("Tokyo"),
    "Australia/Adelaide": N_("Adelaide"),
    "Australia/Sydney": N_("Sydney"),
    "Pacific/Auckland": N_("Auckland"),
}
"""A place for each time zone, as far as its clocks differ from the others' now or in half a year."""
_zone: ContextVar[str | None] = ContextVar("time_zone", default=None)


@contextmanager
def in_zone(name: str | None) -> Iterator[None]:
    """Times are those of this zone inside the block; None: in UTC."""
    token = _zone.set(name)
    try:
        yield
    finally:
        _zone.reset(token)


def local(moment: float) -> datetime:
    """A time (seconds since 1970) on the person's clock."""
    return datetime.fromtimestamp(moment, zone())


def zone() -> tzinfo:
    """The person's time zone."""
    name = _zone.get()
    return (_zone_info(name) if name else None) or UTC


def zone_name() -> str:
    """The name of the person's time zone: "UTC", "Europe/Berlin"."""
    return str(zone())


def written(moment: float, how: str = "%Y-%m-%d %H:%M") -> str:
    """A time (seconds since 1970) as text; in UTC it says so."""
    shown = local(moment)
    return f"{shown:{how}} UTC" if shown.tzinfo is UTC else f"{shown:{how}}"


def month_of(moment: float) -> float:
    """The beginning of the month of `moment`; both in seconds since 1970."""
    return local(moment).replace(day=1, hour=0, minute=0, second=0, microsecond=0, fold=0).timestamp()


def known_zones(now: float) -> list[tuple[str, datetime]]:
    """The zones to choose from, with the time there, by their clocks. Those that this machine does not know are left
    out."""
    found = [(name, datetime.fromtimestamp(now, info)) for name in PLACES if (info := _zone_info(name))]
    return sorted(found, key=lambda one: one[1].utcoffset() or one[1] - one[1])


@cache
def _zone_info(name: str) -> ZoneInfo | None:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        # The machine has no table of time zones, or an older one.
        return None
