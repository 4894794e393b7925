"""Likenesses as references: their bytes, and who is who in the prompt that a service gets."""

import re
from collections.abc import Iterable, Sequence

from providers.errors import Sentence
from storage.records import StoredReference

TAKEN_BACK = Sentence("Someone in this picture no longer lets me use their photo, so I can't draw them.")
_HAN = re.compile("[\u3400-\u9fff]")


def meant(prompt: str, references: Iterable[StoredReference]) -> list[StoredReference]:
    """The references that go with one of several prompts of a job: each gets the people whom it names."""
    return [one for one in references if one.named is None or _names(one.named.splitlines()).search(prompt)]


def with_people(prompt: str, references: Sequence[StoredReference]) -> str:
    """The prompt for a service: each name that means a likeness becomes that picture, by its number. In the language
    that the prompt seems to be written in."""
    template = "图{number}中的人" if _HAN.search(prompt) else "the person in picture {number}"
    people = {
        name: template.format(number=number)
        for number, one in enumerate(references, 1)
        for name in (one.named or "").splitlines()
    }
    if not people:
        return prompt
    found = _names(people)
    people = {name.lower(): words for name, words in people.items()}
    return found.sub(lambda match: people[match[0].lower()], prompt)


def _names(names: Iterable[str]) -> re.Pattern[str]:
    # The longest first: one name may begin with another.
    any_name = "|".join(map(re.escape, sorted(names, key=len, reverse=True)))
    return re.compile(f"(?<![A-Za-z0-9_])(?:{any_name})(?![A-Za-z0-9_])", re.IGNORECASE)


def is_taken_back(reference: StoredReference) -> bool:
    """Whether the bytes of a likeness were erased since the job was prepared."""
    return reference.likeness_id is not None and reference.size is None
