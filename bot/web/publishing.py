"""The choice of where references are published: a bucket, where the settings name one."""

import sys
from typing import TYPE_CHECKING

from bot.settings import BucketSettings, SettingsError

if TYPE_CHECKING:
    from bot.web.bucket import Bucket


def open_bucket(settings: BucketSettings, token: str) -> "Bucket | None":
    """The bucket, if one is set. Raises `SettingsError` when the package for it is missing."""
    if not settings.name:
        return None
    try:
        from bot.web.bucket import Bucket  # noqa: PLC0415 - an optional package
    except ImportError as error:
        advice = f"object storage needs one more package: {sys.executable} -m pip install obstore"
        raise SettingsError(f"bucket.name: {advice}, or leave it empty.") from error
    return Bucket(settings, token)
