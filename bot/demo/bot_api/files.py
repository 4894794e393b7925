"""`FileStore`: all files by `file_id`. An id never expires and is valid for its own kind only."""

import asyncio
import mimetypes
import secrets
from dataclasses import dataclass
from pathlib import Path

from bot.demo.bot_api.errors import ApiError, bad_request
from bot.demo.bot_api.model import JSON, Document, Photo, PhotoSize
from bot.demo.bot_api.photo_sizes import Rendition, is_photo, photo_sizes, thumbnail, unique_id

MB = 1024 * 1024
MAX_PHOTO_BYTES, MAX_UPLOAD_BYTES, MAX_DOWNLOAD_BYTES = 10 * MB, 50 * MB, 20 * MB


@dataclass(frozen=True, slots=True)
class Upload:
    """A file that is being sent. `data` is None beyond `MAX_UPLOAD_BYTES`; `size` counts all bytes."""

    name: str
    data: bytes | None
    mime_type: str
    size: int

    def summary(self) -> JSON:
        """How the call log shows it."""
        return {"file": self.name, "size": self.size, "type": self.mime_type}

    @property
    def content(self) -> bytes:
        """The bytes. Raises `ApiError` 413 when they were too many."""
        if self.data is None:
            raise ApiError(413, "Request Entity Too Large")
        return self.data


def upload(data: bytes, name: str, mime_type: str | None = None) -> Upload:
    """An upload; the type is guessed from the name where it isn't given."""
    return Upload(name, data, mime_type or mimetypes.guess_type(name)[0] or "application/octet-stream", len(data))


@dataclass(frozen=True, slots=True)
class Picture:
    """A stored photo: its sizes, smallest first."""

    sizes: tuple[Rendition, ...]


@dataclass(frozen=True, slots=True)
class Blob:
    """A stored document, with its bytes as they came."""

    upload: Upload
    unique_id: str
    preview: Rendition | None


@dataclass(frozen=True, slots=True)
class Stored:
    """The file behind a `file_id`: a size of a picture, a document or a document's preview."""

    source: Picture | Blob
    data: bytes
    unique_id: str
    name: str
    mime_type: str
    kind: str


class FileStore:
    """Keeps all files in memory and hands out ids. One picture is worked on at a time, in a thread.

    `local`: the bot's folder of a server that runs with `--local`: a file for the bot is written there, whatever its
    size, and told by its absolute path.
    """

    def __init__(self) -> None:
        self.local: Path | None = None
        self._stored: dict[str, Stored] = {}
        self._paths: dict[str, str] = {}
        self._one_at_a_time = asyncio.Lock()

    async def add_photo(self, file: Upload) -> Photo:
        """Take a photo in, with the checks of an upload by a bot. Raises `ApiError`."""
        if file.size > MAX_PHOTO_BYTES:
            raise bad_request(
                f"File of size {file.size} bytes is too big for a photo; the maximum size is {MAX_PHOTO_BYTES} bytes"
            )
        return await self.add_picture(file.content)

    async def add_picture(self, data: bytes) -> Photo:
        """Take a photo of a person in. Its bytes have no limit, since people's apps scale before they send."""
        async with self._one_at_a_time:
            return self.issue_photo(Picture(await asyncio.to_thread(photo_sizes, data)))

    async def add_document(self, file: Upload) -> Document:
        """Take a file in as it is. Raises `ApiError` 413 when it is too big."""
        async with self._one_at_a_time:
            return self.issue_document(await asyncio.to_thread(store, file))

    async def looks_like_photo(self, file: Upload) -> bool:
        """Whether an app would send this as a photo."""
        async with self._one_at_a_time:
            return await asyncio.to_thread(is_photo, file.content)

    def issue_photo(self, picture: Picture) -> Photo:
        """New file ids for a stored photo, for one more message."""
        sizes = []
        for rendition in picture.sizes:
            stored = Stored(picture, rendition.data, rendition.unique_id, "photo.jpg", "image/jpeg", "photos")
            sizes.append(self._size(rendition, self._issue("AgAC", stored)))
        return Photo(tuple(sizes))

    def issue_document(self, blob: Blob) -> Document:
        """New file ids for a stored document, for one more message."""
        file = blob.upload
        preview = None
        if blob.preview:
            stored = Stored(blob, blob.preview.data, blob.preview.unique_id, "preview.jpg", "image/jpeg", "thumbnails")
            preview = self._size(blob.preview, self._issue("AAMC", stored))
        stored = Stored(blob, file.content, blob.unique_id, file.name, file.mime_type, "documents")
        file_id = self._issue("BQAC", stored)
        return Document(file_id, blob.unique_id, file.name, file.mime_type, file.size, preview)

    def add_voice(self, file: Upload) -> JSON:
        """Take a voice message in; gives the fields of its file."""
        stored = Stored(Blob(file, "", None), file.content, unique_id(file.content), file.name, file.mime_type, "voice")
        file_id = self._issue("AwAC", stored)
        return {"file_id": file_id, "file_unique_id": stored.unique_id, "file_size": len(stored.data)}

    def photo(self, file_id: str) -> Photo:
        """A stored photo once more, by the id of any of its sizes. Raises `ApiError` for ids of other kinds."""
        stored = self._known(file_id)
        if not isinstance(stored.source, Picture):
            raise bad_request(f"Can't use file of type {kind_name(stored)} as Photo")
        return self.issue_photo(stored.source)

    def document(self, file_id: str) -> Document:
        """A stored document once more. Raises `ApiError` for ids of other kinds."""
        stored = self._known(file_id)
        if not isinstance(stored.source, Blob) or stored.kind != "documents":
            raise bad_request(f"Can't use file of type {kind_name(stored)} as Document")
        return self.issue_document(stored.source)

    def get(self, file_id: str) -> Stored | None:
        """The file behind an id, None for an unknown one."""
        return self._stored.get(file_id)

    def link(self, file_id: str) -> JSON:
        """The Bot API's File, with a path that can be fetched from now on. Raises `ApiError`."""
        stored = self._stored.get(file_id)
        if stored is None:
            raise bad_request("Wrong file_id or the file is temporarily unavailable")
        if len(stored.data) > MAX_DOWNLOAD_BYTES and self.local is None:
            raise bad_request("File is too big")
        suffix = mimetypes.guess_extension(stored.mime_type) or ""
        path = f"{stored.kind}/file_{len(self._paths)}{suffix}"
        self._paths[path] = file_id
        size = {"file_unique_id": stored.unique_id, "file_size": len(stored.data)}
        return {"file_id": file_id, **size, "file_path": written(self.local / path, stored) if self.local else path}

    def at(self, path: str) -> Stored | None:
        """The file behind a path that `link` gave."""
        return self._stored.get(self._paths.get(path, ""))

    def _known(self, file_id: str) -> Stored:
        if file_id.startswith(("http://", "https://")):
            # Telegram fetches foreign hosts itself, and fails at times; this one has no network and always does.
            raise bad_request("Failed to get HTTP URL content")
        stored = self._stored.get(file_id)
        if stored is None:
            raise bad_request("Wrong file identifier/HTTP URL specified")
        return stored

    def _issue(self, prefix: str, stored: Stored) -> str:
        file_id = f"{prefix}AgIAAxkBAA{secrets.token_urlsafe(33)}"
        self._stored[file_id] = stored
        return file_id

    @staticmethod
    def _size(rendition: Rendition, file_id: str) -> PhotoSize:
        return PhotoSize(file_id, rendition.unique_id, rendition.width, rendition.height, len(rendition.data))


def written(path: Path, stored: Stored) -> str:
    """Write a file to the disk and give its absolute path."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(stored.data)
    return str(path.absolute())


def store(file: Upload) -> Blob:
    """A document with its id and preview made. Blocks. Raises `ApiError` 413 when it is too big."""
    return Blob(file, unique_id(file.content), thumbnail(file.content))


def kind_name(stored: Stored) -> str:
    """The name of a file's type as TDLib writes it in its errors."""
    return {"photos": "Photo", "documents": "Document", "thumbnails": "Thumbnail", "voice": "VoiceNote"}[stored.kind]
