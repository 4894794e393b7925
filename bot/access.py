"""Who may use the bot, who are its admins, and each person's limits: the configuration, and stored changes on top."""

from bot.settings import AccessSettings, LimitsSettings
from storage.quota import UNLIMITED, Quota
from storage.store import Store


class Access:
    """Answers who may do what. Its answers come from one snapshot per process, see `refresh`."""

    def __init__(self, settings: AccessSettings, limits: LimitsSettings, store: Store) -> None:
        self._settings = settings
        self._store = store
        self._limited = Quota(limits.waiting or None, limits.daily or None)

    async def refresh(self) -> None:
        """Read the stored changes again, if there may be new ones. Every update calls it before it is decided on."""

    def is_admin(self, user_id: int | None) -> bool:
        """Whether a person is an admin of the bot."""
        return user_id in self._settings.admins

    def admins(self) -> frozenset[int]:
        """The ids of all admins of the bot: those who are told when something needs them."""
        return self._settings.admins

    def quota(self, user_id: int) -> Quota:
        """The limits of one person; admins have none."""
        return UNLIMITED if self.is_admin(user_id) else self._limited
