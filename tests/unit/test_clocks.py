"""Clocks that differ between machines: the shared clock of all processes, and signatures with another clock."""

import pytest

from bot.web.signing import Signer
from storage.clock import SharedClock
from tests.support.clock import Clock

HOUR = 3600.0


class Machine:
    """A machine whose own clock is wrong by two hours; `now`: its monotonic seconds."""

    def __init__(self) -> None:
        self.now = 5.0
        self.clock = SharedClock(lambda: self.now, lambda: 1_000_000.0 + 2 * HOUR + self.now)

    def asks(self, said: float, took: float) -> None:
        """Ask the server for its time; the answer takes `took` seconds."""
        asked = self.now
        self.now += took
        self.clock.synchronize(said, asked)


def test_it_is_the_servers_as_soon_as_that_was_seen() -> None:
    machine = Machine()
    assert machine.clock() == 1_000_005.0 + 2 * HOUR
    machine.asks(said=1_000_005.5, took=1.0)
    assert machine.clock() == 1_000_006.0
    machine.now += 10
    assert machine.clock() == 1_000_016.0


def test_a_slow_answer_does_not_set_it() -> None:
    machine = Machine()
    machine.asks(said=1_000_005.0, took=0.0)
    machine.asks(said=1_000_014.0, took=10.0)
    assert machine.clock() == 1_000_015.0


def test_it_follows_when_it_is_certainly_wrong() -> None:
    machine = Machine()
    machine.asks(said=1_000_005.0, took=0.0)
    # The machine was suspended meanwhile, or the server's clock was set.
    machine.asks(said=1_000_400.0, took=1.0)
    assert 1_000_400.0 <= machine.clock() <= 1_000_401.0
    machine.asks(said=1_000_100.0, took=0.0)
    assert machine.clock() == 1_000_100.0


@pytest.mark.parametrize("ahead", [0.0, 1.2, 59 * 60.0, -1.2, -59 * 60.0])
def test_a_signature_of_a_clock_that_differs_is_taken(ahead: float) -> None:
    own, other = Clock(), Clock()
    other.now += ahead
    key = Signer("references", "secret", other).sign(7)
    assert Signer("references", "secret", own).read(key, HOUR) == 7


def test_a_signature_does_not_live_for_ever() -> None:
    clock = Clock()
    signer = Signer("references", "secret", clock)
    key = signer.sign(7)
    clock.now += HOUR + 1
    assert signer.read(key, HOUR) is None
    clock.now -= 2 * HOUR + 2
    assert signer.read(key, HOUR) is None


@pytest.mark.parametrize("key", ["", "7", "a.b.c", "7.aaaaaa.signature"])
def test_what_was_not_signed_is_nothing(key: str) -> None:
    assert Signer("references", "secret", Clock()).read(key, HOUR) is None


def test_a_signature_is_for_one_purpose_and_secret() -> None:
    key = Signer("callbacks", "secret", Clock()).sign(7)
    assert Signer("references", "secret", Clock()).read(key, HOUR) is None
    assert Signer("callbacks", "another", Clock()).read(key, HOUR) is None
