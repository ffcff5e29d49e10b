"""The environment: defaults of a local copy, secrets by name, and a start that stops with one sentence."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Final

import boto3
import pytest
from django.core.exceptions import ImproperlyConfigured
from moto import mock_aws

from config import env

KEY: Final = "a-key-for-this-test-alone-as-long-as-one-has-to-be-0123456789"
LAMBDA: Final = "import itsm.lambda_handler"
CLEAN: Final = "System check identified no issues (1 silenced).\n"


@pytest.fixture
def local_env(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A local copy's file of defaults; what is loaded into the environment goes again."""
    monkeypatch.setattr(os, "environ", dict(os.environ))
    monkeypatch.setenv("LOCAL_DIR", str(tmp_path))
    return tmp_path / "local.env"


def test_a_local_copy_gives_defaults_and_the_environment_wins(local_env: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    local_env.write_text("FOYER_ONE=from the file\nFOYER_TWO=a=b\nFOYER_SET=file\n\n")
    monkeypatch.setenv("FOYER_SET", "environment")
    env.load_local_defaults()
    assert (env.text("FOYER_ONE"), env.text("FOYER_TWO"), env.text("FOYER_SET")) == (
        "from the file",
        "a=b",
        "environment",
    )


@pytest.mark.parametrize(
    ("given", "words", "with_empty"),
    [(None, ["a/"], ["a/"]), ("", ["a/"], [""]), ("b/, c", ["b/", "c"], ["b/", "c"]), ("b/,", ["b/"], ["b/", ""])],
)
def test_an_empty_value_counts_only_where_it_means_something(
    monkeypatch: pytest.MonkeyPatch, given: str | None, words: list[str], with_empty: list[str]
) -> None:
    monkeypatch.delenv("FOYER_WORDS", raising=False)
    if given is not None:
        monkeypatch.setenv("FOYER_WORDS", given)
    assert env.words("FOYER_WORDS", "a/") == words
    assert env.words("FOYER_WORDS", "a/", empty=True) == with_empty


def test_a_local_copy_gives_no_secret_where_one_is_looked_up(local_env: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    local_env.write_text("FOYER_KEY=local\nFOYER_OTHER_SECRET_ID=x\n")
    monkeypatch.setenv("FOYER_KEY_SECRET_ID", "production/key")
    env.load_local_defaults()
    assert (env.text("FOYER_KEY"), env.text("FOYER_OTHER_SECRET_ID")) == ("", "")


def test_without_a_local_copy_nothing_is_loaded(local_env: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    env.load_local_defaults()
    monkeypatch.setenv("LOCAL_DIR", "")
    assert env.local_dir() is None
    env.load_local_defaults()


@pytest.mark.parametrize(("value", "meaning"), [("1", True), ("Yes", True), ("on", True), ("0", False), ("", False)])
def test_a_flag_is_read_as_people_write_it(value: str, meaning: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FOYER_FLAG", value)
    assert env.flag("FOYER_FLAG") is meaning


def test_words_and_numbers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FOYER_WORDS", " a, b,,c ")
    monkeypatch.setenv("FOYER_NUMBER", "12")
    assert env.words("FOYER_WORDS") == ["a", "b", "c"]
    assert (env.number("FOYER_NUMBER", 1), env.number("FOYER_UNSET", 7)) == (12, 7)


def test_a_number_that_is_none_stops_the_start_with_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FOYER_NUMBER", "many")
    with pytest.raises(ImproperlyConfigured, match="FOYER_NUMBER must be a whole number, but it is 'many'"):
        env.number("FOYER_NUMBER", 1)


@pytest.fixture
def secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    """No region but the product's own setting."""
    monkeypatch.delenv("AWS_DEFAULT_REGION", raising=False)
    monkeypatch.setenv("REGION", "eu-west-1")


def test_a_secret_is_looked_up_by_its_id_in_the_region_of_the_settings(
    secrets: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FOYER_KEY", "as it stands")
    assert env.secret("FOYER_KEY") == "as it stands"
    with mock_aws():
        boto3.client("secretsmanager", region_name="eu-west-1").create_secret(
            Name="foyer/key", SecretString="looked up"
        )
        monkeypatch.setenv("FOYER_KEY_SECRET_ID", "foyer/key")
        assert env.secret("FOYER_KEY") == "looked up"


def test_a_secret_that_is_not_there_stops_the_start_with_a_sentence(
    secrets: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FOYER_KEY_SECRET_ID", "foyer/no-such-key")
    with (
        mock_aws(),
        pytest.raises(ImproperlyConfigured, match="FOYER_KEY_SECRET_ID names foyer/no-such-key, which can"),
    ):
        env.secret("FOYER_KEY")


def start(project: Path, *arguments: str, **environment: str) -> "subprocess.CompletedProcess[str]":
    """`manage.py` in a process of its own, with nothing set but what is given."""
    return run(project, "manage.py", *arguments, **environment)


def run(project: Path, *arguments: str, **environment: str) -> "subprocess.CompletedProcess[str]":
    """As above, but any program."""
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=project,
        env={"PATH": os.environ["PATH"], "LOCAL_DIR": "", **environment},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


@pytest.mark.parametrize("command", ["check", "consume"])
def test_a_missing_secret_key_stops_the_start_with_one_sentence(project: Path, command: str) -> None:
    ended = start(project, command)
    assert ended.returncode != 0
    assert ended.stderr.startswith("DJANGO_SECRET_KEY is not set: set it (or DJANGO_SECRET_KEY_SECRET_ID)")
    assert len(ended.stderr.splitlines()) == 1


@pytest.mark.parametrize("key", ["x", "k" * 60, "abcdef" * 8, "django-insecure-" + KEY])
@pytest.mark.parametrize("debug", ["0", "1"])
def test_a_weak_secret_key_stops_the_start_and_is_not_told(key: str, debug: str) -> None:
    with pytest.raises(ImproperlyConfigured, match=r"DJANGO_SECRET_KEY is weak.*Make one with: python3 -c") as refused:
        env.secret_key(key, debugging=debug == "1")
    assert key == "x" or key not in str(refused.value)


@pytest.mark.parametrize("program", [["manage.py", "consume"], ["-c", "import config.wsgi"], ["-c", LAMBDA]])
def test_no_program_starts_with_a_weak_secret_key(project: Path, program: list[str]) -> None:
    """Not the web server, not a worker, not Lambda."""
    ended = run(project, *program, DJANGO_SECRET_KEY="weak", DJANGO_SETTINGS_MODULE="config.settings")
    assert ended.returncode != 0
    assert "DJANGO_SECRET_KEY is weak" in ended.stderr.splitlines()[-1]


def test_the_command_of_the_sentence_makes_a_key_that_is_taken() -> None:
    code = env._MAKE_A_KEY.partition("-c ")[2].strip("'")
    made = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip()
    assert env.secret_key(made, debugging=False) == made


def test_debugging_needs_no_secret_key_and_then_nobody_can_know_it(project: Path) -> None:
    assert start(project, "check", DJANGO_DEBUG="1").returncode == 0
    assert env.secret_key("", debugging=True) != env.secret_key("", debugging=True)


def test_a_deployment_behind_tls_has_nothing_that_django_warns_of(project: Path) -> None:
    ended = start(project, "check", "--deploy", "--fail-level", "WARNING", DJANGO_SECRET_KEY=KEY, BEHIND_TLS_PROXY="1")
    assert (ended.returncode, ended.stdout) == (0, CLEAN), ended.stderr


@pytest.mark.parametrize("name", ["ZENDESK_OAUTH_CLIENT_ID", "ZENDESK_OAUTH_CLIENT_SECRET"])
def test_half_an_oauth_client_stops_the_start_and_does_not_tell_the_secret(project: Path, name: str) -> None:
    ended = start(project, "check", DJANGO_SECRET_KEY=KEY, **{name: "half-4711"})
    assert ended.returncode != 0
    assert ended.stderr.startswith("ZENDESK_OAUTH_CLIENT_ID and ZENDESK_OAUTH_CLIENT_SECRET (or ")
    assert len(ended.stderr.splitlines()) == 1
    assert "half-4711" not in ended.stderr


@pytest.mark.parametrize("days", ["0", "-1", "3651"])
def test_an_end_of_tokens_that_is_none_stops_the_start(project: Path, days: str) -> None:
    ended = start(project, "check", DJANGO_SECRET_KEY=KEY, TOKEN_DAYS=days)
    assert ended.returncode != 0
    assert ended.stderr == f"TOKEN_DAYS must be between 1 and 3650, but it is {days}.\n"
