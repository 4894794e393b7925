"""What the parts of the engine have in common: they are started, told of notifications and stopped together."""

from storage.notifications import Topic

STOP_SECONDS = 10.0


class Component:
    """A part of the engine. The engine starts its parts in their order. A part overrides only what it needs."""

    @property
    def drain_seconds(self) -> float:
        """How long a stop waits for this part."""
        return STOP_SECONDS

    @property
    def is_idle(self) -> bool:
        """Whether nothing is under way here."""
        return True

    async def open(self) -> None:
        """Prepare for requests. Raises `UnusableStoreError`."""

    async def start(self) -> None:
        """Begin to work."""

    def on_notification(self, topic: Topic) -> None:
        """The store has notified its workers. Only `ORPHANS` also reaches the process that it comes from."""

    async def drain(self) -> None:
        """Begin nothing more, and wait until leaving costs nothing."""

    async def aclose(self) -> None:
        """Cancel what is left, and wait until it is gone."""
