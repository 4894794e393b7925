"""The whole store in one hand."""

from storage.database import Database
from storage.jobs import Jobs
from storage.people import People, Posted
from storage.pictures import Pictures
from storage.tasks import Tasks


class Store:
    """All that is remembered, by room. Made by `open`; give it back with `aclose`."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.jobs = Jobs(database)
        self.tasks = Tasks(database)
        self.pictures = Pictures(database)
        self.people = People(database)
        self.posted = Posted(database)

    @classmethod
    async def open(cls, url: str) -> "Store":
        """Open and migrate the database at `url` (`sqlite:///path`)."""
        return cls(await Database.open(url))

    async def aclose(self) -> None:
        """Close the database."""
        await self.database.aclose()
