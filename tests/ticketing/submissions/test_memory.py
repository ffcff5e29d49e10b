"""What a message or a body may cost: twelve times the bytes that it may unpack to, whatever it is made of.

Each is measured in a process of its own, because a process's peak never falls.
"""

import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.long

MIB = 1024 * 1024
MESSAGE = 15 * MIB
QUARTER = 88 * MIB  # of what four million empty objects cost before values were counted

SCRIPT = """
import base64, gzip, sys
from contextlib import suppress
import django
django.setup()
from config import json
from config.web import body
from config.web.errors import ApiError
from ticketing.submissions import envelope

def status(name):
    [line] = [one for one in open("/proc/self/status") if one.startswith(name)]
    return int(line.split()[1]) * 1024

def several(unit, most):
    count = min(most, (limit - 40) // (len(unit.encode()) + 1))
    return '{"message":"m","a":[' + ",".join([unit] * count) + "]}"

form, limit, way = sys.argv[1], int(sys.argv[2]), sys.argv[3]
values = limit // json.BYTES_PER_VALUE if way == "door" else json.MAX_VALUES
texts = {
    "empty objects": lambda: several("{}", limit),
    "empty lists": lambda: several("[]", limit),
    "numbers": lambda: several("7", values - 9),
    "objects": lambda: several('{"k":1.5}', values // 2 - 9),
    "deep": lambda: several('{"a":' * 190 + "1" + "}" * 190, values // 192 - 1),
    "names": lambda: "{" + ",".join('"name%06d":1.5' % n for n in range(min(values - 9, limit // 17))) + "}",
    "emoji": lambda: '{"message":"' + "\N{PRINTER}" * (limit // 4 - 20) + '"}',
    "one emoji": lambda: '{"message":"\N{PRINTER}' + "a" * (limit - 40) + '"}',
    "escapes": lambda: '{"message":"' + "\\\\n" * (limit // 2 - 20) + '"}',
    "quotes": lambda: '"' * limit,
    "no end": lambda: '{"a":"' + '\\\\"' * (limit // 2 - 20),
}
text = texts[form]().encode()
assert len(text) <= limit
if way == "message":
    given = json.dumps({"type": "COMPRESSED", "data": base64.b64encode(gzip.compress(text, 1)).decode()})
    del text
open("/proc/self/clear_refs", "w").write("5")
before = status("VmRSS")
with suppress(envelope.Unreadable, ApiError):
    payload = envelope.unseal(given).payload if way == "message" else body.parse_json(text, limit)
    json.fingerprint(payload)
print(status("VmHWM") - before)
"""


def grown(form: str, limit: int, way: str) -> int:
    """By how many bytes the peak of a process grows that reads this."""
    command = [sys.executable, "-c", SCRIPT, form, str(limit), way]
    answer = subprocess.run(command, capture_output=True, text=True, check=True, cwd=Path(__file__).parents[3])
    return int(answer.stdout)


FORMS = ["empty objects", "empty lists", "numbers", "objects", "deep", "names", "emoji", "one emoji", "escapes"]


@pytest.mark.parametrize("form", [*FORMS, "quotes", "no end"])
@pytest.mark.parametrize(("limit", "way"), [(MIB, "door"), (5 * MIB, "door"), (MESSAGE, "message")])
def test_a_peak_grows_by_twelve_times_the_limit_at_most(form: str, limit: int, way: str) -> None:
    assert grown(form, limit, way) <= 12 * limit


@pytest.mark.parametrize("form", ["empty objects", "empty lists"])
def test_todays_worst_costs_a_quarter_of_what_it_did(form: str) -> None:
    assert grown(form, 12 * MIB, "message") <= QUARTER
