"""Messages of the bot: text, HTML, keyboards, replies, topics; and the errors for wrong ones."""

from typing import Any

import pytest
from aiogram import Bot
from aiogram.client.default import DefaultBotProperties
from aiogram.exceptions import (
    TelegramBadRequest,
    TelegramForbiddenError,
    TelegramMigrateToChat,
)
from aiogram.types import (
    CopyTextButton,
    DisabledButton,
    InlineKeyboardButton,
    InlineKeyboardMarkup,
    MessageEntity,
    ReplyParameters,
)

from bot.demo.chat import groups
from bot.demo.telegram import TelegramSimulator
from tests.support.bot_uploads import orange, upload


@pytest.fixture
def bot(bot: Bot) -> Bot:
    bot.default = DefaultBotProperties(parse_mode="HTML")
    return bot


def keyboard(*buttons: InlineKeyboardButton) -> InlineKeyboardMarkup:
    return InlineKeyboardMarkup(inline_keyboard=[list(buttons)])


def button(text: str = "Go", **kind: Any) -> InlineKeyboardButton:
    return InlineKeyboardButton(text=text, **(kind or {"callback_data": "go"}))


async def test_a_message_arrives_with_its_entities(bot: Bot, telegram: TelegramSimulator) -> None:
    text = (
        '<b>Fox 🦊 &amp; <i>owl</i></b> &lt;3 <a href="https://example.org/?a=1&amp;b=2">link</a> /start #tag 5 &#39;'
    )
    message = await bot.send_message(telegram.ann.id, text)
    assert message.text == "Fox 🦊 & owl <3 link /start #tag 5 '"
    found = {(entity.type, entity.extract_from(message.text), entity.url) for entity in message.entities or []}
    assert found == {
        ("bold", "Fox 🦊 & owl", None),
        ("italic", "owl", None),
        ("text_link", "link", "https://example.org/?a=1&b=2"),
        ("bot_command", "/start", None),
        ("hashtag", "#tag", None),
    }
    assert message.from_user
    assert message.from_user.id == telegram.bot_user.id == bot.id
    assert [stored.text for stored in telegram.messages(telegram.ann.chat)] == [message.text]


@pytest.mark.parametrize(
    ("source", "text", "kinds"),
    [
        ('<pre><code class="language-python">x = 1</code></pre>', "x = 1", ["pre"]),
        ("<code class='language-x'>y</code>", "y", ["code"]),
        ('<span class="tg-spoiler">s</span><tg-spoiler>t</tg-spoiler>', "st", ["spoiler", "spoiler"]),
        ("<blockquote expandable>q</blockquote>", "q", ["expandable_blockquote"]),
        ("  <u> padded </u>  ", "padded", ["underline"]),
        ("<b></b>nothing & &unknown; all", "nothing & &unknown; all", []),
        ("<code>/start @ann_paints</code>", "/start @ann_paints", ["code"]),
        ("ann@example.org https://example.org/a.", "ann@example.org https://example.org/a.", ["email", "url"]),
    ],
)  # fmt: skip
async def test_html_is_read_as_telegram_reads_it(
    bot: Bot, telegram: TelegramSimulator, source: str, text: str, kinds: list[str]
) -> None:
    message = await bot.send_message(telegram.ann.id, source)
    assert message.text == text
    assert [entity.type for entity in message.entities or []] == kinds


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        ("<b>open", 'Can\'t find end tag corresponding to start tag "b"'),
        ("<b>x</i>", 'Unmatched end tag at byte offset 4, expected "</b>", found "</i>"'),
        ("ü</b>", "Unexpected end tag at byte offset 2"),
        ("a <br> b", 'Unsupported start tag "br" at byte offset 2'),
        ("1 < 2", "Unclosed start tag at byte offset 2"),
        ("1 < 2 > 0", 'Unsupported start tag "" at byte offset 2'),
        ("<span>x</span>", 'Tag "span" must have class "tg-spoiler" at byte offset 0'),
        ("<b hidden>x</b>", 'Expected equal sign in declaration of an attribute of the tag "b" at byte offset 0'),
        ("<b>x</b", "Unclosed end tag at byte offset 4"),
    ],
)
async def test_broken_html_is_refused(bot: Bot, telegram: TelegramSimulator, source: str, reason: str) -> None:
    with pytest.raises(TelegramBadRequest) as error:
        await bot.send_message(telegram.ann.id, source)
    assert error.value.message == f"Bad Request: can't parse entities: {reason}"


async def test_the_length_counts_after_parsing_in_utf16(bot: Bot, telegram: TelegramSimulator) -> None:
    ann = telegram.ann.id
    await bot.send_message(ann, f"<b>{'x' * 4096}</b>")
    with pytest.raises(TelegramBadRequest, match="message is too long"):
        await bot.send_message(ann, "🦊" * 2049)
    await bot.send_photo(ann, upload(), caption=f"<i>{'x' * 1024}</i>")
    with pytest.raises(TelegramBadRequest, match="message caption is too long"):
        await bot.send_photo(ann, upload(), caption="x" * 1025)


async def test_empty_words_are_refused(bot: Bot, telegram: TelegramSimulator) -> None:
    with pytest.raises(TelegramBadRequest, match="message text is empty"):
        await bot.send_message(telegram.ann.id, "")
    with pytest.raises(TelegramBadRequest, match="text must be non-empty"):
        await bot.send_message(telegram.ann.id, "<b> </b>")


async def test_entities_can_be_given_and_must_fit(bot: Bot, telegram: TelegramSimulator) -> None:
    bold = [MessageEntity(type="bold", offset=0, length=2)]
    message = await bot.send_message(telegram.ann.id, "<b", parse_mode=None, entities=bold)
    assert message.text == "<b"
    assert message.entities
    assert [entity.type for entity in message.entities] == ["bold"]
    beyond = [MessageEntity(type="bold", offset=1, length=9)]
    with pytest.raises(TelegramBadRequest):
        await bot.send_message(telegram.ann.id, "x", parse_mode=None, entities=beyond)


@pytest.mark.parametrize("mode", ["MarkdownV2", "bbcode"])
async def test_other_parse_modes_are_refused(bot: Bot, telegram: TelegramSimulator, mode: str) -> None:
    with pytest.raises(TelegramBadRequest):
        await bot.send_message(telegram.ann.id, "*x*", parse_mode=mode)


@pytest.mark.parametrize(
    ("wrong", "reason"),
    [
        (button(callback_data="é" * 33), "BUTTON_DATA_INVALID"),
        (button(callback_data="x" * 65), "BUTTON_DATA_INVALID"),
        (InlineKeyboardButton(text="Nothing"), "Text buttons are unallowed in the inline keyboard"),
        (button(callback_data="x", url="https://example.org"), "exactly one of callback_data, url"),
        (button(url="example.org"), "inline keyboard button URL 'example.org' is invalid: Wrong HTTP URL"),
        (button(copy_text=CopyTextButton(text="x" * 257)), "BUTTON_COPY_TEXT_INVALID"),
        (button(callback_data="x", style="pink"), "style must be one of"),
        (button(callback_data="x", colour="red"), 'field "colour" is not known'),
        (button(" ", callback_data="x"), "text must be non-empty"),
    ],
)
async def test_wrong_buttons_are_refused(
    bot: Bot, telegram: TelegramSimulator, wrong: InlineKeyboardButton, reason: str
) -> None:
    with pytest.raises(TelegramBadRequest) as error:
        await bot.send_message(telegram.ann.id, "x", reply_markup=keyboard(wrong))
    assert reason in error.value.message


async def test_all_kinds_of_buttons_arrive(bot: Bot, telegram: TelegramSimulator) -> None:
    wanted = keyboard(
        button("Stop", callback_data="x" * 64, style="danger"),
        button("Site", url="https://example.org"),
        button("Copy", copy_text=CopyTextButton(text="a fox")),
        button("Wait", disabled=DisabledButton()),
    )
    message = await bot.send_message(telegram.ann.id, "x", reply_markup=wanted)
    assert message.reply_markup
    assert message.reply_markup.model_dump() == wanted.model_dump()
    assert telegram.messages(telegram.ann.chat)[0].buttons == ["Stop", "Site", "Copy", "Wait"]
    too_many = InlineKeyboardMarkup(inline_keyboard=[[button()]] * 101)
    with pytest.raises(TelegramBadRequest, match="reply markup is too long"):
        await bot.send_message(telegram.ann.id, "x", reply_markup=too_many)


async def test_replies(bot: Bot, telegram: TelegramSimulator) -> None:
    (asked,) = await telegram.send(telegram.ann, text="a fox", files=[orange()])
    answer = await bot.send_message(telegram.ann.id, "done", reply_parameters=ReplyParameters(message_id=asked.id))
    assert answer.reply_to_message
    assert answer.reply_to_message.photo
    assert answer.reply_to_message.caption == "a fox"
    follow = await answer.reply("one more")
    assert follow.reply_to_message
    assert follow.reply_to_message.reply_to_message is None
    with pytest.raises(TelegramBadRequest, match="message to be replied not found"):
        await bot.send_message(telegram.ann.id, "x", reply_parameters=ReplyParameters(message_id=999))
    lenient = ReplyParameters(message_id=999, allow_sending_without_reply=True)
    assert (await bot.send_message(telegram.ann.id, "x", reply_parameters=lenient)).reply_to_message is None


async def test_topics(bot: Bot, telegram: TelegramSimulator) -> None:
    group = telegram.group
    topic = groups.add_topic(telegram.world, group, "Foxes")
    message = await bot.send_message(group.id, "x", message_thread_id=topic)
    assert message.is_topic_message
    assert message.message_thread_id == topic
    assert message.reply_to_message
    assert message.reply_to_message.forum_topic_created
    (asked,) = await telegram.send(telegram.ann, group, text="/imagine a fox", topic=topic)
    answer = await bot.send_message(group.id, "y", reply_parameters=ReplyParameters(message_id=asked.id))
    assert answer.message_thread_id == topic
    general = await bot.send_message(group.id, "z")
    assert general.message_thread_id is None
    assert general.chat.is_forum
    with pytest.raises(TelegramBadRequest, match="message thread not found"):
        await bot.send_message(group.id, "x", message_thread_id=999)


async def test_replies_in_a_supergroup_without_topics_carry_a_thread(bot: Bot, telegram: TelegramSimulator) -> None:
    group = telegram.group
    root = await bot.send_message(group.id, "root")
    second = await root.reply("second")
    third = await second.reply("third")
    assert (second.message_thread_id, third.message_thread_id) == (root.message_id, root.message_id)
    assert third.is_topic_message is None


async def test_chats_that_can_not_be_written_to(bot: Bot, telegram: TelegramSimulator) -> None:
    world, group = telegram.world, telegram.group
    for nobody in (12345, "@nobody"):
        with pytest.raises(TelegramBadRequest, match="chat not found"):
            await bot.send_message(nobody, "x")
    groups.set_bot_status(world, telegram.ann.chat, "kicked")
    with pytest.raises(TelegramForbiddenError, match="Forbidden: bot was blocked by the user"):
        await bot.send_message(telegram.ann.id, "x")
    groups.set_bot_status(world, telegram.ann.chat, "member")
    await bot.send_message(telegram.ann.id, "x")
    groups.set_bot_status(world, group, "restricted")
    with pytest.raises(TelegramBadRequest, match="not enough rights to send photos to the chat"):
        await bot.send_photo(group.id, upload())
    groups.set_bot_status(world, group, "kicked")
    with pytest.raises(TelegramForbiddenError, match="Forbidden: bot was kicked from the supergroup chat"):
        await bot.send_message(group.id, "x")
    old = world.add_group("Small", telegram.ann, admins=(telegram.ann,), type_="group")
    await bot.send_message(old.id, "x")
    new = groups.migrate(world, old)
    with pytest.raises(TelegramMigrateToChat) as moved:
        await bot.send_message(old.id, "x")
    assert moved.value.migrate_to_chat_id == new.id
    updates = await bot.get_updates()
    kinds = [update.my_chat_member and update.my_chat_member.new_chat_member.status for update in updates]
    assert kinds == ["kicked", "member", "restricted", "kicked", None, None, None]
