"""The demo without a browser: sends one prompt, prints the messages as they come, saves the album."""

import asyncio
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from bot.demo.bot_api.model import ChatMessage, Press
from bot.demo.telegram import TelegramSimulator
from storage.job_states import CLOSED
from storage.store import Store

TIMEOUT_SECONDS = 300.0
POLL_SECONDS = 0.1
YES = "✅ Make"


@dataclass(frozen=True, slots=True)
class Words:
    """The prompt, its photos, and the folder for the resulting pictures."""

    prompt: str
    photos: Sequence[Path]
    folder: Path


async def say(telegram: TelegramSimulator, store: Store, words: Words) -> int:
    """Send the prompt as Ann, agree where the bot asks first, and save the resulting pictures. Returns 0 when there are
    any, else 1."""
    async with asyncio.TaskGroup() as group:
        talk = group.create_task(_print_talk(telegram))
        sent = await telegram.send(telegram.ann, text=words.prompt, files=words.photos)
        async with asyncio.timeout(TIMEOUT_SECONDS):
            agreed = None
            while not await _has_ended(telegram, store, sent[0], agreed):
                agreed = agreed or _agreed(telegram)
                await asyncio.sleep(POLL_SECONDS)
        talk.cancel()
    return _save(telegram, words.folder)


def _agreed(telegram: TelegramSimulator) -> Press | None:
    """Ann's yes to the question before words with choices or a dear request, if that is asked."""
    asked = next((message for message in _answers(telegram) if YES in message.buttons), None)
    if asked is None:
        return None
    sys.stdout.write(f"{telegram.ann.name:>9} │ taps [{YES}]\n")
    return telegram.press(telegram.ann, asked, YES)


def _answers(telegram: TelegramSimulator) -> list[ChatMessage]:
    return [message for message in telegram.messages(telegram.ann.chat) if message.by_bot]


async def _has_ended(telegram: TelegramSimulator, store: Store, sent: ChatMessage, agreed: Press | None) -> bool:
    """Whether the job has ended, or the bot answered without making one: neither the prompt nor the press on Yes."""
    # Before the store is read: the press is answered when the job is stored.
    answer = agreed.answer if agreed else None
    is_answered = agreed is None or answer is not None
    job = await store.jobs.asked_in(sent.chat.id, sent.id)
    if job is None:
        answers = _answers(telegram)
        is_asked = any(YES in message.buttons for message in answers) and not (answer and answer.alert)
        return bool(answers) and is_answered and not is_asked
    return job.state in CLOSED


async def _print_talk(telegram: TelegramSimulator) -> None:
    seen = 0
    while True:
        for number, event in telegram.world.events.since(seen):
            seen = number
            if event["kind"] in {"message", "edited"}:
                _print(event["kind"], event["message"])
        await telegram.world.events.changed.wait()


def _print(kind: str, message: dict[str, object]) -> None:
    sender = message["from"]
    name = sender["name"] if isinstance(sender, dict) else ""
    mark = "✎ " if kind == "edited" else ""
    shown = "[picture] " if message["photo"] else "[file] " if message["document"] else ""
    keyboard = message["keyboard"]
    rows = keyboard if isinstance(keyboard, list) else []
    buttons = "".join(f"  [{button['text']}]" for row in rows for button in row)
    text = str(message["text"] or "").replace("\n", "\n" + " " * 12)
    sys.stdout.write(f"{name:>9} │ {mark}{shown}{text}{buttons}\n")
    sys.stdout.flush()


def _save(telegram: TelegramSimulator, folder: Path) -> int:
    photos = [message.photo for message in _answers(telegram) if message.photo]
    if not photos:
        return 1
    folder.mkdir(parents=True, exist_ok=True)
    for number, photo in enumerate(photos, 1):
        stored = telegram.world.files.get(photo.largest.file_id)
        path = folder / f"{number}.jpg"
        path.write_bytes(stored.data if stored else b"")
        sys.stdout.write(f"{'saved':>9} │ {path}\n")
    return 0
