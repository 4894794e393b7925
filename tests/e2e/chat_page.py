"""`ChatPage`: drives the chat page as a person does."""

import re
from io import BytesIO

from PIL import Image
from playwright.async_api import ConsoleMessage, Error, FilePayload, Locator, Page, expect

from bot.demo.telegram import Chat, Person
from bot.telegram.i18n import Languages
from tests.support.app_harness import picture

RED, GREEN, BLUE = range(3)

PATIENCE_MS = 60_000
"""The limit for each wait: on a busy machine the browser may do nothing for long."""

expect.set_options(timeout=PATIENCE_MS)


class ChatPage:
    """One open page. `errors`: the errors in the browser's console."""

    def __init__(self, page: Page, url: str) -> None:
        self.page = page
        self.url = url
        self.errors: list[str] = []
        self.language = "en"
        page.on("console", self._said)
        page.on("pageerror", self._failed)

    async def open(self, person: Person, chat: Chat | None = None) -> None:
        """Open the page as a person in a chat (the one with the bot)."""
        self.language = (person.language_code or "en")[:2]
        await self.page.goto(f"{self.url}/demo/#person={person.id}&chat={(chat or person.chat).id}")
        await self.ready()

    async def leave(self) -> None:
        """Reset the page for the next test."""
        await self.page.evaluate("localStorage.clear()")
        self.page.remove_listener("console", self._said)
        self.page.remove_listener("pageerror", self._failed)
        await self.page.goto("about:blank")

    async def ready(self) -> None:
        """Wait until the page has loaded the messages."""
        await self.page.locator("body[data-ready]").wait_for()

    def words(self, sentence: str) -> str:
        """A sentence of the bot in the language of the person who opened the page."""
        return in_chinese(sentence) if self.language == "zh" else sentence

    def at(self, test_id: str) -> Locator:
        """The element with this test id."""
        return self.page.get_by_test_id(test_id)

    async def become(self, name: str) -> None:
        """Choose the person to act as."""
        await self.at("person").filter(has_text=name).click()

    async def enter(self, title: str) -> None:
        """Choose a chat."""
        await self.at("chat-tab").filter(has_text=title).click()

    async def say(self, text: str, *files: FilePayload, as_files: bool = False) -> None:
        """Write and send, with pictures attached."""
        if files:
            await self.at("file-input").set_input_files(files)
            await expect(self.at("attachment")).to_have_count(len(files))
        if as_files:
            await self.at("as-file").check()
        await self.at("composer").fill(text)
        await self.at("send").click()

    async def attach(self, kind: str) -> None:
        """Choose from the menu beside the input: a "voice" message, "sticker", "video" or "location"; sends it."""
        await self.at("attach").click()
        await self.at(f"menu-{kind}").click()

    def message(self, words: str) -> Locator:
        """The latest message with these words in its own text (quotes don't count)."""
        return self.at("message").filter(has=self.at("message-text").filter(has_text=words)).last

    @property
    def latest(self) -> Locator:
        """The last message of the chat."""
        return self.at("message").last

    def button(self, label: str, under: Locator | None = None) -> Locator:
        """The latest button of the bot with this label."""
        place = under or self.page
        return place.get_by_test_id("keyboard-button").filter(has_text=label).last

    async def press(self, label: str, under: Locator | None = None) -> None:
        """Press a button of the bot."""
        await self.button(label, under).click()

    async def reply_to(self, message: Locator) -> None:
        """Choose a message to answer, by its menu."""
        await message.hover()
        await message.get_by_test_id("message-menu").click()
        await self.at("menu-reply").click()
        await expect(self.at("reply-bar")).to_be_visible()

    async def pictures(self, within: Locator) -> list[Image.Image]:
        """The full pictures of a message, loaded as the page does."""
        ids = await within.get_by_test_id("photo").evaluate_all("tiles => tiles.map(tile => tile.dataset.file)")
        return [await self._load(f"{self.url}/demo/api/file/{file_id}") for file_id in ids]

    def _said(self, said: ConsoleMessage) -> None:
        if said.type in {"error", "warning"}:
            self.errors.append(said.text)

    def _failed(self, error: Error) -> None:
        self.errors.append(str(error))

    async def _load(self, url: str) -> Image.Image:
        response = await self.page.request.get(url)
        assert response.ok, url
        return Image.open(BytesIO(await response.body())).convert("RGB")


def photo(colour: str, name: str = "", kind: str = "JPEG", size: tuple[int, int] = (300, 240)) -> FilePayload:
    """A picture of one colour, as a person picks it from their disk."""
    data = picture(*size, kind, colour)
    return {"name": name or f"{colour}.{kind.lower()}", "mimeType": f"image/{kind.lower()}", "buffer": data}


def share(image: Image.Image, channel: int) -> float:
    """The share (0–1) of a picture that is clearly of a colour: `RED`, `GREEN` or `BLUE`."""
    bands = image.resize((64, 64)).split()
    others = [band for index, band in enumerate(bands) if index != channel]
    triples = zip(bands[channel].tobytes(), others[0].tobytes(), others[1].tobytes(), strict=True)
    return sum(own > 60 and own > 1.6 * max(one, two) for own, one, two in triples) / 64**2


def in_chinese(words: str) -> str:
    """The Chinese translation of a sentence of the bot."""
    said = Languages().gettext(words, locale="zh")
    assert said != words, f"not translated: {words}"
    return str(said)


async def colours(place: Locator) -> tuple[float, float]:
    """The luminance (0 black – 1 white) of an element's text and of its background."""
    read = "node => { const { color, backgroundColor } = getComputedStyle(node); return [color, backgroundColor]; }"
    shown: list[str] = await place.evaluate(read)
    words, ground = map(_luminance, shown)
    return words, ground


def contrast(one: float, other: float) -> float:
    """The contrast of two luminances, 1–21 (WCAG 2.2)."""
    return (max(one, other) + 0.05) / (min(one, other) + 0.05)


def _luminance(colour: str) -> float:
    parts = [int(part) / 255 for part in re.findall(r"\d+", colour)[:3]]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
