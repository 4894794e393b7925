"""The photos of `demo --say`. As a script, before anything is installed, it says which of them are missing."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

EXAMPLE = Path(__file__).parents[2] / "providers" / "simulators" / "pictures" / "backgrounds" / "forest-1.webp"


def add_photos(parser: argparse.ArgumentParser) -> None:
    """Add the argument `--photo`."""
    parser.add_argument(
        "--photo",
        type=Path,
        action="append",
        default=[],
        nargs="?",
        const=EXAMPLE,
        help="a reference for --say (repeatable); without a file a photo of the demo",
    )


def missing(photos: Sequence[Path]) -> str:
    """A sentence about the first of the photos that is not there, if any."""
    return next((f"There is no photo {photo}.\n" for photo in photos if not photo.is_file()), "")


if __name__ == "__main__":
    reader = argparse.ArgumentParser(add_help=False)
    add_photos(reader)
    sys.stderr.write(sentence := missing(reader.parse_known_args()[0].photo))
    sys.exit(2 if sentence else 0)
