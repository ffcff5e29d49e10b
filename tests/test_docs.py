"""The pages: their commands work, their links lead somewhere, and they name what there is."""

import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
from django.core.management import CommandParser, call_command, get_commands, load_command_class

from tests.e2e.test_readme import DOORS

ROOT = Path(__file__).resolve().parent.parent
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
BLOCKS = [
    (language, text)
    for page in PAGES
    for language, text in re.findall(r"(?ms)^ *```(\w*)\n(.*?)^ *```$", page.read_text())
]

NOT_RUN = {
    "make run": "it runs until Ctrl-C; the end-to-end tests start the same programs",
    "make test": "it runs this test",
    "make bench": "it takes half an hour",
    "make sbom": "tests/test_supply_chain.py runs it, and writes elsewhere",
    "make audit": "it needs PyPI: tests/test_supply_chain.py tries what CI does without it",
    "export TOKEN=foyer_…": "it stands for the reader's own token",
    ". .venv/bin/activate": "the tests run with these packages already",
    "gunicorn --config python:config.gunicorn config.wsgi": "as `make run`",
    "python manage.py worker": "as `make run`",
    "celery -A config beat": "as `make run`",
    "python manage.py consume": "as `make run`; see also tests/config/consumer/test_consume_command.py",
    "python manage.py consume priority": "as `make run`; see also tests/config/consumer/test_consume_command.py",
    "python manage.py makemigrations ticketing": "it writes a migration, if a model changed",
    "python manage.py provision": "it needs CloudFormation: tests/infra/test_provision.py",
    "python manage.py provision --parameter AlarmTopicArn=arn:aws:sns:eu-central-1:123456789012:alarms": "as above",
    "supervisorctl -s unix://$PWD/.local/supervisor.sock status": "it needs `make run`: tests/e2e/copy.py calls it so",
    "supervisorctl -s unix://$PWD/.local/supervisor.sock restart foyer:consume": "as above",
    "python manage.py zendesk_check": "it asks Zendesk: tests/ingestion/test_zendesk_check.py",
    "ZENDESK_OAUTH_SCOPE=read python manage.py zendesk_backfill --tag need_sme --since 2026-02-09": "as above",
    "python manage.py import_tickets <(zcat tickets.jsonl.gz)": "it needs a shell, as the next one does",
    "zcat tickets.jsonl.gz | python manage.py import_tickets -": "as above; tests/ticketing/transfer/ has a pipe",
}

FILES = {
    "tickets.jsonl": '{"caller_id": "lea", "issue_description": "Help"}\n',
    "zendesk.jsonl": '{"id": 1, "status": "new", "description": "Help", "comments": []}\n',
    "freshdesk.jsonl": '{"helpdesk_ticket": {"display_id": 1, "status": 2, "description": "Help", "notes": []}}\n',
}


def _commands() -> list[str]:
    """Every command to copy, each once; a door's `curl` is left out, since tests/e2e/test_readme.py runs it."""
    shell = [text for language, text in BLOCKS if language == "bash"]
    others = [text for text in shell if not any(f"http://127.0.0.1:8000{door} " in text for door in DOORS)]
    lines = [re.sub(r"\s+#.*", "", line).strip() for text in others for line in text.splitlines()]
    return sorted({line for line in lines if line})


COMMANDS = _commands()
MANAGE = [command for command in COMMANDS if "manage.py" in command]
RUN = [command for command in MANAGE if command not in NOT_RUN]


def _called(command: str) -> tuple[str, list[str]]:
    """The name and the arguments of a `manage.py` command; what a shell puts in their place is a file's name."""
    name, *arguments = shlex.split(re.sub(r"<\(.*?\)", "FILE", command).partition("python manage.py ")[2])
    return name, arguments


def _parser(name: str) -> CommandParser:
    return load_command_class(get_commands()[name], name).create_parser("manage.py", name)


def test_every_command_is_run_here_or_named_as_not_run() -> None:
    assert set(COMMANDS) - set(RUN) == set(NOT_RUN)


def test_every_block_says_whether_it_is_to_be_copied() -> None:
    assert {language for language, _ in BLOCKS} <= {"bash", "text", "nginx"}  # tests/e2e/test_proxy.py runs the last


@pytest.mark.parametrize("command", MANAGE)
def test_a_command_takes_the_options_that_a_page_gives_it(command: str) -> None:
    name, arguments = _called(command)
    _parser(name).parse_args(arguments)


@pytest.mark.usefixtures("aws")
@pytest.mark.django_db
@pytest.mark.parametrize("command", RUN)
def test_a_command_works_as_it_stands(command: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name, lines in FILES.items():
        (tmp_path / name).write_text(lines)
    name, arguments = _called(command)
    one_thread = ["--segments", "1"] if name == "reindex" else []  # others would not see this test's database
    call_command(name, *arguments, *one_thread)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_target_is_in_the_makefile(page: Path) -> None:
    makefile = (ROOT / "Makefile").read_text()
    for target in re.findall(r"(?m)(?:^|`)make ([a-z-]+)", page.read_text()):
        assert re.search(rf"(?m)^{target}:", makefile), target


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_option_in_a_table_is_one_of_a_command_on_that_page(page: Path) -> None:
    text = page.read_text()
    known = " ".join(_parser(name).format_help() for name in re.findall(r"manage\.py (\w+)", text))
    for option in re.findall(r"(?m)^\| `(--[a-z-]+)", text):
        assert option in known, option


@pytest.mark.parametrize("page", [*PAGES, ROOT / "CHANGELOG.md"], ids=lambda page: page.name)
def test_every_picture_page_and_heading_that_is_linked_is_there(page: Path) -> None:
    for file, heading in re.findall(r"\]\(([^)#:]*)(?:#([^)]+))?\)", page.read_text()):
        linked = page.parent / file if file else page
        assert linked.exists(), file
        assert not heading or heading in _headings(linked), heading


def _headings(page: Path) -> set[str]:
    """The headings as they are linked."""
    titles = re.findall(r"(?m)^#+ (.*)", page.read_text())
    return {re.sub(r"[^\w -]", "", title).lower().replace(" ", "-") for title in titles}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_file_that_is_named_is_there(page: Path) -> None:
    folders = "bench|config|docs|infra|ingestion|itsm|routing|tests|ticketing"
    named = re.findall(rf"`((?:{folders})/[\w/.-]*)`", page.read_text())
    assert [name for name in named if not (ROOT / name).exists()] == []


def test_the_walk_of_a_ticket_fits_a_screen_and_names_each_file_once() -> None:
    walk = (ROOT / "docs" / "architecture.md").read_text().partition("## Follow a ticket\n")[2].partition("\n## ")[0]
    files = re.findall(r"`([\w/]+\.py)`", walk)
    assert len(walk.strip().splitlines()) <= 40
    assert len(files) == len(set(files)) > 30


def test_the_settings_page_names_every_variable_that_is_read_and_no_other() -> None:
    code = [*(ROOT / "config").rglob("*.py"), *(ROOT / "infra" / "local").glob("*.py")]
    reading = r'(?:env\.(?:text|number|flag|words|secret)|os\.environ\.get)\(\s*"([A-Z0-9_]+)"'
    read = {name for file in code for name in re.findall(reading, file.read_text())} - {"FOYER_RELOAD"}
    assert set(re.findall(r"(?m)^\| `([A-Z0-9_]+)` \|", (ROOT / "docs" / "settings.md").read_text())) == read


def test_long_prose_is_named_with_its_place(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text(f"# A heading\n\nShort, e.g. this.\nBut{' word' * 40}.\n\n- {'One two three. ' * 27}\n")
    done = subprocess.run(
        [sys.executable, ROOT / "docs" / "prose.py", page], capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert f"{page}:4: a sentence of 41 words" in done.stdout
    assert f"{page}:6: a paragraph of 81 words" in done.stdout
    assert len(done.stdout.splitlines()) == 3
