"""References on the bot's own server, for image services that fetch them: signed addresses that expire."""

from collections.abc import Awaitable, Callable

from aiohttp import web

from bot.web.signing import Signer
from storage.records import StoredReference
from storage.references import References

# Addresses are signed when a task is submitted, and the service fetches at once: an hour is plenty.
ADDRESS_SECONDS = 3600
PATH = "/references/{key}"


class WebPublisher:
    """Publishes references under `public_url`, at addresses that `signer` signs."""

    def __init__(self, references: References, public_url: str, signer: Signer) -> None:
        self._references = references
        self._public_url = public_url
        self._signer = signer

    async def publish(
        self, job_id: int, reference: StoredReference, read: Callable[[], Awaitable[bytes]]
    ) -> str | None:
        """The address of a reference; None when this server has no public address."""
        return self._public_url + PATH.format(key=self._signer.sign(reference.id)) if self._public_url else None

    async def withdraw(self, job_id: int) -> None:
        """Nothing to do: references that the store has deleted answer 404."""

    async def serve(self, request: web.Request) -> web.Response:
        """Answer a fetch: the picture, or 404 for a forged or expired address, or an ended job."""
        reference_id = self._signer.read(request.match_info["key"], ADDRESS_SECONDS)
        if reference_id is None:
            raise web.HTTPNotFound
        found = await self._references.data(reference_id)
        if found is None:
            raise web.HTTPNotFound
        data, media_type = found
        return web.Response(body=data, content_type=media_type, headers={"Cache-Control": "private, no-store"})
