"""The page "jobs" of `/admin`: what runs and waits, and cancelling one of it.

Prompts are not shown: people's words are their own, also before the admins.
"""

from html import escape

from aiogram.types import InlineKeyboardButton
from aiogram.utils.i18n import gettext as _

from bot.handlers.admin.mentions import mention
from bot.handlers.admin.menu import AdminCallback, AdminMenu, AdminPress, Done, View
from bot.handlers.admin.moments import lasting
from bot.handlers.admin.paging import ENTRIES, turn
from bot.handlers.admin.people import number
from bot.handlers.admin.service_states import counts
from bot.jobs.engine import JobEngine
from bot.telegram.formatting import bracketed, labelled
from bot.telegram.keyboards import button
from bot.telegram.provider_labels import Providers, title
from providers.errors import Sentence
from providers.options import N_
from storage.queue_overview import ProviderQueue, QueuedJob
from storage.store import Store

NAME = "jobs"
CANCELLED_BY_ADMIN = Sentence("Whoever runs this bot has cancelled this. Nothing was charged.")


class JobsPage:
    """The open jobs, a few on each page. A key is `p<page>` or `j<job>`."""

    name = NAME
    title = N_("⏳ Queue")

    def __init__(self, store: Store, providers: Providers, engine: JobEngine, menu: AdminMenu) -> None:
        self._store = store
        self._providers = providers
        self._engine = engine
        self._menu = menu

    async def render(self, key: str) -> View:
        """A page of the jobs, or one job."""
        if key.startswith("j") and (job := await self._job(key)):
            return self._one(job)
        page = number(key[1:]) if key.startswith("p") else 0
        found, total = await self._store.queue.jobs(ENTRIES, page * ENTRIES)
        if page and not found:
            return await self.render("")
        lines = [_("⏳ <b>Queue</b>"), ""]
        lines += [self._queue(name, queue) for name, queue in (await self._store.queue.counts()).items()]
        places = range(page * ENTRIES + 1, total + 1)
        jobs = [f"{place}. {self._line(job)}" for place, job in zip(places, found, strict=False)]
        lines += ["", *jobs] if jobs else [_("Nothing is waiting or being drawn.")]
        choices = [_show(str(place), f"j{job.id}") for place, job in zip(places, found, strict=False)]
        pages = turn(range(total), page, lambda other: AdminCallback(page=NAME, key=f"p{other}"))
        return View("\n".join(lines), [choices[:4], choices[4:], pages, *_refresh(key)], AdminCallback(page=""))

    async def act(self, press: AdminPress) -> Done:
        """Cancel a job as its person would: what waits is dropped, what is paid is kept for the person's history."""
        if press.action != "cancel" or not press.key.startswith("j"):
            return Done()
        cancelled = await self._engine.cancel(number(press.key[1:]), CANCELLED_BY_ADMIN)
        return Done(_("Cancelled.") if cancelled else _("It had ended already."), show=AdminCallback(page=NAME))

    async def _job(self, key: str) -> QueuedJob | None:
        return await self._store.queue.job(number(key[1:]))

    def _queue(self, name: str, queue: ProviderQueue) -> str:
        line = labelled(f"<b>{escape(title(self._providers, name))}</b>", counts(queue))
        if queue.oldest is None:
            return line
        waited = _("the oldest for {time}").format(time=lasting(self._store.clock() - queue.oldest))
        return bracketed(line, waited)

    def _line(self, job: QueuedJob) -> str:
        return " · ".join(
            [mention(job.user_id, job.name), escape(title(self._providers, job.provider)), self._age(job)]
        )

    def _age(self, job: QueuedJob) -> str:
        now = self._store.clock()
        if job.begun_at is not None:
            return _("drawing for {time}").format(time=lasting(now - job.begun_at))
        return _("waiting for {time}").format(time=lasting(now - job.created_at))

    def _one(self, job: QueuedJob) -> View:
        place = _("in a private chat") if job.chat_id > 0 else _("in a group or channel")
        lines = [
            _("⏳ <b>Job {number}</b>").format(number=job.id),
            "",
            self._line(job),
            place,
            _("{done} of {total} parts are done.").format(done=job.done, total=max(1, job.tasks)),
            "",
            _("Prompts are private, so they aren't shown here."),
        ]
        cancel = button(_("✖️ Cancel it"), AdminCallback(page=NAME, action="cancel", key=f"j{job.id}"), "danger")
        rows = [[cancel, _show(_("🔄 Refresh"), f"j{job.id}")]]
        if job.user_id > 0:
            rows.append(self._menu.link(_("👤 This person"), "people", f"u{job.user_id}"))
        return View("\n".join(lines), rows)


def _show(text: str, key: str) -> InlineKeyboardButton:
    return button(text, AdminCallback(page=NAME, key=key))


def _refresh(key: str) -> list[list[InlineKeyboardButton]]:
    return [[_show(_("🔄 Refresh"), key)]]
