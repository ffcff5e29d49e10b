"""A local copy's place: what it writes down, what it takes from the environment, and when it refuses to start."""

import socket
import stat
from pathlib import Path

import pytest

from infra.local.place import Failure, Place, read_settings
from infra.local.program import command

pytestmark = pytest.mark.enable_socket


@pytest.fixture(name="place")
def _place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Place:
    for name in ("ZENDESK_DOMAIN", "ZENDESK_API_URL", "ZENDESK_STANDIN_PORT", "REGION"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("LOCAL_DIR", str(tmp_path))
    monkeypatch.setenv("PORT", "18123")
    monkeypatch.setenv("LOCAL_AWS_PORT", "18124")
    return Place.from_environment()


def test_settings_are_private_and_secrets_are_made_once(place: Place) -> None:
    first = place.write_settings()
    assert place.write_settings() == first == read_settings(place.settings_file)
    assert stat.S_IMODE(place.settings_file.stat().st_mode) == 0o600
    assert first["AWS_ENDPOINT_URL"] == "http://127.0.0.1:18124"
    assert first["ZENDESK_API_URL"] == f"http://127.0.0.1:{place.zendesk_port}"
    assert first["ZENDESK_OAUTH_CLIENT_SECRET"]


def test_with_a_zendesk_of_ones_own_there_is_no_stand_in(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ZENDESK_DOMAIN", "acme.zendesk.com")
    values = place.write_settings()
    assert not {"ZENDESK_API_URL", "ZENDESK_OAUTH_CLIENT_ID"} & set(values)
    assert place.environment(values)["FOYER_ZENDESK_STANDIN"] == "false"


def test_the_programs_never_see_a_real_aws_account(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_PROFILE", "AWS_ACCESS_KEY_ID", "AWS_SESSION_TOKEN", "AWS_ENDPOINT_URL_SQS"):
        monkeypatch.setenv(name, "real")
    seen = place.environment(place.write_settings())
    assert "real" not in seen.values()
    assert seen["AWS_ACCESS_KEY_ID"] == "test"


def test_a_port_in_use_is_named_with_its_variable(place: Place) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        taken = Place(place.folder, place.port, port, place.zendesk_port)
        with pytest.raises(Failure, match=rf"Port {port} is in use: .* LOCAL_AWS_PORT"):
            taken.check_ports()


def test_a_folder_holds_one_copy(place: Place) -> None:
    with place.hold(), pytest.raises(Failure, match=r"already runs from .* \(process \d+\)"), place.hold():
        pass


def test_the_supervisors_socket_fits_however_deep_the_folder_is(place: Place) -> None:
    deep = Place(place.folder / ("x" * 200), 1, 2, 3)
    assert len(str(deep.control_socket)) < 100
    assert Place(Path("/srv/foyer"), 1, 2, 3).control_socket == Path("/srv/foyer/supervisor.sock")


def test_programs_reload_in_dev_only() -> None:
    assert "watchfiles" in command(["manage.py", "consume"], reload=True)
    assert command(["-m", "gunicorn", "config.wsgi"], reload=True)[-1] == "--reload"
    assert command(["manage.py", "consume"], reload=False)[1:] == ["manage.py", "consume"]
