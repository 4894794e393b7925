"""Groups, topics, channels and members, and the commands for each of them."""

from typing import Any

import pytest
from aiogram import Bot
from aiogram.exceptions import TelegramBadRequest, TelegramForbiddenError, TelegramMigrateToChat
from aiogram.types import (
    BotCommand,
    BotCommandScopeAllChatAdministrators,
    BotCommandScopeAllGroupChats,
    BotCommandScopeChat,
    BotCommandScopeChatAdministrators,
    BotCommandScopeChatMember,
    BotCommandScopeUnion,
    ChatMemberAdministrator,
    ChatMemberLeft,
    ChatMemberMember,
    ChatMemberOwner,
    ChatMemberRestricted,
    ForceReply,
    MessageOriginChannel,
    ReplyParameters,
    Update,
)

from bot.demo.bot_api.methods.profile import commands_in
from bot.demo.bot_api.world import ANONYMOUS
from bot.demo.telegram import PeopleError, TelegramSimulator
from tests.support.app_harness import picture


async def news(bot: Bot, kinds: list[str] | None = None) -> list[Update]:
    """The updates that wait for the bot; they are confirmed."""
    updates = await bot.get_updates(allowed_updates=kinds)
    if updates:
        await bot.get_updates(offset=updates[-1].update_id + 1)
    return updates


async def test_a_bot_leaves_a_chat(bot: Bot, telegram: TelegramSimulator) -> None:
    group = telegram.group
    assert await bot.leave_chat(group.id)
    (update,) = await news(bot)
    assert update.my_chat_member
    assert update.my_chat_member.from_user.id == bot.id
    assert isinstance(update.my_chat_member.old_chat_member, ChatMemberMember)
    assert isinstance(update.my_chat_member.new_chat_member, ChatMemberLeft)
    with pytest.raises(TelegramForbiddenError):
        await bot.leave_chat(group.id)
    with pytest.raises(TelegramBadRequest, match="private chats"):
        await bot.leave_chat(telegram.ann.id)


async def test_a_muted_bot_hears_of_it_and_may_not_write(bot: Bot, telegram: TelegramSimulator) -> None:
    group = telegram.group
    mine = await bot.send_message(group.id, "x")
    telegram.set_bot(group, "restricted")
    (update,) = await news(bot)
    assert update.my_chat_member
    assert isinstance(update.my_chat_member.old_chat_member, ChatMemberMember)
    muted = update.my_chat_member.new_chat_member
    assert isinstance(muted, ChatMemberRestricted)
    assert (muted.is_member, muted.can_send_messages, muted.can_send_photos) == (True, False, False)
    with pytest.raises(TelegramBadRequest, match="not enough rights to send text messages to the chat"):
        await bot.send_message(group.id, "x")
    await mine.edit_text("y")
    small = telegram.create_group("Small", telegram.ann)
    for chat, status in ((small, "restricted"), (telegram.world.add_channel("News", telegram.ann), "member")):
        with pytest.raises(PeopleError, match=f"the bot can't be {status}"):
            telegram.set_bot(chat, status)  # type: ignore[arg-type]


async def test_the_bot_is_removed_and_added_again(bot: Bot, telegram: TelegramSimulator) -> None:
    group = telegram.group
    telegram.set_bot(group, "kicked", telegram.ann)
    with pytest.raises(TelegramForbiddenError, match="bot was kicked from the supergroup chat"):
        await bot.send_message(group.id, "x")
    telegram.set_bot(group, "member", telegram.ann)
    gone, left, back, joined = await news(bot)
    assert gone.my_chat_member
    assert back.my_chat_member
    assert gone.my_chat_member.from_user.id == telegram.ann.id
    assert (gone.my_chat_member.new_chat_member.status, back.my_chat_member.new_chat_member.status) == (
        "kicked",
        "member",
    )
    assert left.message
    assert left.message.left_chat_member
    assert joined.message
    assert [user.id for user in joined.message.new_chat_members or []] == [bot.id]


async def test_a_group_from_its_first_day_to_its_move(bot: Bot, telegram: TelegramSimulator) -> None:
    old = telegram.create_group("Small", telegram.ann, telegram.ming)
    telegram.set_bot(old, "administrator")
    added, created, promoted = await news(bot)
    assert added.my_chat_member
    assert (added.my_chat_member.old_chat_member.status, added.my_chat_member.chat.type) == ("left", "group")
    assert created.message
    assert created.message.group_chat_created
    assert promoted.my_chat_member
    new = telegram.migrate(old)
    assert [update.message and (update.message.chat.id, update.message.content_type) for update in await news(bot)] == [
        (old.id, "migrate_to_chat_id"),
        (new.id, "migrate_from_chat_id"),
    ]
    for call in (bot.send_message(old.id, "x"), bot.send_chat_action(old.id, "typing")):
        with pytest.raises(TelegramMigrateToChat) as moved:
            await call
        assert moved.value.migrate_to_chat_id == new.id
    assert (await bot.get_chat_member(new.id, bot.id)).status == "administrator"
    with pytest.raises(PeopleError, match="write there"):
        await telegram.send(telegram.ann, old, text="x")


async def test_closed_and_deleted_topics(bot: Bot, telegram: TelegramSimulator) -> None:
    group = telegram.group
    topic = telegram.add_topic(group, "Foxes")
    (asked,) = await telegram.send(telegram.ming, group, text="/imagine", topic=topic)
    telegram.close_topic(group, topic)
    for how in ({"message_thread_id": topic}, {"reply_parameters": ReplyParameters(message_id=asked.id)}):
        with pytest.raises(TelegramBadRequest, match="Bad Request: TOPIC_CLOSED"):
            await bot.send_message(group.id, "x", **how)
    with pytest.raises(PeopleError, match="This topic is closed"):
        await telegram.send(telegram.ming, group, text="x", reply_to=asked.id)
    await telegram.send(telegram.ann, group, text="/admins write on", topic=topic)
    telegram.set_bot(group, "administrator")
    await bot.send_message(group.id, "x", message_thread_id=topic)
    telegram.set_bot(group, "member")
    telegram.reopen_topic(group, topic)
    await bot.send_message(group.id, "x", message_thread_id=topic)
    types = [update.message.content_type for update in await news(bot) if update.message]
    assert types == ["forum_topic_created", "text", "forum_topic_closed", "text", "forum_topic_reopened"]
    telegram.delete_topic(group, topic)
    assert telegram.messages(group) == []
    with pytest.raises(TelegramBadRequest, match="message thread not found"):
        await bot.send_message(group.id, "x", message_thread_id=topic)
    with pytest.raises(PeopleError, match="no such topic"):
        telegram.close_topic(group, topic)


async def test_a_channel_and_its_discussion(bot: Bot, telegram: TelegramSimulator) -> None:
    ann, ming, group = telegram.ann, telegram.ming, telegram.group
    telegram.set_bot(group, "administrator")
    channel = telegram.world.add_channel("Fox news", ann, ming, admins=(ann,), discussion=group)
    assert (await bot.get_chat(channel.id)).linked_chat_id == group.id
    await news(bot)
    (post,) = await telegram.send(ann, channel, text="a fox", files=[picture(64, 48)])
    seen, forwarded = await news(bot)
    assert seen.channel_post
    assert seen.channel_post.from_user is None
    assert seen.channel_post.sender_chat
    assert (seen.channel_post.sender_chat.id, seen.channel_post.chat.type) == (channel.id, "channel")
    forward = forwarded.message
    assert forward
    assert forward.is_automatic_forward
    assert forward.from_user
    assert forward.sender_chat
    assert (forward.from_user.id, forward.sender_chat.id, forward.caption) == (777000, channel.id, "a fox")
    assert isinstance(forward.forward_origin, MessageOriginChannel)
    assert (forward.forward_origin.chat.id, forward.forward_origin.message_id) == (channel.id, post.id)
    await telegram.send(ming, group, text="lovely", reply_to=forward.message_id)
    telegram.edit(ann, post, "two foxes")
    comment, edited = await news(bot)
    assert comment.message
    assert comment.message.message_thread_id == forward.message_id
    assert edited.edited_channel_post
    with pytest.raises(PeopleError, match="Only admins write in a channel"):
        await telegram.send(ming, channel, text="x")


async def test_the_bot_posts_in_a_channel_as_its_admin(bot: Bot, telegram: TelegramSimulator) -> None:
    channel = telegram.world.add_channel("Fox news", telegram.ann, admins=(telegram.ann,), discussion=telegram.group)
    mine = await bot.send_message(channel.id, "from the bot")
    assert mine.from_user is None
    await mine.edit_text("changed")
    assert [message.by_bot for message in telegram.messages(channel)] == [True]
    with pytest.raises(TelegramBadRequest, match="inline keyboard expected"):
        await bot.send_message(channel.id, "and you?", reply_markup=ForceReply())
    # The forward in the discussion follows the edits of the post as long as it exists.
    assert [message.text for message in telegram.messages(telegram.group)] == ["changed"]
    assert [message.sender.id for message in telegram.messages(telegram.group)] == [777000]
    admin = await bot.get_chat_member(channel.id, bot.id)
    assert isinstance(admin, ChatMemberAdministrator)
    assert (admin.can_post_messages, admin.can_manage_topics) == (True, None)
    with pytest.raises(TelegramBadRequest, match="can't change commands in channel chats"):
        await bot.set_my_commands([], BotCommandScopeChat(chat_id=channel.id))
    telegram.set_bot(channel, "left")
    with pytest.raises(TelegramForbiddenError, match="bot is not a member of the channel chat"):
        await bot.send_message(channel.id, "x")
    assert [update.my_chat_member is None for update in await news(bot)] == [False]


async def test_members_of_every_kind(bot: Bot, telegram: TelegramSimulator) -> None:
    ann, ming, group = telegram.ann, telegram.ming, telegram.group
    bob = telegram.world.add_person(510_000_003, "Bob", "bob_draws", "en")
    telegram.write_as_group(ann, group)
    telegram.set_person(group, bob, "administrator")
    telegram.set_person(group, ming, "restricted")
    (posted,) = await telegram.send(ann, group, text="/imagine")
    telegram.edit(ann, posted, "/imagine a fox")
    assert [update.message.sender_chat is None for update in await news(bot) if update.message] == [True, False]

    async def kinds() -> list[type]:
        return [type(await bot.get_chat_member(group.id, who)) for who in (ann.id, bob.id, ming.id, ANONYMOUS.id)]

    assert await kinds() == [ChatMemberOwner, ChatMemberAdministrator, ChatMemberRestricted, ChatMemberLeft]
    assert [admin.user.id for admin in await bot.get_chat_administrators(group.id)] == [bob.id]
    telegram.set_bot(group, "administrator")
    owner, _ = await bot.get_chat_administrators(group.id)
    assert isinstance(owner, ChatMemberOwner)
    assert owner.is_anonymous
    with pytest.raises(PeopleError, match="may only read"):
        await telegram.send(ming, group, text="x")
    await news(bot, ["chat_member", "message"])
    telegram.set_person(group, ming, "member")
    telegram.set_person(group, bob, "left")
    freed, gone, farewell = await news(bot)
    assert freed.chat_member
    assert (freed.chat_member.old_chat_member.status, freed.chat_member.new_chat_member.status) == (
        "restricted",
        "member",
    )
    assert gone.chat_member
    assert farewell.message
    assert farewell.message.left_chat_member
    assert await kinds() == [ChatMemberOwner, ChatMemberLeft, ChatMemberMember, ChatMemberLeft]


async def test_the_narrowest_commands_win(bot: Bot, telegram: TelegramSimulator) -> None:
    ann, ming, group = telegram.ann, telegram.ming, telegram.group

    async def tell(name: str, scope: BotCommandScopeUnion | None = None, code: str | None = None) -> list[str]:
        await bot.set_my_commands([BotCommand(command=name, description=name)], scope, code)
        seen = [commands_in(telegram.bot_user, group, person) for person in (ann, ming)]
        return [commands[0]["command"] for commands in seen if commands]

    here: dict[str, Any] = {"chat_id": group.id}
    assert await tell("all") == ["all", "all"]
    assert await tell("zh", None, "zh") == ["all", "zh"]
    assert await tell("groups", BotCommandScopeAllGroupChats()) == ["groups", "groups"]
    assert await tell("chiefs", BotCommandScopeAllChatAdministrators()) == ["chiefs", "groups"]
    assert await tell("here", BotCommandScopeChat(**here)) == ["here", "here"]
    assert await tell("hers", BotCommandScopeChatAdministrators(**here)) == ["hers", "here"]
    assert await tell("his", BotCommandScopeChatMember(**here, user_id=ming.id)) == ["hers", "his"]
    assert await tell("his_zh", BotCommandScopeChatMember(**here, user_id=ming.id), "zh") == ["hers", "his_zh"]
    with pytest.raises(TelegramBadRequest, match="can't use specified scope in private chats"):
        await tell("x", BotCommandScopeChatAdministrators(chat_id=ann.id))
    with pytest.raises(TelegramBadRequest, match="user not found"):
        await tell("x", BotCommandScopeChatMember(**here, user_id=5))


async def test_the_bot_s_names(bot: Bot, telegram: TelegramSimulator) -> None:
    await bot.set_my_name("想象", language_code="zh")
    await bot.set_my_name("Painter")
    assert [(await bot.get_my_name(code)).name for code in ("zh", "de", None)] == ["想象", "Painter", "Painter"]
    await bot.set_my_name("", language_code="zh")
    assert (await bot.get_my_name("zh")).name == (await bot.get_me()).first_name == "Painter"
    with pytest.raises(TelegramBadRequest, match="BOT_TITLE_INVALID"):
        await bot.set_my_name("")
