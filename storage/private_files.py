"""Files and folders that only their owner can read: they hold people's prompts and pictures."""

import logging
import os
from pathlib import Path

log = logging.getLogger(__name__)

FILE_MODE, FOLDER_MODE = 0o600, 0o700
OTHERS = 0o077
"""The bits of a mode that are for others than the owner."""


def make_folder(folder: Path) -> None:
    """Make a folder, and those above it, for this user alone; one that is there stays as it is. Raises `OSError`."""
    for missing in reversed([one for one in (folder, *folder.parents) if not one.exists()]):
        missing.mkdir(FOLDER_MODE, exist_ok=True)


def make_file(file: Path) -> None:
    """Make an empty file for this user alone; one that is there is made private. Raises `OSError`."""
    try:
        # With its mode from the first moment: a later change would come too late for a reader who has opened it.
        os.close(os.open(file, os.O_CREAT | os.O_EXCL | os.O_WRONLY, FILE_MODE))
    except FileExistsError:
        make_private(file)


def make_private(file: Path) -> None:
    """Take a file of this user from all others. Where that fails, the log says so; a missing file is left alone."""
    try:
        found = file.stat()
        if not found.st_mode & OTHERS:
            return
        if found.st_uid != os.geteuid():
            raise PermissionError("it belongs to another user")
        file.chmod(found.st_mode & ~OTHERS)
    except FileNotFoundError:
        return
    except OSError as error:
        # The bot works all the same: its group may be meant to read the file.
        log.warning("%s may be read by other users of this machine, and that can't be changed: %s", file, error)
    else:
        log.info("%s could be read by other users of this machine; now only its owner can", file)
