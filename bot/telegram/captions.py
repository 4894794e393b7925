"""The captions of results, the notes and the buttons under them."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from html import escape
from typing import Any

from aiogram.types import InlineKeyboardButton, InlineKeyboardMarkup
from aiogram.utils.i18n import gettext as _

from bot.jobs.ports import sentence
from bot.local_time import in_zone
from bot.telegram.choice_lines import failures, listed_words
from bot.telegram.duel_texts import late_buttons, only_one
from bot.telegram.formatting import caption, cut, pixels, plain
from bot.telegram.keyboards import keyboard, under_result
from bot.telegram.provider_labels import ENLARGED, SHAPE, Providers, model_name, model_of_job, offer, title
from bot.telegram.spooled_file import SpooledFile
from bot.telegram.uploads import Upload
from storage.pictures import Picture, PictureDetails
from storage.records import Job
from storage.results import Result
from storage.store import Store

MOST_SENDS = 2
"""How often a picture is sent automatically while it is not known whether it has arrived."""
QUOTED_PROMPT_LENGTH = 40
"""The longest quotation of another picture's prompt, in UTF-16 units."""
SIZE = "size"
"""The option of many providers that may hold width and height."""
SHAPE_TOLERANCE = 0.035
"""So far a picture's ratio may be from the one that was asked for: services round the sides."""
MOST_CHANGES = 3
"""How many changes of references are listed; more would hide the result."""


class ResultCaptions:
    """The captions, notes and buttons of one job's result, in the current language. `helps`: see `under_result`."""

    def __init__(self, store: Store, providers: Providers, result: Result, *, helps: bool = False) -> None:
        self._helps = helps
        self._store = store
        self._providers = providers
        self._result = result
        self._job = result.job
        self._model = model_of_job(providers, result.job)
        self._own: set[int] = set()  # pictures that are a reference of the job, given back
        self._has_other_shape = False
        self._late: list[list[InlineKeyboardButton]] = []  # of a duel's other jobs, found by `notes`

    def caption(self, upload: Upload | None = None, notes: Sequence[str] = ()) -> str:
        """The caption: prompt, model, size, style, and in groups for whom; escaped. `upload`: gives the size, and where
        the job has choices, the words; `notes`: lines below."""
        job, size = self._job, pixels(upload.width, upload.height) if upload else ""
        style = job.style["name"] if job.style else ""
        words = self._result.words_of(upload.picture) if upload else job.prompt
        return caption(words, model_name(self._model), size, style, _whose(job), below=notes)

    def own_captions(self, uploads: Sequence[Upload]) -> dict[int, str]:
        """The caption of each picture, by its id, where each has words of its own; empty where one is for all."""
        return {one.picture.id: self.caption(one) for one in uploads} if self._job.choices else {}

    def summary(self, pictures: Sequence[Picture], refused: int = 0) -> list[str]:
        """The lines below an album: how many pictures there are, in groups for whom, and which are missing. `refused`:
        how many Telegram takes in no form."""
        sent = [picture for picture in pictures if picture.message_id is not None]
        unconfirmed = sum(picture.is_missing and picture.sends >= MOST_SENDS for picture in pictures)
        left = sum(picture.is_missing for picture in pictures) - unconfirmed - refused
        as_files = sum(picture.photo_id is None and picture.document_id is not None for picture in sent)
        count = _("✅ 1 picture") if len(sent) == 1 else _("✅ {count} pictures").format(count=len(sent))
        lines = [" · ".join(filter(None, [count, _whose(self._job)])), *listed_words(self._result, sent)]
        if 0 < as_files < len(sent):
            one = _("Telegram couldn't show one of them as a photo, so it comes as a file.")
            several = _("Telegram couldn't show {count} of them as photos, so they come as files.")
            lines.append(one if as_files == 1 else several.format(count=as_files))
        if left > 0:
            lines.append(_("{count} couldn't be fetched from the service.").format(count=left))
        if refused:
            lines.append(_("{count} couldn't be sent: Telegram doesn't accept them.").format(count=refused))
        if unconfirmed:
            lines.append(_("{count} may be missing: Telegram didn't confirm them.").format(count=unconfirmed))
        return lines

    async def compare(self, uploads: Sequence[Upload]) -> None:
        """Find the pictures that are a reference of the job, byte for byte, and those that clearly don't have the
        shape that was asked for; `notes` tells of them."""
        asked = asked_ratio(self._job.options)
        for upload in uploads:
            self._has_other_shape = self._has_other_shape or _is_off(upload, asked)
            if upload.original and await self._is_own(upload.original):
                self._own.add(upload.picture.id)

    async def _is_own(self, file: SpooledFile) -> bool:
        same_size = [reference for reference in self._result.references if reference.size == file.size]
        stored = [await self._store.references.data(reference.id) for reference in same_size]
        return any(one and one[0] == file.whole() for one in stored)

    def _own_notes(self) -> list[str]:
        """A line about the pictures that the service gave back as they were."""
        if not self._own:
            return []
        one = _("The service gave your own picture back.")
        several = _("The service gave {count} of your own pictures back.")
        return [f"ℹ️ {one if len(self._own) == 1 else several.format(count=len(self._own))}"]

    def _shape_notes(self) -> list[str]:
        """A line that tells that the shape is not the one that was asked for."""
        if not self._has_other_shape:
            return []
        options = self._job.options
        words = _("You asked for {shape}; the service chose another shape.")
        return [f"ℹ️ {words.format(shape=escape(str(options.get(SHAPE) or options.get(SIZE))))}"]

    async def notes(self) -> list[str]:
        """Notes for the person: the picture it was made from, errors, another provider, changes of the references."""
        job = self._job
        with in_zone(self._result.preferences.time_zone):
            error_message = [f"⚠️ {line}" for line in failures(job, self._result.tasks)]
        references = self._result.references
        changes = [f"ℹ️ {plain(sentence(change))}" for reference in references for change in reference.changes]
        other = [f"ℹ️ {self._instead(job.first_provider, job.provider)}"] if job.first_provider else []
        return [
            *await self._duel_notes(),
            *await self._made_from_notes(),
            *self._own_notes(),
            *self._shape_notes(),
            *error_message,
            *other,
            *list(dict.fromkeys(changes))[:MOST_CHANGES],
        ]

    async def _duel_notes(self) -> list[str]:
        """Lines for the only picture of a duel: why the others made none."""
        job = self._job
        if job.duel_id is None or job.duel_letter is not None:
            return []
        standing = await self._store.duels.standing(job.duel_id)
        if standing is None or len(standing.ready) != 1:
            return []
        late = [one for one in await self._store.duels.late(job.duel_id) if one != job.id]
        self._late = late_buttons(self._providers, standing, late)
        return only_one(self._providers, standing)

    async def _made_from_notes(self) -> list[str]:
        """A line that names the bot's picture it was made from, if there is one."""
        job = self._job
        ids = [reference.picture_id for reference in self._result.references]
        picture = await self._store.pictures.get(ids[0]) if len(ids) == 1 and ids[0] is not None else None
        before = await self._store.jobs.get(picture.job_id) if picture else None
        if picture is None or before is None:
            return []
        made = await self._store.pictures.details(picture)
        return [_made_from(job, made)] if before.chat_id == job.chat_id else []

    def _instead(self, first: str, second: str) -> str:
        words = _("{first} isn't working right now, so {second} made this.")
        return words.format(first=title(self._providers, first), second=title(self._providers, second))

    def buttons(self, pictures: Sequence[Picture]) -> InlineKeyboardMarkup:
        """The buttons under a job's pictures, as they are now; one fetches those that have not arrived."""
        latest = replace(self._result, pictures=list(pictures))
        shown = pictures if len(pictures) == 1 else [one for one in pictures if one.message_id]
        words = latest.words_of(shown[0]) if len(shown) == 1 else None
        look = latest.is_incomplete
        rows = under_result(self._job, offer(self._model), shown, look=look, words=words, helps=self._helps)
        return keyboard(*rows.inline_keyboard, *self._late)


def asked_ratio(options: Mapping[str, Any]) -> float | None:
    """Width/height that a job's options ask for, as "16:9" or as "2048x1152"; None: they leave the shape open."""
    for name, between in ((SHAPE, ":"), (SIZE, "[x×*]")):
        match = re.fullmatch(rf"(\d+(?:\.\d+)?){between}(\d+(?:\.\d+)?)", str(options.get(name)))
        if match and float(match[1]) and float(match[2]):
            return float(match[1]) / float(match[2])
    return None


def _is_off(upload: Upload, asked: float | None) -> bool:
    """Whether a picture clearly has another shape than the one that was asked for."""
    if asked is None or not upload.width or not upload.height:
        return False
    return abs(upload.width / upload.height / asked - 1) > SHAPE_TOLERANCE


def _made_from(job: Job, made: PictureDetails) -> str:
    words, which = cut(made.prompt, QUOTED_PROMPT_LENGTH), made.number if made.count > 1 else None
    is_larger = bool(job.style and ENLARGED in job.style["name"])
    if which is None:
        if is_larger:
            return _("🔍 Larger: “{words}”").format(words=words)
        same, other = _("🎲 Variation of “{words}”"), _("↩️ From “{words}”")
    else:
        if is_larger:
            return _("🔍 Larger: picture {number} of “{words}”").format(words=words, number=which)
        same, other = _("🎲 Variation of picture {number} of “{words}”"), _("↩️ From picture {number} of “{words}”")
    return (same if job.prompt == made.prompt else other).format(words=words, number=which)


def _whose(job: Job) -> str:
    """For whom it was made, if others see it, too."""
    return _("for {name}").format(name=job.user_name) if job.chat_id < 0 and job.user_name else ""
