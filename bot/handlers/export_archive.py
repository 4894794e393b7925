"""The ZIP of `/export`: one's own pictures as tables, settings, and a word on what is in it."""

import csv
import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from datetime import UTC, datetime
from decimal import Decimal
from io import BytesIO, StringIO
from typing import Any
from zipfile import ZIP_DEFLATED, ZipFile

from aiogram.utils.i18n import gettext as _

from bot.telegram.provider_labels import Providers, model, title
from storage.exports import Exported
from storage.settings_records import Preferences, Style

FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""What a spreadsheet takes for a formula at the beginning of a cell."""
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


def record(picture: Exported, user_id: int, providers: Providers) -> dict[str, Any]:
    """One picture as it stands in the tables, a value for each of `COLUMNS`."""
    cost = picture.cost
    values = (
        picture.id,
        datetime.fromtimestamp(picture.created_at, UTC).isoformat(timespec="seconds"),
        picture.prompt,
        picture.style,
        title(providers, picture.provider),
        model(providers, picture.provider, picture.options),
        picture.options,
        picture.seed,
        picture.width,
        picture.height,
        picture.size,
        # Its share of what was paid at once.
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
    own: Iterable[Exported], user_id: int, providers: Providers, preferences: Preferences, styles: Iterable[Style]
) -> bytes:
    """The ZIP of a person's pictures and settings. The README is in the language at hand."""
    pictures = [record(one, user_id, providers) for one in own]
    settings = {"preferences": asdict(preferences), "styles": [asdict(style) for style in styles]}
    file = BytesIO()
    with ZipFile(file, "w", ZIP_DEFLATED) as parts:
        parts.writestr("README.txt", _readme(len(pictures)))
        parts.writestr("pictures.json", _json(pictures))
        parts.writestr("pictures.csv", table(pictures))
        parts.writestr("settings.json", _json(settings))
    return file.getvalue()


def table(records: Iterable[Mapping[str, Any]]) -> bytes:
    """Records as CSV that a spreadsheet opens as it is: it knows the encoding by the mark, and runs no cell."""
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
        "it was made. Both files say the same; the CSV opens in a spreadsheet. Times are UTC, sizes are in "
        "pixels. A picture that you deleted from your history is marked as deleted; /forget erases it for "
        "good.\n\n"
        "settings.json: your settings and styles.\n\n"
        "The pictures themselves are in your chats, where Telegram keeps them. A file_id is the name by "
        "which this bot finds a picture again.\n"
    ).format(count=count)
