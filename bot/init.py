"""`init`: asks for the token and one service's key, tries both, and writes them to a new file."""

import argparse
import asyncio
import sys
from collections.abc import Callable, Mapping
from contextlib import aclosing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from aiogram.types import User

from bot.check import CheckError, check_provider, reach_telegram
from bot.command_line import command_line
from bot.init_answers import Person, at_terminal, read_secret
from bot.init_file import write_new
from bot.init_service import Question, questions
from bot.settings import SettingsError
from bot.settings_reader import HERE, environment, settings_of, values_of
from providers import registry
from providers.sessions import Sessions
from providers.setting_names import LOCAL, SettingsFiles

NOTHING = "Nothing was written."
KEEP = "keep"
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Answers:
    """The answers so far. `environment`: the tables that the environment sets, which are not asked for and not written;
    `tables`: those to write; `person`: who can be asked, if anybody."""

    options: argparse.Namespace
    files: SettingsFiles
    environment: Mapping[str, Any]
    person: Person | None
    tables: dict[str, dict[str, Any]] = field(default_factory=dict)

    def given(self, section: str) -> Mapping[str, Any]:
        """A section of the environment."""
        table = self.environment.get(section, {})
        return table if isinstance(table, dict) else {}

    def read(self, question: Question, file: Path | None) -> Any:
        """The answer: from the file, or of the person. Raises `SettingsError`."""
        if file:
            return question.parsed(read_secret(file))
        if not self.person:
            raise SettingsError(f"{question.key} is missing: {question.how_to_give}. {NOTHING}")
        ask = self.person.hidden if question.is_secret else self.person.line
        return question.parsed(ask(question.label))


def init(options: argparse.Namespace, person: Person | None = None) -> int:
    """The command; returns the exit code. Raises `SettingsError`, and then nothing was written."""
    file = options.config or LOCAL
    _refuse_if_set_up(file, options.config)
    answers = Answers(options, SettingsFiles(edited=file), environment(), person or at_terminal())
    try:
        me = _set_telegram(answers)
        _set_service(answers)
    except KeyboardInterrupt:
        raise SettingsError(f"\n{NOTHING}") from None
    if answers.tables:
        write_new(file, answers.tables)
        _say(f"\nWritten to {file}, which only you can read.")
    else:
        _say("\nThe environment has all that is needed: no file was written.")
    _tell_what_is_next(options, me)
    return 0


def _say(words: str) -> None:
    sys.stdout.write(f"{words}\n")
    sys.stdout.flush()


def _refuse_if_set_up(file: Path, named: Path | None) -> None:
    found = [file] if file.exists() else []
    if not named:
        found += [other for other in HERE if other.is_file() and values_of(other).get("telegram", {}).get("token")]
    if found:
        raise SettingsError(
            f"{found[0]} is there already, and stays as it is. Change it with an editor and try it with "
            f"`{command_line('check', named)}`, or name another file with --config. {NOTHING}"
        )


def _set_telegram(answers: Answers) -> User | None:
    """Set the token, and a proxy if one is needed. None: the person goes on without a trial."""
    token = Question("telegram.token", "Token, from @BotFather", is_secret=True, option="--token-file")
    file: Path | None = answers.options.token_file
    is_given = "token" in answers.given("telegram")

    def ask() -> None:
        if not is_given:
            answers.tables.setdefault("telegram", {})["token"] = answers.read(token, file)

    def attempt() -> User:
        return asyncio.run(reach_telegram(settings_of(answers.tables, answers.files)))

    def take_proxy(address: str) -> None:
        settings_of({"telegram": {"proxy": address}}, answers.files)
        answers.tables.setdefault("telegram", {})["proxy"] = address

    me = _until_accepted(None if is_given or file else answers.person, ask, attempt, take_proxy)
    if me:
        _say(f"✓ telegram: ready as @{me.username}")
    return me


def _set_service(answers: Answers) -> None:
    installed = registry.discover()
    name = _service(answers, sorted(installed))
    given = answers.given("providers").get(name, {})
    asked = [one for one in questions(name, installed[name]) if one.key.split(".")[-1] not in given]
    files: list[Path] = answers.options.key_file
    if files and len(files) != len(asked):
        needed = ", ".join(one.key for one in asked) or "nothing more"
        raise SettingsError(f"Give one --key-file for each of these, in their order: {needed}. {NOTHING}")
    if "default" not in answers.given("providers"):
        answers.tables["providers"] = {"default": name}
    table: dict[str, Any] = answers.tables.setdefault("providers", {}).setdefault(name, {}) if asked else {}

    def ask() -> None:
        for hint in dict.fromkeys(one.hint for one in asked if one.hint and not files):
            _say(f"{hint[0].upper()}{hint[1:]}.")
        given_files: list[Path | None] = [*files] or [None] * len(asked)
        for one, file in zip(asked, given_files, strict=True):
            table[one.key.split(".")[-1]] = answers.read(one, file)

    async def attempt() -> str:
        async with aclosing(Sessions()) as sessions:
            entries = {name: installed[name]}
            built = registry.build({name: {**table, **given}}, name, sessions.of, entries, answers.files)
            async with aclosing(built):
                return await check_provider(name, name, built.get())

    person = None if files or not asked else answers.person
    if said := _until_accepted(person, ask, lambda: asyncio.run(attempt())):
        _say(f"✓ {name}: {said}")


def _service(answers: Answers, installed: list[str]) -> str:
    """The name of the service: an option, the environment's, or as the person says."""
    given, choices = answers.given("providers"), ", ".join(installed)
    likely = next((name for name in given if name != "default"), "")
    name = answers.options.provider or given.get("default") or ("" if answers.person else likely)
    while not name and answers.person:
        typed = answers.person.line(f"Image service ({choices}) [{likely or 'jimeng'}]: ") or likely or "jimeng"
        if typed in installed:
            return typed
        _say(f"There is no service {typed}.")
    if name not in installed:
        fault = f"There is no service {name}" if name else "Name an image service with --provider"
        raise SettingsError(f"{fault}; the installed ones: {choices}. {NOTHING}")
    return str(name)


def _until_accepted(
    person: Person | None,
    ask: Callable[[], None],
    attempt: Callable[[], T],
    take_proxy: Callable[[str], None] | None = None,
) -> T | None:
    """Ask and try until it is accepted, or the person keeps it without a trial (None). Without a person: raise."""
    ask()
    while True:
        try:
            return attempt()
        except (CheckError, SettingsError, registry.SettingsError) as error:
            if not person:
                raise SettingsError(f"{str(error).rstrip('.')}. {NOTHING}") from error
            _say(f"✗ {error}")
            refused = not isinstance(error, CheckError) or error.refused
        if not _repaired(person, ask if refused else None, take_proxy):
            return None


def _repaired(person: Person, ask: Callable[[], None] | None, take_proxy: Callable[[str], None] | None) -> bool:
    """Ask what to do about a trial that failed; False: go on without it. `ask`: asks for other values, where these
    were refused."""
    again = "Enter to type it again" if ask else "Enter to try again"
    proxy = ", the address of a proxy (socks5://host:port)" if take_proxy and not ask else ""
    reply = person.line(f"{again}{proxy}, or “{KEEP}” to go on with it as it is: ")
    if reply == KEEP:
        return False
    if ask:
        ask()
    elif take_proxy and "://" in reply:
        try:
            take_proxy(reply)
        except SettingsError as error:
            _say(f"✗ {error}")
    return True


def _tell_what_is_next(options: argparse.Namespace, me: User | None) -> None:
    where = f"https://t.me/{me.username}" if me else "your bot in Telegram"
    _say(
        f"\nStart the bot:  {command_line('run', options.config)}\n"
        f"Then open {where} and send /start: the first person who does becomes its admin.\n"
        "Nobody else can use it until the admin lets them in (/admin).\n"
        f"To try all settings at any time:  {command_line('check', options.config)}"
    )
