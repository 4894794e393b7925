"""Photos, files and albums of the bot, and the errors for wrong ones."""

from io import BytesIO
from typing import Any

import pytest
from aiogram import Bot
from aiogram.client.default import DefaultBotProperties
from aiogram.exceptions import (
    TelegramBadRequest,
    TelegramEntityTooLarge,
)
from aiogram.methods import SendMediaGroup
from aiogram.types import (
    InlineKeyboardButton,
    InlineKeyboardMarkup,
    InputMediaDocument,
    InputMediaPhoto,
    ReplyParameters,
)
from PIL import Image

from bot.demo.telegram import TelegramSimulator
from tests.support.bot_uploads import upload


@pytest.fixture
def bot(bot: Bot) -> Bot:
    bot.default = DefaultBotProperties(parse_mode="HTML")
    return bot


def picture(width: int = 64, height: int = 48, kind: str = "JPEG", mode: str = "RGB", **how: Any) -> bytes:
    out = BytesIO()
    Image.new(mode, (width, height), "orange").save(out, kind, **how)
    return out.getvalue()


def keyboard(*buttons: InlineKeyboardButton) -> InlineKeyboardMarkup:
    return InlineKeyboardMarkup(inline_keyboard=[list(buttons)])


def button(text: str = "Go", **kind: Any) -> InlineKeyboardButton:
    return InlineKeyboardButton(text=text, **(kind or {"callback_data": "go"}))


async def test_a_photo_is_encoded_anew_in_several_sizes(bot: Bot, telegram: TelegramSimulator) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # turned by 90°
    message = await bot.send_photo(telegram.ann.id, upload(picture(3000, 1000, exif=exif)), has_spoiler=True)
    assert message.photo
    assert message.has_media_spoiler
    assert [(size.width, size.height) for size in message.photo] == [
        (30, 90), (107, 320), (267, 800), (427, 1280), (853, 2560),
    ]  # fmt: skip
    file = await bot.get_file(message.photo[-1].file_id)
    assert file.file_path
    data = await bot.download_file(file.file_path)
    assert data
    with Image.open(data) as image:
        assert (image.format, image.size, dict(image.getexif())) == ("JPEG", (853, 2560), {})
    small = await bot.send_photo(telegram.ann.id, upload(picture(50, 50, "PNG", "RGBA"), "a.png"))
    assert small.photo
    assert [size.width for size in small.photo] == [50]


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"no picture", "IMAGE_PROCESS_FAILED"),
        (picture(800, 600)[:700], "IMAGE_PROCESS_FAILED"),
        (picture(9000, 1001), "PHOTO_INVALID_DIMENSIONS"),
        (picture(2100, 100), "PHOTO_INVALID_DIMENSIONS"),
        (picture() + bytes(10 * 1024 * 1024), "is too big for a photo; the maximum size is 10485760 bytes"),
        (b"", "file must be non-empty"),
    ],
)
async def test_what_is_no_photo_is_refused(bot: Bot, telegram: TelegramSimulator, data: bytes, reason: str) -> None:
    with pytest.raises(TelegramBadRequest, match=reason):
        await bot.send_photo(telegram.ann.id, upload(data))
    assert telegram.messages(telegram.ann.chat) == []


async def test_a_document_keeps_its_bytes_and_name(bot: Bot, telegram: TelegramSimulator) -> None:
    data = picture(700, 500, "PNG")
    message = await bot.send_document(telegram.ann.id, upload(data, "狐狸 1.png"), caption="original")
    document = message.document
    assert document
    assert document.thumbnail
    assert message.caption == "original"
    assert (document.file_name, document.file_size, document.mime_type) == ("狐狸 1.png", len(data), "image/png")
    assert document.thumbnail.width == 320
    stored = await bot.download(document)
    assert stored
    assert stored.read() == data


async def test_files_have_bounds(bot: Bot, telegram: TelegramSimulator) -> None:
    big = await bot.send_document(telegram.ann.id, upload(bytes(20 * 1024 * 1024 + 1), "big.bin"))
    assert big.document
    with pytest.raises(TelegramBadRequest, match="file is too big"):
        await bot.get_file(big.document.file_id)
    with pytest.raises(TelegramEntityTooLarge):
        await bot.send_document(telegram.ann.id, upload(bytes(50 * 1024 * 1024 + 1), "huge.bin"))


async def test_a_file_id_lasts_and_keeps_its_kind(bot: Bot, telegram: TelegramSimulator) -> None:
    first = await bot.send_photo(telegram.ann.id, upload())
    again = await bot.send_photo(telegram.ming.id, first.photo[-1].file_id if first.photo else "")
    assert first.photo
    assert again.photo
    assert first.photo[-1].file_unique_id == again.photo[-1].file_unique_id
    assert first.photo[-1].file_id != again.photo[-1].file_id
    with pytest.raises(TelegramBadRequest, match="can't use file of type Photo as Document"):
        await bot.send_document(telegram.ann.id, first.photo[-1].file_id)
    document = await bot.send_document(telegram.ann.id, upload())
    assert document.document
    with pytest.raises(TelegramBadRequest, match="can't use file of type Document as Photo"):
        await bot.send_photo(telegram.ann.id, document.document.file_id)
    with pytest.raises(TelegramBadRequest, match="wrong file identifier"):
        await bot.send_photo(telegram.ann.id, "AgACnobody")
    with pytest.raises(TelegramBadRequest, match="failed to get HTTP URL content"):
        await bot.send_photo(telegram.ann.id, "https://example.org/a.jpg")
    with pytest.raises(TelegramBadRequest, match="wrong file_id"):
        await bot.get_file("nobody")


async def test_an_album_is_several_messages(bot: Bot, telegram: TelegramSimulator) -> None:
    known = await bot.send_photo(telegram.ann.id, upload())
    assert known.photo
    album = await bot.send_media_group(
        telegram.ann.id,
        [
            InputMediaPhoto(media=upload(), caption="<b>Four</b> foxes"),
            InputMediaPhoto(media=known.photo[-1].file_id, has_spoiler=True),
            InputMediaPhoto(media=upload(picture(kind="PNG"))),
        ],
        reply_parameters=ReplyParameters(message_id=known.message_id),
    )
    assert len({message.media_group_id for message in album}) == 1
    assert [message.caption for message in album] == ["Four foxes", None, None]
    assert [bool(message.has_media_spoiler) for message in album] == [False, True, False]
    assert all(message.reply_to_message for message in album)
    assert [message.message_id for message in album] == [2, 3, 4]
    papers: list[Any] = [InputMediaDocument(media=upload(name="1.jpg")), InputMediaDocument(media=upload(name="2.jpg"))]
    assert [m.document and m.document.file_name for m in await bot.send_media_group(telegram.ann.id, papers)] == [
        "1.jpg",
        "2.jpg",
    ]


async def test_albums_have_rules(bot: Bot, telegram: TelegramSimulator) -> None:
    photo = InputMediaPhoto(media=upload())
    wrong: list[tuple[list[InputMediaPhoto | InputMediaDocument], str]] = [
        ([photo], "too few messages to send as an album"),
        ([photo] * 11, "too many messages to send as an album"),
        ([photo, InputMediaDocument(media=upload())], "document can't be mixed with other media types"),
        (
            [photo, InputMediaPhoto(media=upload(b"x"))],
            'failed to send message #2 with the error message "IMAGE_PROCESS_FAILED"',
        ),
        ([photo, InputMediaPhoto(media=upload(), caption="x" * 1025)], "message caption is too long"),
    ]
    for media, reason in wrong:
        with pytest.raises(TelegramBadRequest) as error:
            await bot.send_media_group(telegram.ann.id, media)  # type: ignore[arg-type]
        assert reason in error.value.message
    with pytest.raises(TelegramBadRequest, match='parameter "reply_markup" is not known to sendMediaGroup'):
        await bot(SendMediaGroup(chat_id=telegram.ann.id, media=[photo, photo], reply_markup=keyboard(button())))
    assert telegram.messages(telegram.ann.chat) == []


async def test_copies_and_forwards(bot: Bot, telegram: TelegramSimulator) -> None:
    (asked,) = await telegram.send(telegram.ann, text="a fox", files=[picture()])
    copied = await bot.copy_message(telegram.ming.id, telegram.ann.id, asked.id, caption="<b>copy</b>")
    assert telegram.ming.chat.messages[copied.message_id].text == "copy"
    forwarded = await bot.forward_message(telegram.ming.id, telegram.ann.id, asked.id)
    assert forwarded.photo
    assert forwarded.forward_origin
    assert forwarded.caption == "a fox"
    with pytest.raises(TelegramBadRequest, match="message to copy not found"):
        await bot.copy_message(telegram.ming.id, telegram.ann.id, 999)
