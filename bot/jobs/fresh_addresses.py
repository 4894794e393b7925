"""Fresh addresses of finished pictures: the service is asked by their tickets, as addresses are good for a while."""

import asyncio
import logging
from contextlib import aclosing
from dataclasses import replace
from typing import Any

from bot.jobs.context import JobContext
from bot.jobs.request_builder import RequestBuilder
from providers.base import Finished, Provider
from providers.errors import ProviderError
from storage.database import StoreError
from storage.job_states import TaskState
from storage.records import Job, Task

log = logging.getLogger(__name__)

ASK_SECONDS = 15.0
"""How long all tasks of a job together are asked for."""


class FreshAddresses:
    """Replaces the addresses of stored pictures. Nothing is paid, and no task changes."""

    def __init__(self, context: JobContext, requests: RequestBuilder) -> None:
        self._store = context.store
        self._providers = context.providers
        self._requests = requests

    async def of_job(self, job_id: int) -> bool:
        """Ask once for each finished task of a job that has a ticket. True: at least one picture has a new address."""
        try:
            async with asyncio.timeout(ASK_SECONDS):
                job = await self._store.jobs.get(job_id)
                tasks = await self._store.tasks.of_job(job_id) if job else []
                done = [task for task in tasks if task.state is TaskState.DONE and task.ticket]
                return any(await asyncio.gather(*(self._of_task(job, task) for task in done if job)))
        except (TimeoutError, StoreError) as error:
            log.warning("job %d got no fresh addresses: %r", job_id, error)
            return False

    async def _of_task(self, job: Job, task: Task) -> bool:
        provider = self._providers.get(task.provider)
        if provider is None:
            return False
        try:
            urls = await self._asked(job, task, provider)
        except StoreError:
            raise
        except ProviderError as error:
            log.info("task %d of job %d got no fresh addresses: %s", task.id, job.id, error.detail)
            return False
        except Exception:
            log.exception("task %d of job %d got no fresh addresses", task.id, job.id)
            return False
        return bool(urls) and await self._store.pictures.readdress(task.id, urls)

    async def _asked(self, job: Job, task: Task, provider: Provider[Any, Any]) -> list[str]:
        """The addresses as the service says them now; none where it says anything but "done"."""
        references = await self._store.references.of_job(job.id)
        request = replace(await self._requests.of_task(job, task, references, provider), callback=None)
        async with aclosing(provider.imagine(request, task.ticket)) as events:
            async for event in events:
                pictures = event.pictures if isinstance(event, Finished) else ()
                return [picture.url for picture in pictures if picture.url]
        return []
