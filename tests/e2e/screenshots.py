"""Takes the README's screenshots of the running demo: `python -m tests.e2e.screenshots [FOLDER]` (two minutes)."""

import asyncio
import sys
from collections.abc import Callable
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

from PIL import Image
from playwright.async_api import Browser, FilePayload, expect

from bot.demo.launcher import running
from bot.demo.telegram import Chat, Person, TelegramSimulator
from providers.jimeng.simulator import JimengSimulator
from providers.simulators.pictures.picker import draw
from tests.e2e.browser import browsing
from tests.e2e.chat_page import ChatPage

FOLDER = Path(__file__).parent / "screenshots"
DESK = {"viewport": {"width": 1280, "height": 800}, "device_scale_factor": 1.2}
PHONE = {"viewport": {"width": 390, "height": 844}, "device_scale_factor": 1.5, "is_mobile": True, "has_touch": True}
SEED = 11
QUALITY = 88
"""Of WebP: text stays sharp, in a third of the bytes of PNG."""


@dataclass(frozen=True)
class Words:
    """The texts of one language. The labels are those of the bot's buttons."""

    fox: str
    cat: str
    night: str
    style: str
    older: str
    details: str
    back: str
    overview: str


ENGLISH = Words(
    fox="a red fox in the snow --n 4",
    cat="the cat dreams of mountains --ar 4:3",
    night="at night",
    style="Style",
    older="Older",
    details="Details",
    back="‹ Back",
    overview="Overview",
)
CHINESE = Words(
    fox="雪地里的红狐狸 --n 4",
    cat="猫梦见群山 --ar 4:3",
    night="夜晚",
    style="风格",
    older="较早",
    details="详情",
    back="‹ 返回",
    overview="总览",
)


async def take_all(folder: Path) -> None:
    """Go through the demo as Ann and as 小明, and save the screenshots of each."""
    await take(folder, ENGLISH, lambda telegram: telegram.ann)
    await take(folder / "zh", CHINESE, lambda telegram: telegram.ming)


async def take(folder: Path, words: Words, who: Callable[[TelegramSimulator], Person]) -> None:
    """The screenshots in one language."""
    telegram = TelegramSimulator(album_gap=0.05, shuffle=True, strict=False)
    jimeng = JimengSimulator(speed=2, concurrency=4, seed=SEED)
    async with running(telegram, jimeng), browsing() as browser:
        person = who(telegram)
        tab = await visit(browser, telegram, person, person.chat, DESK)
        await tab.say(words.fox)
        await finished(tab, 1)
        await save(tab, folder / "desktop.webp")
        phone = await visit(browser, telegram, person, person.chat, PHONE)
        await references(phone, words)
        await save(phone, folder / "references.webp")
        await edit(phone, words, telegram, person)
        await save(phone, folder / "buttons.webp")
        await phone.press(words.style)
        await expect(phone.at("keyboard-button").filter(has_text=words.back)).to_be_visible()
        await expect(phone.at("toast")).to_have_count(0)
        await save(phone, folder / "styles.webp")
        await history(phone, words)
        await save(phone, folder / "history.webp")
        await phone.press(words.back)
        await phone.press(words.overview)
        await expect(phone.at("keyboard-button").filter(has_text="6")).to_be_visible()
        await save(phone, folder / "overview.webp")
        await first(browser, telegram, person, folder / "start.webp")
        await group(browser, telegram, folder / "group.webp")
        await inline(browser, telegram, person, folder / "inline.webp")


async def references(chat_page: ChatPage, words: Words) -> None:
    """Two photos with a prompt, and the result."""
    photos = photo("a ginger cat in a meadow", "cat.jpg"), photo("mountains in the snow at night", "mountains.jpg")
    await chat_page.say(words.cat, *photos)
    await finished(chat_page, 2)


async def edit(chat_page: ChatPage, words: Words, telegram: TelegramSimulator, person: Person) -> None:
    """The second fox at night."""
    album = [message for message in telegram.messages(person.chat) if message.photo and message.album]
    await telegram.send(person, text=words.night, reply_to=album[1].id)
    await finished(chat_page, 3)


async def history(chat_page: ChatPage, words: Words) -> None:
    """The fox at night: its steps and its details."""
    await chat_page.say("/history")
    await expect(chat_page.at("keyboard-button").filter(has_text=words.older)).to_be_visible()
    await chat_page.press(words.details)
    await expect(chat_page.message("¥0.20")).to_be_visible()


async def first(browser: Browser, telegram: TelegramSimulator, person: Person, path: Path) -> None:
    """The bot's greeting."""
    chat_page = await visit(browser, telegram, person, person.chat, PHONE)
    await chat_page.say("/start")
    await expect(chat_page.latest.get_by_test_id("keyboard-button")).to_have_count(3)
    await save(chat_page, path)


async def group(browser: Browser, telegram: TelegramSimulator, path: Path) -> None:
    """A group with a picture of 小明's and pictures for Ann in progress."""
    chat_page = await visit(browser, telegram, telegram.ming, telegram.group, PHONE)
    await chat_page.say("/imagine 一只在樱花树下的猫 --ar 4:3")
    await finished(chat_page, 1)
    await telegram.send(telegram.ann, telegram.group, text="/imagine a lighthouse at dusk --n 4")
    await chat_page.message("Drawing").wait_for()
    await expect(chat_page.message("Drawing").get_by_test_id("bar")).to_be_visible(timeout=20_000)
    await save(chat_page, path)


async def inline(browser: Browser, telegram: TelegramSimulator, person: Person, path: Path) -> None:
    """Own pictures, found by inline mode in the group."""
    chat_page = await visit(browser, telegram, person, telegram.group, PHONE)
    await chat_page.at("composer").press_sequentially("@imagine_demo_bot ")
    await expect(chat_page.at("inline-result").first).to_be_visible()
    await save(chat_page, path)


async def visit(
    browser: Browser, telegram: TelegramSimulator, person: Person, chat: Chat, window: dict[str, object]
) -> ChatPage:
    """A new page of a person, in the size of a desktop or a phone."""
    context = await browser.new_context(**window)  # type: ignore[arg-type]
    chat_page = ChatPage(await context.new_page(), telegram.url)
    await chat_page.open(person, chat)
    return chat_page


async def finished(chat_page: ChatPage, results: int) -> None:
    """Wait until so many messages bear the buttons of a result."""
    again = chat_page.at("keyboard-button").filter(has_text="🔁")
    await expect(again).to_have_count(results, timeout=60_000)


async def save(chat_page: ChatPage, path: Path) -> None:
    """Save the visible page once all pictures are loaded and nothing moves."""
    # Pictures out of view are loaded only by scrolling.
    loaded = """() => [...document.querySelectorAll("img.picture")].every((image) =>
        image.matches(".loaded") || image.getBoundingClientRect().bottom < 0)"""
    await chat_page.page.wait_for_function(loaded)
    await chat_page.page.mouse.move(0, 0)  # no button looks as if it were chosen
    shot = await chat_page.page.screenshot(animations="disabled", caret="hide")
    await asyncio.to_thread(_save, shot, path)


def photo(words: str, name: str) -> FilePayload:
    """A photo as from a phone."""
    return {"name": name, "mimeType": "image/jpeg", "buffer": draw(words, (), 1200, 900, SEED)}


def _save(shot: bytes, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.open(BytesIO(shot)).convert("RGB").save(path, quality=QUALITY, method=6)


if __name__ == "__main__":
    asyncio.run(take_all(Path(sys.argv[1]) if len(sys.argv) > 1 else FOLDER))
