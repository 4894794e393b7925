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
from bot.demo.telegram import Chat, ChatMessage, Person, TelegramSimulator
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
    """What people say, in one language."""

    fox: str
    cat: str
    night: str
    group: str
    friend: str
    asked: str
    hare: str
    duel: str
    plain: str
    choices: str


ENGLISH = Words(
    fox="a red fox in the snow --n 4",
    cat="the cat dreams of mountains --ar 4:3",
    night="at night",
    group="/imagine a cabin in the mountains, morning mist --ar 16:9",
    friend="/imagine 黄昏的灯塔 --张数 4",
    asked="What could our mascot look like?",
    hare="an owl with a cup of coffee",
    duel="/duel a castle in the mist",
    plain="a red fox in the snow",
    choices="{red, blue} fox in {snow, rain}",
)
CHINESE = Words(
    fox="雪地里的红狐狸 --n 4",
    cat="猫梦见群山 --ar 4:3",
    night="夜晚",
    group="/imagine 山间的小屋，晨雾 --比例 16:9",
    friend="/imagine a lighthouse at dusk --n 4",
    asked="我们的吉祥物长什么样好？",
    hare="一只猫头鹰和一杯咖啡",
    duel="/duel 薄雾中的城堡",
    plain="雪地里的红狐狸",
    choices="{红色，蓝色}的狐狸在{雪，雨}里",
)


async def take_all(folder: Path) -> None:
    """Go through the demo as Ann and as 小明, and save the screenshots of each."""
    await take(folder, ENGLISH, lambda telegram: (telegram.ann, telegram.ming))
    await take(folder / "zh", CHINESE, lambda telegram: (telegram.ming, telegram.ann))


async def take(folder: Path, words: Words, who: Callable[[TelegramSimulator], tuple[Person, Person]]) -> None:
    """The screenshots in one language."""
    telegram = TelegramSimulator(album_gap=0.05, shuffle=True, strict=False)
    jimeng = JimengSimulator(speed=2, concurrency=4, seed=SEED)
    async with running(telegram, jimeng), browsing() as browser:
        person, friend = who(telegram)
        tab = await visit(browser, telegram, person, person.chat, DESK)
        await tab.say(words.fox)
        await finished(tab, 1)
        await save(tab, folder / "desktop.webp")
        alone = Scenes(await visit(browser, telegram, person, person.chat, PHONE), telegram, person.chat, words)
        await alone.private(folder)
        together = Scenes(
            await visit(browser, telegram, person, telegram.group, PHONE), telegram, telegram.group, words
        )
        await together.in_group(folder, friend)


class Scenes:
    """Takes the screenshots of one chat. Each shows one thing: what was said before is deleted first."""

    def __init__(self, page: ChatPage, telegram: TelegramSimulator, chat: Chat, words: Words) -> None:
        self._page = page
        self._telegram = telegram
        self._chat = chat
        self._words = words

    async def private(self, folder: Path) -> None:
        """The scenes in private."""
        for name, scene in (
            ("buttons", self._edit),
            ("styles", self._styles),
            ("history", self._history),
            ("references", self._references),
            ("overview", self._overview),
            ("start", self._start),
            ("assistant", self._assistant),
            ("choices", self._choices),
        ):
            await scene()
            await save(self._page, folder / f"{name}.webp")

    async def in_group(self, folder: Path, friend: Person) -> None:
        """The scenes in the group. The last one is in a group without the bot."""
        for name, scene in (
            ("group", self._in_both_languages),
            ("duel", self._duel),
            ("inline", self._found),
            ("anywhere", self._anywhere),
        ):
            await scene(friend)
            await save(self._page, folder / f"{name}.webp")

    async def _edit(self) -> None:
        """The second fox at night."""
        album = [message for message in self._telegram.messages(self._chat) if message.photo and message.album]
        (asked,) = await self._telegram.send(album[1].chat.members[0], text=self._words.night, reply_to=album[1].id)
        await finished(self._page, 2)
        await self._keep(lambda message: message.id >= asked.id)

    async def _styles(self) -> None:
        await self._keep(lambda message: message.by_bot)
        await self._page.press(self._page.words("🎭 Style"))
        await expect(self._page.button(self._page.words("‹ Back"))).to_be_visible()
        await expect(self._page.at("toast")).to_have_count(0)

    async def _references(self) -> None:
        """Two photos with a prompt, and the result."""
        await self._keep()
        photos = photo("a ginger cat in a meadow", "cat.jpg"), photo("mountains in the snow at night", "mountains.jpg")
        await self._page.say(self._words.cat, *photos)
        await finished(self._page, 1)

    async def _history(self) -> None:
        """The fox at night: its steps and its details."""
        await self._keep()
        await self._page.say("/history")
        await self._page.press(self._page.words("ℹ️ Details"))
        await expect(self._page.message("¥0.20")).to_be_visible()

    async def _overview(self) -> None:
        await self._keep()
        await self._page.say("/history")
        await self._page.press(self._page.words("▦ Overview"))
        await expect(self._page.button("6")).to_be_visible()
        await self._from_album()

    async def _start(self) -> None:
        await self._keep()
        await self._page.say("/start")
        await expect(self._page.latest.get_by_test_id("keyboard-button")).to_have_count(3)

    async def _assistant(self) -> None:
        """Better words, of which nothing is drawn yet."""
        await self._keep()
        await self._page.say(self._words.plain)
        await finished(self._page, 1)
        await self._page.press("✨")
        await self._page.press(self._page.words("✨ Go ahead"))
        await expect(self._page.button(self._page.words("✅ Use"))).to_be_visible()

    async def _choices(self) -> None:
        await self._keep()
        await self._page.say(self._words.choices)
        await self._page.press(self._page.words("✅ Make"))
        await finished(self._page, 1)
        await self._from_album()

    async def _in_both_languages(self, friend: Person) -> None:
        """A picture for one, and pictures for the other in progress."""
        await self._page.say(self._words.group)
        await finished(self._page, 1)
        await self._telegram.send(friend, self._chat, text=self._words.friend)
        await expect(self._page.at("bar")).to_be_visible(timeout=20_000)

    async def _duel(self, friend: Person) -> None:
        """The names, once the vote is over."""
        await finished(self._page, 2)
        await self._keep()
        await self._page.say(self._words.duel)
        await self._page.press(self._page.words("⚔️ Start"))
        show = self._page.words("🏁 Show the names")
        await expect(self._page.button(show)).to_be_visible(timeout=60_000)
        await self._page.press("B")
        self._telegram.press(friend, self._telegram.messages(self._chat)[-1], "B")
        await self._page.press(show)
        await expect(self._page.message("🏆")).to_be_visible()
        await self._from_album()
        await expect(self._page.at("toast")).to_have_count(0)

    async def _found(self, friend: Person) -> None:
        """One's own pictures, found by inline mode."""
        await self._keep()
        await self._telegram.send(friend, self._chat, text=self._words.asked)
        await self._page.at("composer").press_sequentially("@imagine_demo_bot ")
        await expect(self._page.at("inline-result").nth(3)).to_be_visible()

    async def _anywhere(self, friend: Person) -> None:
        """A picture in a chat in which the bot is not."""
        await self._page.at("composer").fill("")
        await self._keep()
        self._chat.bot = "left"
        await self._telegram.send(friend, self._chat, text=self._words.asked)
        await self._page.at("composer").fill(f"@imagine_demo_bot {self._words.hare}")
        await self._page.at("inline-result").filter(has_text=self._page.words("🎨 Make it")).click()
        await expect(self._page.latest.get_by_test_id("photo")).to_be_visible(timeout=60_000)

    async def _from_album(self) -> None:
        """Delete what was said before the album."""
        album = next(message for message in self._telegram.messages(self._chat) if message.album)
        await self._keep(lambda message: message.id >= album.id)

    async def _keep(self, wanted: Callable[[ChatMessage], bool] = lambda _: False) -> None:
        """Delete all messages but those wanted."""
        gone = [message.id for message in self._telegram.messages(self._chat) if not wanted(message)]
        self._telegram.world.remove(self._chat, gone)
        for number in gone[-1:]:
            await expect(self._page.page.locator(f'[data-ids~="{number}"]')).to_have_count(0)


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
    await expect(chat_page.at("subtitle")).to_have_attribute("data-busy", "false")
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
