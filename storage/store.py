"""`Store`: opens the database, and has one attribute for each group of operations."""

from storage.budgets import BudgetStore
from storage.chats import Chats
from storage.confirmations import Confirmations
from storage.database import Database
from storage.drafts import Drafts
from storage.duel_votes import DuelVotes
from storage.duels import Duels
from storage.edited_prompts import Edits
from storage.erasure import Erasure
from storage.exports import Exports
from storage.history import History
from storage.inline_offers import InlineOffers
from storage.invitations import Invitations
from storage.jobs import Jobs
from storage.likenesses import Likenesses
from storage.lost_tickets import LostTickets
from storage.members import Members
from storage.menus import Menus
from storage.new_jobs import DAY
from storage.own_queue import OwnQueues
from storage.people import People
from storage.pictures import Pictures
from storage.posted_pictures import Posted
from storage.provider_health import ProviderHealths
from storage.queue_counts import Counts
from storage.queue_overview import QueueOverview
from storage.references import References
from storage.results import Results
from storage.styles import Styles
from storage.suggestions import Suggestions
from storage.taking_back import TakingBack
from storage.tasks import Tasks
from storage.topics import Topics
from storage.updates import Updates
from storage.usage import Usage
from storage.users import Users
from storage.workers import Workers

DRAFT_LIFETIME_SECONDS = 24 * 3600
MENU_LIFETIME_SECONDS = 2 * 24 * 3600
POSTED_LIFETIME_SECONDS = 30 * 24 * 3600
STRANGER_LIFETIME_SECONDS = 30 * 24 * 3600
# Telegram itself drops an update after a day.
UPDATE_LIFETIME_SECONDS = 2 * 24 * 3600


class Store:
    """The operations on one database, by topic. Made by `open`; closed by `aclose`.

    `clock`: seconds since 1970, the same for all processes that share the database. Stored times are of this clock.
    """

    def __init__(self, database: Database) -> None:
        self.database = database
        self.clock = database.backend.clock
        self.jobs = Jobs(database)
        self.references = References(database)
        self.drafts = Drafts(database)
        self.edits = Edits(database)
        self.tasks = Tasks(database)
        self.lost_tickets = LostTickets(database)
        self.users = Users(database)
        self.people = People(database)
        self.members = Members(database)
        self.invitations = Invitations(database)
        self.styles = Styles(database)
        self.likenesses = Likenesses(database)
        self.taking_back = TakingBack(database)
        self.chats = Chats(database)
        self.topics = Topics(database)
        self.menus = Menus(database)
        self.pictures = Pictures(database)
        self.history = History(database)
        self.inline_offers = InlineOffers(database)
        self.results = Results(database)
        self.posted = Posted(database)
        self.provider_health = ProviderHealths(database)
        self.queue = QueueOverview(database)
        self.own_queues = OwnQueues(database)
        self.updates = Updates(database)
        self.usage = Usage(database)
        self.counts = Counts(database)
        self.exports = Exports(database)
        self.erasure = Erasure(database)
        self.budgets = BudgetStore(database)
        self.confirmations = Confirmations(database)
        self.duels = Duels(database)
        self.duel_votes = DuelVotes(database)
        self.suggestions = Suggestions(database)
        self.workers = Workers(database)

    @classmethod
    async def open(cls, url: str, *, wait: bool = False) -> "Store":
        """Open and migrate the database at `url` (`sqlite:///path` or `postgresql://user:password@host/name`).

        `wait`: retry for as long as the server is not available. Raises `UnusableStoreError`.
        """
        return cls(await Database.open(url, wait=wait))

    async def tidy(self, now: float, keep_days: int = 30) -> None:
        """Delete old rows: drafts, posted albums, updates, strangers' names, the request times of erased people,
        questions about prices, duels and photos, words of inline mode, ephemeral menus, what the assistant said, and
        sums that no budget asks for any more.

        After `keep_days` also the bytes of references, and of pictures that Telegram does not have.
        """
        await self.drafts.forget(now - DRAFT_LIFETIME_SECONDS)
        await self.posted.forget(now - POSTED_LIFETIME_SECONDS)
        await self.updates.forget(now - UPDATE_LIFETIME_SECONDS)
        await self.erasure.forget(now - DAY)
        await self.confirmations.forget(now - DRAFT_LIFETIME_SECONDS)
        await self.menus.forget(now - MENU_LIFETIME_SECONDS)
        await self.likenesses.forget(now - DRAFT_LIFETIME_SECONDS)
        await self.inline_offers.forget(now - DRAFT_LIFETIME_SECONDS)
        await self.duels.forget(now - DRAFT_LIFETIME_SECONDS)
        await self.suggestions.forget(now - DRAFT_LIFETIME_SECONDS)
        await self.budgets.forget(now)
        await self.people.forget_strangers(now - STRANGER_LIFETIME_SECONDS)
        await self.references.forget_bytes(now - keep_days * DAY)
        await self.pictures.forget_bytes(now - keep_days * DAY)

    async def aclose(self) -> None:
        """Close the database."""
        await self.database.aclose()
