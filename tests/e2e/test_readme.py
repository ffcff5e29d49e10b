"""The README's commands, run as they stand there."""

import json
import re
import subprocess
from pathlib import Path

import pytest

from tests.e2e.copy import Copy

pytestmark = [pytest.mark.e2e, pytest.mark.xdist_group("e2e")]

ROOT = Path(__file__).resolve().parent.parent.parent
DOORS = ["/itsm/tickets", "/routing/tickets", "/ticketing/submissions", "/ingest", "/webhooks/zendesk"]


def _command(door: str) -> str:
    """The README's block of commands that calls the door."""
    blocks = re.findall(r"```bash\n(.*?)```", (ROOT / "README.md").read_text(), re.DOTALL)
    [found] = [block for block in blocks if f"http://127.0.0.1:8000{door} " in block]
    return str(found)


@pytest.mark.parametrize("door", DOORS)
def test_the_command_of_each_door_works(copy: Copy, door: str) -> None:
    command = _command(door).replace("http://127.0.0.1:8000", copy.url).replace(".local/", f"{copy.folder}/")
    environment = copy.environment | {"TOKEN": copy.tokens["general", "itsm,events,submit,route"]}
    done = subprocess.run(
        ["/bin/bash", "-euc", command], env=environment, capture_output=True, text=True, timeout=30, check=False
    )
    assert done.returncode == 0, done.stderr
    answer = json.loads(done.stdout)
    assert "error" not in answer, answer
