"""Times by a person's clock."""

from datetime import UTC, datetime

import pytest

from bot import money
from bot.jobs.over_budget import no_room
from bot.jobs.ports import error_message
from bot.local_time import PLACES, in_zone, known_zones, month_of, written, zone_name
from bot.telegram.formatting import error_text
from bot.telegram.i18n import Languages
from storage.money import Budget, Owner, Period, Standing
from storage.records import Cost

NEW_YEAR = datetime(2026, 12, 31, 23, 30, tzinfo=UTC).timestamp()
SUMMER = datetime(2026, 7, 1, 12, 0, tzinfo=UTC).timestamp()


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        (None, "2026-12-31 23:30 UTC"),
        ("Europe/Berlin", "2027-01-01 00:30"),
        ("Asia/Shanghai", "2027-01-01 07:30"),
        ("America/New_York", "2026-12-31 18:30"),
        ("Nowhere/Atlantis", "2026-12-31 23:30 UTC"),
        ("../../etc/passwd", "2026-12-31 23:30 UTC"),
    ],
)
def test_a_time_by_a_clock(name: str | None, shown: str) -> None:
    with in_zone(name):
        assert written(NEW_YEAR) == shown
    assert zone_name() == "UTC"


def test_a_clock_goes_by_its_summer_time() -> None:
    with in_zone("Europe/Berlin"):
        assert written(SUMMER) == "2026-07-01 14:00"
        assert written(month_of(SUMMER)) == "2026-07-01 00:00"
        assert written(month_of(NEW_YEAR)) == "2027-01-01 00:00"


def test_all_zones_are_known_and_go_round_the_world() -> None:
    zones = known_zones(NEW_YEAR)
    assert {name for name, _there in zones} == set(PLACES)
    offsets = [there.utcoffset() for _name, there in zones]
    assert offsets == sorted(offset for offset in offsets if offset is not None)


def test_a_budget_begins_again_by_the_readers_clock() -> None:
    standing = Standing(Owner.PERSON, Budget(20_000, "CNY", Period.DAY), 0, NEW_YEAR + 1800)
    kept = error_message(no_room(standing, Cost(2_000, "CNY")))
    with Languages().speaking("en"):
        assert "from 2027-01-01 00:00 UTC." in error_text(kept)
        with in_zone("Asia/Shanghai"):
            assert "from 2027-01-01 08:00." in error_text(kept)
    assert money.moment(NEW_YEAR) == "2026-12-31 23:30 UTC"
