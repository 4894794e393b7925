"""The demo without a browser: one prompt is sent, the talk is printed as it happens, the album is saved."""

import asyncio
import sys
from collections.abc import Sequence
from pathlib import Path

from bot.demo.telegram.model import ChatMessage
from bot.demo.telegram.simulator import TelegramSimulator

PATIENCE = 300.0


async def say(telegram: TelegramSimulator, prompt: str, photos: Sequence[Path], folder: Path) -> int:
    """Send `prompt` with `photos` as Ann; save the pictures of the answer. Returns 0 when there are any, else 1."""
    for photo in photos:
        if not photo.is_file():
            sys.stderr.write(f"There is no photo {photo}.\n")
            return 2
    talk = asyncio.create_task(_print_talk(telegram))
    try:
        await telegram.send(telegram.ann, text=prompt, files=photos)
        await telegram.until(lambda: _has_ended(telegram), PATIENCE)
        await asyncio.sleep(0)
    finally:
        talk.cancel()
    return _save(telegram, folder)


def _answers(telegram: TelegramSimulator) -> list[ChatMessage]:
    return [message for message in telegram.messages(telegram.ann.chat) if message.by_bot]


def _has_ended(telegram: TelegramSimulator) -> bool:
    """The last word was said: buttons other than that of a running job, or words that ask for an answer."""
    answers = _answers(telegram)
    labels = {label for message in answers for label in message.buttons}
    plain = any(message.is_text and not message.keyboard for message in answers)
    return plain or any("Again" in label or "again" in label for label in labels)


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
