"""`PeopleClient`: a client of the simulated Telegram's API for people."""

from collections.abc import Mapping
from typing import Any

from aiohttp import ClientSession, FormData


class PeopleClient:
    """Calls the API for people, as the chat page does."""

    def __init__(self, session: ClientSession) -> None:
        self.session = session

    async def get(self, path: str) -> Any:
        """The JSON of a GET."""
        async with self.session.get(f"/demo/api/{path}") as response:
            return await response.json()

    async def post(self, path: str, **how: Any) -> tuple[int, Any]:
        """Status and JSON of a POST; `how`: arguments of aiohttp."""
        async with self.session.post(f"/demo/api/{path}", **how) as response:
            return response.status, await response.json()

    async def send(self, *files: tuple[str, bytes], **fields: object) -> tuple[int, Any]:
        """Send a message with files (name, bytes). Returns status and JSON."""
        form = FormData(
            {name: str(value) for name, value in fields.items()}, quote_fields=False, default_to_multipart=True
        )
        for name, data in files:
            form.add_field("file", data, filename=name)
        return await self.post("send", data=form)


class RecordedFaults:
    """A service that records the faults it is asked to play."""

    def __init__(self) -> None:
        self.played: list[Mapping[str, Any]] = []

    def play(self, fault: Mapping[str, Any]) -> None:
        self.played.append(fault)

    def clear(self) -> None:
        self.played.clear()
