"""The container's files keep their promises; no container engine is needed to test that."""

import json
import re
import subprocess
import sys
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import fastjsonschema
import pytest
import yaml

from bot.__main__ import main
from bot.settings_reader import load
from tests.support.dockerfile import environment, stages, texts

ROOT = Path(__file__).parents[2]
SCHEMA = ROOT / "tests" / "support" / "compose_spec" / "compose-spec.json"
LONGEST_SUBMIT_SECONDS = 60
SECRETS = {
    "BOT_TELEGRAM__TOKEN": "1:a",
    "BOT_PROVIDERS__JIMENG__ACCESS_KEY": "a",
    "BOT_PROVIDERS__JIMENG__SECRET_KEY": "s",
}


def lines(name: str) -> list[str]:
    return (ROOT / name).read_text(encoding="utf-8").splitlines()


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    loaded = yaml.safe_load((ROOT / "compose.yaml").read_text(encoding="utf-8"))
    assert isinstance(loaded, dict)
    return loaded


@pytest.fixture(scope="module")
def bot(compose: Mapping[str, Any]) -> dict[str, Any]:
    service = compose["services"]["bot"]
    assert isinstance(service, dict)
    return service


def test_the_linter_has_nothing_against_the_dockerfile() -> None:
    hadolint = Path(sys.executable).with_name("hadolint")
    run = subprocess.run([hadolint, "Dockerfile"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert (run.stdout, run.stderr, run.returncode) == ("", "", 0)


def test_both_stages_stand_on_one_slim_image_whose_python_is_tested() -> None:
    images = {texts(stage, "FROM")[0].split()[0] for stage in stages()}
    assert len(images) == 1
    version = re.fullmatch(r"python:(3\.\d+)-slim-[a-z]+", images.pop())
    assert version
    classifiers = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["classifiers"]
    assert f"Programming Language :: Python :: {version[1]}" in classifiers


def test_only_wheels_are_installed_and_no_tool_that_builds_gets_into_the_result() -> None:
    build, result = stages()
    (install,) = texts(build, "RUN")
    assert {"--without-pip", "--only-binary=:all:", "--compile"} <= set(install.split())
    assert environment(build)["PIP_CONSTRAINT"] == "/src/constraints.txt"
    # What is copied from this checkout stays in the first stage.
    assert all(text.startswith("--from=build /opt/") for text in texts(result, "COPY"))
    (made,) = texts(result, "RUN")
    assert "pip uninstall" in made
    assert not re.search(r"pip install|apt-get", made)


def test_the_result_runs_as_a_user_with_a_fixed_number_and_stops_by_a_signal() -> None:
    result = stages()[-1]
    (user,) = texts(result, "USER")
    number, _, group = user.partition(":")
    made = texts(result, "RUN")[0]
    assert int(number) > 0
    assert f"useradd --uid {number} --gid {group} " in made
    assert f"--owner={number} --group={group} --mode=700 /data" in made
    assert texts(result, "STOPSIGNAL") == ["SIGTERM"]
    # Without a shell in between, which would keep the signal.
    assert (texts(result, "ENTRYPOINT"), texts(result, "CMD")) == (['["imagine-bot"]'], ['["run"]'])


def test_the_health_check_is_a_command_of_the_bot(capsys: pytest.CaptureFixture[str]) -> None:
    (check,) = texts(stages()[-1], "HEALTHCHECK")
    name, command = json.loads(check.partition("CMD ")[2])
    assert name == "imagine-bot"
    with pytest.raises(SystemExit) as told:
        main([command, "--help"])
    assert told.value.code == 0
    assert capsys.readouterr().out.startswith(f"usage: imagine-bot {command}")


def test_data_goes_to_the_volume() -> None:
    result = stages()[-1]
    (volume,) = texts(result, "VOLUME")
    assert environment(result)["BOT_STORAGE__URL"].startswith(f"sqlite:///{volume}/")
    assert environment(result)["PYTHONDONTWRITEBYTECODE"] == "1"


def test_the_build_gets_the_files_that_it_copies_and_no_others() -> None:
    wanted = {name for text in texts(stages()[0], "COPY") for name in text.split()[:-1]}
    ignored = lines(".dockerignore")
    assert "*" in ignored
    assert {line[1:] for line in ignored if line.startswith("!")} == wanted
    assert all((ROOT / name).exists() for name in wanted)


def test_git_ignores_the_secrets() -> None:
    assert {"/.env", "/config/"} <= set(lines(".gitignore"))


def test_the_compose_file_follows_the_schema(compose: Mapping[str, Any]) -> None:
    validate = fastjsonschema.compile(json.loads(SCHEMA.read_text(encoding="utf-8")))
    validate(compose)
    with pytest.raises(fastjsonschema.JsonSchemaException):
        validate({**compose, "servises": {}})


def test_the_bot_may_write_only_its_volume_and_a_bounded_tmp(bot: Mapping[str, Any]) -> None:
    assert bot["read_only"] is True
    assert re.match(r"/tmp:size=\d", bot["tmpfs"])
    assert [volume for volume in bot["volumes"] if not volume.endswith(":ro")] == ["data:/data"]


def test_all_services_are_bounded(compose: Mapping[str, Any]) -> None:
    for service in compose["services"].values():
        assert service["cap_drop"] == ["ALL"]
        assert service["security_opt"] == ["no-new-privileges:true"]
        assert service["restart"] == "unless-stopped"
        assert set(service["logging"]["options"]) == {"max-size", "max-file"}
        assert int(service["stop_grace_period"].removesuffix("s")) > LONGEST_SUBMIT_SECONDS


def test_one_service_is_the_bot_on_either_database(compose: Mapping[str, Any], bot: Mapping[str, Any]) -> None:
    assert [name for name, service in compose["services"].items() if "build" in service] == ["bot"]
    assert "profiles" not in bot
    assert compose["services"]["postgres"]["profiles"] == ["postgres"]
    assert bot["depends_on"] == {"postgres": {"condition": "service_healthy", "required": False}}
    default = re.fullmatch(r"\$\{BOT_STORAGE__URL:-(.*)\}", bot["environment"]["BOT_STORAGE__URL"])
    assert default
    assert default[1] == environment(stages()[-1])["BOT_STORAGE__URL"]


@pytest.mark.parametrize("postgres", [False, True])
def test_the_example_of_the_environment_is_accepted(
    postgres: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    commented = r"# (?=[A-Z_]+=)" if postgres else "$^"
    pairs = [re.sub(commented, "", line).partition("=") for line in lines(".env.example")]
    values = {name: value for name, equals, value in pairs if equals and not name.startswith("#")}
    assert values.keys() >= SECRETS.keys()
    values |= SECRETS | {"POSTGRES_PASSWORD": "abc123"}
    for name, value in values.items():
        monkeypatch.setenv(name, value.replace("${POSTGRES_PASSWORD}", "abc123"))
    file = tmp_path / "config.toml"
    file.touch()
    settings = load(file)
    backend = "postgresql" if postgres else "sqlite"
    assert settings.storage.url.startswith(backend)
    assert bool(settings.access.admins) is postgres
