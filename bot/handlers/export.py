"""`/export`: a person's own data as a ZIP: pictures as CSV and JSON, settings, and a README."""

import asyncio
import csv
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import datetime
from decimal import Decimal
from functools import partial
from io import BytesIO, StringIO
from typing import Any
from zipfile import ZIP_DEFLATED, ZipFile

from aiogram import Bot, F, Router
from aiogram.filters import Command, CommandStart
from aiogram.types import BufferedInputFile, Message, User
from aiogram.utils.i18n import gettext as _

from bot.handlers.imagine import PRIVATE
from bot.handlers.request_service import RequestService
from bot.local_time import local, zone, zone_name
from bot.telegram.keyboards import into_private, keyboard
from bot.telegram.private_reply import reply_privately
from bot.telegram.provider_labels import Providers, model_name, read_model, title
from storage.exports import Exported
from storage.likeness_records import OwnLikeness
from storage.settings_records import Preferences, Style
from storage.suggestions import Suggestion

START_PARAMETER = "export"
"""The deep-link parameter of the button in a group."""
UPLOAD_TIMEOUT_SECONDS = 120
"""The upload time that a large file may take."""
FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""A cell that begins with one of these is a formula to a spreadsheet."""
COLUMNS = (
    "id",
    "when",
    "prompt",
    "style",
    "service",
    "model",
    "options",
    "seed",
    "width",
    "height",
    "bytes",
    "cost",
    "currency",
    "seconds",
    "chat",
    "favourite",
    "deleted",
    "references",
    "from",
    "file_id",
    "original_file_id",
)


@dataclass(frozen=True, slots=True)
class Said:
    """What a person said that has become no picture: to the assistant, and words that wait."""

    helped: Sequence[Suggestion] = ()
    waiting: Sequence[str] = ()


NOTHING_SAID = Said()


class Export:
    """Handles `/export`: one file at a time for each person."""

    def __init__(self) -> None:
        self._under_way: set[int] = set()

    def register(self, router: Router) -> None:
        """Register the handlers of `/export`."""
        router.message.register(self.export, Command("export"), PRIVATE)
        router.message.register(self.export, CommandStart(deep_link=True, magic=F.args == START_PARAMETER), PRIVATE)
        router.message.register(link_to_private_chat, Command("export"))

    async def export(self, message: Message, requests: RequestService, bot: Bot) -> None:
        """Send the file."""
        user = message.from_user
        if user is None:
            return
        with self._one_at_a_time(user.id) as free:
            if not free:
                await message.reply(_("I'm already putting your file together; it'll be here in a moment."))
                return
            words = _("Everything I've stored about your pictures, and your settings.")
            sending = message.reply_document(await _file(requests, user), caption=words)
            await bot(sending, request_timeout=UPLOAD_TIMEOUT_SECONDS)

    @contextmanager
    def _one_at_a_time(self, user_id: int) -> Iterator[bool]:
        """Whether no file is being made for this person yet; inside the context one is."""
        free = user_id not in self._under_way
        self._under_way.add(user_id)
        try:
            yield free
        finally:
            if free:
                self._under_way.discard(user_id)


def make_router() -> Router:
    """A person's own data."""
    router = Router(name="export")
    Export().register(router)
    return router


async def link_to_private_chat(message: Message, bot: Bot) -> None:
    """In a group: a link to the private chat."""
    link = await into_private(bot, _("📦 My data"), START_PARAMETER)
    await reply_privately(message, _("Let's do this in private:"), keyboard([link]))


async def _file(requests: RequestService, user: User) -> BufferedInputFile:
    store = requests.store
    own = [picture async for page in store.exports.pictures(user.id) for picture in page]
    preferences, styles = await store.users.preferences(user.id), await store.styles.of(user.id)
    likeness = await store.likenesses.of(user.id)
    photo = await store.likenesses.data(likeness.id) if likeness else None
    kept = (likeness, photo[0]) if likeness and photo else None
    helped = await store.suggestions.of_person(user.id)
    # Packing thousands of rows takes a while: a thread does it, and the bot serves others.
    said = Said(helped, await store.exports.waiting_words(user.id))
    packed = partial(archive, own, user.id, requests.providers, preferences, styles, likeness=kept, said=said)
    data = await asyncio.to_thread(packed)
    return BufferedInputFile(data, f"imagine-{datetime.now(zone()):%Y-%m-%d}.zip")


def record(picture: Exported, user_id: int, providers: Providers) -> dict[str, Any]:
    """One picture as a row: a value for each of `COLUMNS`."""
    cost = picture.cost
    values = (
        picture.id,
        local(picture.created_at).isoformat(timespec="seconds"),
        picture.prompt,
        picture.style,
        title(providers, picture.provider),
        model_name(read_model(providers, picture.provider, picture.options)),
        picture.options,
        picture.seed,
        picture.width,
        picture.height,
        picture.size,
        # Its share of the task's cost.
        float(round(Decimal(cost.amount) / 10_000 / picture.among, 6)) if cost else None,
        cost.currency if cost else None,
        None if picture.seconds is None else round(picture.seconds, 1),
        "private" if picture.chat_id == user_id else picture.chat_id,
        picture.starred,
        picture.hidden,
        picture.references,
        list(picture.made_from),
        picture.photo_id,
        picture.document_id,
    )
    return dict(zip(COLUMNS, values, strict=True))


def archive(
    own: Iterable[Exported],
    user_id: int,
    providers: Providers,
    preferences: Preferences,
    styles: Iterable[Style],
    *,
    likeness: tuple[OwnLikeness, bytes] | None = None,
    said: Said = NOTHING_SAID,
) -> bytes:
    """The ZIP of a person's pictures, settings and likeness, and what they said. The README is in the current
    language."""
    pictures = [record(one, user_id, providers) for one in own]
    settings: dict[str, Any] = {"preferences": asdict(preferences), "styles": [asdict(style) for style in styles]}
    asked = [_helped(one) for one in said.helped]
    settings |= {"assistant": asked} if asked else {}
    settings |= {"waiting": list(said.waiting)} if said.waiting else {}
    readme = _readme(len(pictures))
    if likeness:
        settings["likeness"] = asdict(likeness[0])
        readme += "\n" + _("me.jpg: the photo of yourself that you've kept; settings.json says where it may be used.\n")
    file = BytesIO()
    with ZipFile(file, "w", ZIP_DEFLATED) as parts:
        parts.writestr("README.txt", readme)
        if likeness:
            parts.writestr("me.jpg", likeness[1])
        parts.writestr("pictures.json", _json(pictures))
        parts.writestr("pictures.csv", table(pictures))
        parts.writestr("settings.json", _json(settings))
    return file.getvalue()


def _helped(one: Suggestion) -> dict[str, Any]:
    """A question to the assistant, which is kept for a day."""
    when = datetime.fromtimestamp(one.created_at, zone()).isoformat(timespec="seconds")
    asked = one.request.prompt if one.request else ""
    said = {"answer": one.words, "translation": one.translation, "file_id": one.file_id}
    return {"when": when, "kind": one.kind, "prompt": asked, **said}


def table(records: Iterable[Mapping[str, Any]]) -> bytes:
    """Records as CSV for spreadsheets: a byte order mark names the encoding, and no cell runs as a formula."""
    text = StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(COLUMNS)
    writer.writerows([_cell(one[name]) for name in COLUMNS] for one in records)
    return text.getvalue().encode("utf-8-sig")


def _cell(value: object) -> object:
    if isinstance(value, list):
        return " ".join(map(str, value))
    if isinstance(value, dict):
        value = json.dumps(value, ensure_ascii=False) if value else ""
    return f"'{value}" if isinstance(value, str) and value.startswith(FORMULA) else value


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, indent=1)


def _readme(count: int) -> str:
    return _(
        "This is everything the bot has stored about you.\n\n"
        "pictures.json and pictures.csv: the pictures you've made ({count}), each with your prompt and how "
        "it was made. Both files say the same; the CSV opens in a spreadsheet. Times are {zone}, sizes are in "
        "pixels. A picture that you deleted from your history is marked as deleted; /forget erases it for "
        "good.\n\n"
        "settings.json: your settings and styles, and what you wrote in the last day that has become no picture.\n\n"
        "The pictures themselves are in your chats, where Telegram keeps them. A file_id is the name by "
        "which this bot finds a picture again.\n"
    ).format(count=count, zone=zone_name())
