"""All views of the chat page, light and dark: axe-core finds nothing, and in both languages no label is in the wrong
one."""

import re
from importlib.resources import files

import pytest
from playwright.async_api import expect

from bot.demo.telegram import Person
from tests.e2e.chat_page import ChatPage, photo
from tests.e2e.conftest import Visit
from tests.e2e.harness import DemoHarness

pytestmark = pytest.mark.asyncio(loop_scope="session")

AXE = files("axe_playwright_python").joinpath("axe.min.js").read_text("utf-8")
FINDINGS = """async (runOnly) => {
    const { violations } = await axe.run(document, { resultTypes: ["violations"], ...(runOnly && { runOnly }) });
    return violations.flatMap(({ id, nodes }) =>
        nodes.map(({ html, failureSummary }) => `${id}: ${html.slice(0, 160)} ${failureSummary}`));
}"""
LABELS = """() => {
    const found = [];
    const foreign = [".text", ".inline", ".face", ".who", "[data-testid=description]", "#announcer", ".quote-text",
        ".preview", ".key", ".call", ".filters", ".chip", ".commands",
        ".viewer-words strong", ".viewer-caption", "h1"].join();
    const labels = ["aria-label", "title", "placeholder"];
    for (const node of document.body.querySelectorAll("*")) {
        if (node.closest(foreign) || !node.checkVisibility()) continue;
        found.push(...labels.map((name) => node.getAttribute(name)));
        found.push(...[...node.childNodes].filter((child) => child.nodeType === 3).map((child) => child.data));
    }
    return found.filter(Boolean);
}"""
"""The page's own labels, without what people and the bot say, names of services and calls."""
CONTRAST = ["color-contrast"]
CALM = "() => document.getAnimations().every((one) => one.playState !== 'running')"
NAMES = re.compile(r"@\w+|Imagine|imagine-bot|Ann|小明?|Picture club|Foxes|red\.jpeg|Telegram|JPEG|TG|JM|KB|\b\d+ ms")
ENGLISH = re.compile(r"[A-Za-z]{2,}")
CHINESE = re.compile(r"[\u4e00-\u9fff]")


class Inspection:
    """Holds the views of one page against the rules. `findings`: what is wrong, by view."""

    def __init__(self, chat_page: ChatPage) -> None:
        self.chat_page = chat_page
        self.findings: dict[str, list[str]] = {}
        self._is_english = chat_page.language == "en"
        self._wrong = CHINESE if self._is_english else ENGLISH

    async def view(self, name: str) -> None:
        """Look at what the page shows now."""
        found = [label for label in await self.chat_page.page.evaluate(LABELS) if self._is_foreign(label)]
        # In Chinese the elements, their roles and their colours are the same, and to look at them takes most of the
        # time.
        if self._is_english:
            found += await self._by_axe()
        if found:
            self.findings[name] = found

    def _is_foreign(self, label: str) -> bool:
        return self._wrong.search(NAMES.sub("", label)) is not None

    async def _by_axe(self) -> list[str]:
        page = self.chat_page.page
        await page.emulate_media(color_scheme="dark")
        await page.wait_for_function(CALM)
        found = [f"dark: {finding}" for finding in await page.evaluate(FINDINGS, CONTRAST)]
        await page.emulate_media(color_scheme="light")
        await page.wait_for_function(CALM)
        return [*found, *await page.evaluate(FINDINGS)]


@pytest.mark.parametrize("name", ["ann", "ming"])
async def test_each_view_can_be_read_by_all(harness: DemoHarness, visit: Visit, name: str) -> None:
    person: Person = getattr(harness.telegram, name)
    chat_page = await visit(person, color_scheme="light")
    await chat_page.page.evaluate(AXE)
    inspection = Inspection(chat_page)
    await inspection.view("welcome")
    await a_chat(harness, chat_page, inspection, person)
    await the_side(chat_page, inspection)
    await a_group(harness, chat_page, inspection, person)
    assert "\n".join(f"{where}: {what}" for where, found in inspection.findings.items() for what in found) == ""


async def a_chat(harness: DemoHarness, chat_page: ChatPage, inspection: Inspection, person: Person) -> None:
    """Messages of all kinds, their menu, the viewer, and what the composer shows."""
    await harness.made("a red fox in the snow --n 2", who=person)
    for kind in ("voice", "sticker", "video", "location"):
        harness.telegram.send_thing(person, kind)
    await chat_page.say("/help")
    helped = chat_page.message("--ar" if chat_page.language == "en" else "--比例")
    await expect(helped).to_be_visible()
    harness.hold()
    await chat_page.say("a hare, https://example.org and `code`", photo("red"))
    await expect(chat_page.button(chat_page.words("Cancel"))).to_be_visible()
    await inspection.view("messages")
    harness.release()
    await helped.hover()
    await helped.get_by_test_id("message-menu").click()
    await inspection.view("menu of a message")
    await chat_page.at("menu-reply").click()
    await chat_page.at("file-input").set_input_files([photo("red")])
    await inspection.view("a reply with a picture")
    await chat_page.at("composer").fill("/")
    await inspection.view("commands")
    await chat_page.at("composer").fill("")
    await chat_page.at("photo").first.click()
    await inspection.view("viewer")
    await chat_page.at("viewer-close").click()


async def the_side(chat_page: ChatPage, inspection: Inspection) -> None:
    """The panel with the faults, the calls, and the chat with a blocked bot."""
    await chat_page.at("faults-open").click()
    await chat_page.at("fault").first.click()
    await expect(chat_page.at("toast")).to_be_visible()
    await chat_page.at("call").last.locator(".call-line").click()
    await inspection.view("faults and a call")
    await chat_page.at("faults-clear").click()
    await chat_page.at("group-menu").click()
    await inspection.view("menu of the chat")
    await chat_page.at("menu-block").click()
    await expect(chat_page.at("unblock")).to_be_visible()
    await inspection.view("blocked")
    await chat_page.at("unblock").click()


async def a_group(harness: DemoHarness, chat_page: ChatPage, inspection: Inspection, person: Person) -> None:
    """A group with topics, results of inline mode, and a question for a name."""
    other = next(one for one in (harness.telegram.ann, harness.telegram.ming) if one is not person)
    await chat_page.enter("Picture club")
    harness.telegram.add_topic(harness.telegram.group, "Foxes")
    await harness.telegram.send(other, harness.telegram.group, text="hello 123")
    await expect(chat_page.message("hello 123")).to_be_visible()
    await inspection.view("group")
    await chat_page.at("composer").fill("@imagine_demo_bot ")
    await expect(chat_page.at("inline-result").first).to_be_visible()
    await inspection.view("inline results")
    await chat_page.at("composer").fill("")
    await chat_page.at("new-group").click()
    await inspection.view("question for a name")
    await chat_page.page.keyboard.press("Escape")
    await chat_page.page.set_viewport_size({"width": 390, "height": 844})
    await inspection.view("phone")
    await chat_page.at("panel-toggle").click()
    await inspection.view("panel on a phone")
