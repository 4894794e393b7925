"""The services that are named for a duel."""

import pytest

from bot.handlers.duel_services import quote_services

NAMES = ("jimeng", "openai", "fal-2")


@pytest.mark.parametrize(
    ("typed", "read"),
    [
        ("a fox --provider jimeng,openai", 'a fox --provider "jimeng,openai"'),
        ("a fox --provider=jimeng,nobody in snow", 'a fox --provider="jimeng,nobody" in snow'),
        ("--provider jimeng, OpenAI a fox", '--provider "jimeng, OpenAI" a fox'),
        ("狐狸 --服务 jimeng，openai、fal-2 --ar 1:1", '狐狸 --服务 "jimeng，openai、fal-2" --ar 1:1'),
        ("—provider jimeng, openai", '—provider "jimeng, openai"'),
        ("a fox --provider jimeng, a hare", "a fox --provider jimeng, a hare"),
        ("a provider of jimeng, openai", "a provider of jimeng, openai"),
        ('--provider "jimeng,openai" a fox', '--provider "jimeng,openai" a fox'),
    ],
)
def test_a_list_of_services_is_one_value(typed: str, read: str) -> None:
    assert quote_services(typed, NAMES) == read
