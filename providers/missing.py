"""The sentence about the pictures of a set that are not there."""

from providers.errors import Sentence

ONE_HELD_BACK = Sentence("The service's safety check held back one of the pictures.")
ONE_FAILED = Sentence("The service couldn't make one of the pictures.")


def missing(*, held_back: int = 0, failed: int = 0) -> Sentence | None:
    """The sentence for so many pictures; None where none is missing. Where some failed, all count as failed."""
    count = held_back + failed
    if count == 0:
        return None
    if count == 1:
        return ONE_FAILED if failed else ONE_HELD_BACK
    values = {"count": count}
    if failed:
        return Sentence("The service couldn't make {count} of the pictures.", values)
    return Sentence("The service's safety check held back {count} of the pictures.", values)
