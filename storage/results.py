"""Results: a job with all that its delivery shows, read in one step."""

from dataclasses import dataclass

from storage.connection import Connection
from storage.job_states import TaskState
from storage.operations import Operations, reads
from storage.pictures import Picture, PictureDetails, pictures_of
from storage.records import Job, StoredReference, Task
from storage.references import references_of
from storage.rows import JOB, as_job, tasks_of
from storage.settings_records import Preferences
from storage.users import preferences_of


@dataclass(frozen=True, slots=True)
class Result:
    """A job with its pictures, tasks and references, in their orders, and the settings of its person."""

    job: Job
    pictures: list[Picture]
    tasks: list[Task]
    references: list[StoredReference]
    preferences: Preferences

    @property
    def is_incomplete(self) -> bool:
        """Whether it may still have a picture that has not been shown: at the service, or of an album."""
        missing = len(self.pictures) > 1 and any(picture.is_missing for picture in self.pictures)
        return missing or any(task.state is TaskState.OVERDUE for task in self.tasks)

    def details(self, picture: Picture) -> PictureDetails:
        """How one of its pictures was made: see `Pictures.details`."""
        provider = next((task.provider for task in self.tasks if task.id == picture.task_id), self.job.provider)
        numbers = [one.id for one in self.pictures]
        number = numbers.index(picture.id) + 1 if picture.id in numbers else 1
        return PictureDetails(self.words_of(picture), provider, number, len(numbers))

    def words_of(self, picture: Picture) -> str:
        """The prompt of one of its pictures: its task's own words, else the job's."""
        own = next((task.prompt for task in self.tasks if task.id == picture.task_id), None)
        return self.job.prompt if own is None else own


class Results(Operations):
    """The results of one database's jobs."""

    @reads
    async def of_job(self, connection: Connection, job_id: int) -> Result | None:
        """The result of a job; None when there is no such job."""
        row = (await connection.execute(JOB, {"job_id": job_id})).mappings().first()
        if row is None:
            return None
        job = as_job(row)
        return Result(
            job,
            await pictures_of(connection, job_id),
            await tasks_of(connection, job_id),
            await references_of(connection, job_id),
            await preferences_of(connection, job.user_id),
        )
