"""The README's pictures, taken of the running demo: `python -m tests.e2e.screenshots [FOLDER]` (a minute)."""

import asyncio
import sys
from io import BytesIO
from pathlib import Path

from PIL import Image
from playwright.async_api import Browser, FilePayload, expect

from bot.demo.launcher import running
from bot.demo.telegram import Chat, Person, TelegramSimulator
from providers.jimeng.simulator import JimengSimulator
from providers.testing.artist import draw
from tests.e2e.browser import browsing
from tests.e2e.talk import Talk

FOLDER = Path(__file__).parent / "screenshots"
DESK = {"viewport": {"width": 1280, "height": 800}, "device_scale_factor": 1.2}
PHONE = {"viewport": {"width": 390, "height": 844}, "device_scale_factor": 1.5, "is_mobile": True, "has_touch": True}
SEED = 11


async def take_all(folder: Path) -> None:
    """Walk through the demo as Ann and 小明, and save four pictures."""
    telegram = TelegramSimulator(album_gap=0.05, shuffle=True)
    jimeng = JimengSimulator(speed=2, concurrency=2, seed=SEED)
    async with running(telegram, jimeng), browsing() as browser:
        desk = await visit(browser, telegram, telegram.ann, telegram.ann.chat, DESK)
        await foxes(desk)
        await save(desk, folder / "desktop.png")
        hers = await visit(browser, telegram, telegram.ann, telegram.ann.chat, PHONE)
        await references(hers)
        await save(hers, folder / "references.png")
        await history(hers)
        await save(hers, folder / "history.png")
        his = await visit(browser, telegram, telegram.ming, telegram.group, PHONE)
        await group(his, telegram)
        await save(his, folder / "group.png")


async def foxes(talk: Talk) -> None:
    """Four foxes, with the calls beside them."""
    await talk.say("a red fox in the snow --n 4")
    await finished(talk, 1)


async def references(talk: Talk) -> None:
    """Two photos and words, and what was made of them."""
    photos = photo("a ginger cat in a meadow", "cat.jpg"), photo("mountains in the snow at night", "mountains.jpg")
    await talk.say("the cat dreams of mountains --ar 4:3", *photos)
    await finished(talk, 2)


async def history(talk: Talk) -> None:
    """One picture further back in the history."""
    await talk.say("/history")
    await talk.press("Older", talk.message("1 of 5"))
    await expect(talk.message("2 of 5")).to_be_visible()


async def group(talk: Talk, telegram: TelegramSimulator) -> None:
    """A picture of 小明's, then Ann's pictures and his next one under way."""
    await talk.say("/imagine 一只在樱花树下的猫 --ar 4:3")
    await finished(talk, 1)
    await telegram.send(telegram.ann, telegram.group, text="/imagine a lighthouse at dusk --n 4")
    await talk.message("Got it").wait_for()
    await talk.say("/imagine 山间的小屋，晨雾")
    await expect(talk.message("Drawing").get_by_test_id("bar")).to_be_visible(timeout=20_000)
    await expect(talk.message("收到")).to_have_count(0, timeout=20_000)


async def visit(
    browser: Browser, telegram: TelegramSimulator, person: Person, chat: Chat, look: dict[str, object]
) -> Talk:
    """A page of a person's own, on a desk or a phone."""
    context = await browser.new_context(**look)  # type: ignore[arg-type]
    talk = Talk(await context.new_page(), telegram.url)
    await talk.open(person, chat)
    return talk


async def finished(talk: Talk, results: int) -> None:
    """Wait until so many messages bear the buttons of a result."""
    again = talk.at("keyboard-button").filter(has_text="🔁")
    await expect(again).to_have_count(results, timeout=60_000)


async def save(talk: Talk, path: Path) -> None:
    """Save what is seen, once all pictures are loaded and nothing moves, in few enough bytes for a README."""
    loaded = "() => [...document.querySelectorAll('img.picture')].every(image => image.matches('.loaded'))"
    await talk.page.wait_for_function(loaded)
    shot = await talk.page.screenshot(animations="disabled", caret="hide")
    await asyncio.to_thread(_save, shot, path)


def photo(words: str, name: str) -> FilePayload:
    """A photo from somebody's phone."""
    return {"name": name, "mimeType": "image/jpeg", "buffer": draw(words, (), 1200, 900, SEED)}


def _save(shot: bytes, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.open(BytesIO(shot)).convert("RGB").save(path, optimize=True)


if __name__ == "__main__":
    asyncio.run(take_all(Path(sys.argv[1]) if len(sys.argv) > 1 else FOLDER))
