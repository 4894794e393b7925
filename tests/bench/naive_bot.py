"""The naive bot of `make bench ARGS=beside`, a process of its own: aiogram, a poll every two seconds, and no store.

It answers a prompt with a status message, submits, polls, sends the picture, and edits the status once. What is under
way is lost with the process.

"""

import argparse
import asyncio
import json
from datetime import UTC, datetime
from typing import Any

from aiogram import Bot, Dispatcher
from aiogram.client.session.aiohttp import AiohttpSession
from aiogram.client.telegram import TelegramAPIServer
from aiogram.types import BufferedInputFile, InputMediaPhoto, MediaUnion, Message
from aiohttp import ClientSession
from yarl import URL

from providers.jimeng.signing import canonical_query, sign

POLL_SECONDS = 2.0
REQ_KEY = "jimeng_t2i_v40"


class JimengCalls:
    """The calls to Jimeng, without checks and repeats."""

    def __init__(self, session: ClientSession, endpoint: str, access_key: str, secret_key: str) -> None:
        self._session = session
        self._endpoint = endpoint
        self._access_key = access_key
        self._secret_key = secret_key

    async def submit(self, prompt: str) -> str:
        """Submit a task for one picture; returns its id."""
        payload = {"req_key": REQ_KEY, "prompt": prompt, "scale": 0.5, "force_single": True}
        data = await self._call("CVSync2AsyncSubmitTask", payload)
        return str(data["task_id"])

    async def pictures(self, task_id: str) -> list[str]:
        """The URLs of a task's pictures; an empty list before it is done."""
        payload = {"req_key": REQ_KEY, "task_id": task_id, "req_json": json.dumps({"return_url": True})}
        data = await self._call("CVSync2AsyncGetResult", payload)
        return list(data["image_urls"] or ())

    async def fetch(self, url: str) -> bytes:
        """The bytes of a picture."""
        async with self._session.get(url) as answer:
            return await answer.read()

    async def _call(self, action: str, payload: dict[str, Any]) -> dict[str, Any]:
        query, body = {"Action": action, "Version": "2022-08-31"}, json.dumps(payload).encode()
        headers = sign(
            host=URL(self._endpoint).host_port_subcomponent or "",
            query=query,
            body=body,
            access_key=self._access_key,
            secret_key=self._secret_key,
            now=datetime.now(UTC),
        )
        url = f"{self._endpoint}/?{canonical_query(query)}"
        async with self._session.post(URL(url, encoded=True), data=body, headers=headers) as answer:
            data: dict[str, Any] = (await answer.json())["data"]
            return data


async def imagine(message: Message, jimeng: JimengCalls) -> None:
    """Answer a prompt with its picture."""
    status = await message.reply("Drawing…")
    task_id = await jimeng.submit(message.text or "")
    urls: list[str] = []
    while not urls:
        await asyncio.sleep(POLL_SECONDS)
        urls = await jimeng.pictures(task_id)
    files = [BufferedInputFile(await jimeng.fetch(url), "picture.jpg") for url in urls]
    if len(files) == 1:
        await message.reply_photo(files[0])
    else:
        album: list[MediaUnion] = [InputMediaPhoto(media=file) for file in files]
        await message.reply_media_group(album)
    await status.edit_text("Here it is.")


async def run(options: argparse.Namespace) -> None:
    """Poll Telegram until stopped by a signal."""
    session = AiohttpSession(api=TelegramAPIServer.from_base(options.telegram))
    dispatcher = Dispatcher()
    dispatcher.message.register(imagine)
    async with ClientSession() as http:
        jimeng = JimengCalls(http, options.jimeng, options.access_key, options.secret_key)
        await dispatcher.start_polling(Bot(options.token, session=session), jimeng=jimeng)


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    for name in ("telegram", "token", "jimeng", "access-key", "secret-key"):
        parser.add_argument(f"--{name}", required=True)
    asyncio.run(run(parser.parse_args()))
