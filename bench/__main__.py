"""`make bench`: the index at its full size, on both databases, a long Zendesk ticket, Zendesk's webhook, and memory.

`make bench SCALE=0.1` uses a tenth of the index.

The figures are true of this machine, now. The last column is their share of what is allowed.
"""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from bench.databases import Database, Program, postgresql, sqlite
from bench.follow import BATCH
from tests import local_aws, memory

PROCESSES = 2
ANNOUNCEMENTS = 20_000
LEAST_ANNOUNCEMENTS = 1_000  # a second


def load(database: Database, tickets: int, processes: int) -> None:
    """Build the index as a rebuild does, and print how fast that was."""
    began = time.monotonic()
    loading = [database.run("load", n, tickets, processes) for n in range(processes)]
    seconds = [float(one.communicate()[0]) for one in loading]
    took = time.monotonic() - began
    database.analyze()
    size = database.gigabytes()
    print(f"  built in {took:.0f} s: {tickets / max(seconds):.0f} tickets/s with five comments each, {size:.2f} GB")


def search(database: Database, limit: int) -> bool:
    """Measure the desk's list. Returns whether every page stayed within the limit (ms)."""
    print(f"  {'milliseconds':42}  median     p95  of {limit}")
    program = [sys.executable, "-m", "bench.search", str(limit)]
    return subprocess.run(program, env=database.environment, check=False).returncode == 0


@contextmanager
def provisioned(database: Database) -> Iterator[None]:
    """A local AWS for the database's programs, while the block lasts."""
    with TemporaryDirectory(prefix="foyer-bench-") as folder, local_aws.running(Path(folder)) as endpoint:
        database.environment["AWS_ENDPOINT_URL"] = endpoint
        provision = [sys.executable, "manage.py", "provision", "-v0"]
        subprocess.run(provision, env=database.environment, check=True)
        yield


def long_ticket(database: Database) -> bool:
    """Measure what a long Zendesk ticket costs. Returns whether every figure stayed within its limit."""
    print("A Zendesk ticket of many comments", flush=True)
    with provisioned(database):
        program = [sys.executable, "-m", "bench.long_ticket"]
        return subprocess.run(program, env=database.environment, check=False).returncode == 0


def follow(database: Database, tickets: int) -> bool:
    """Measure the consumers. Returns whether they were fast enough."""
    with provisioned(database):
        working = [database.run("follow", n, ANNOUNCEMENTS, PROCESSES, tickets) for n in range(PROCESSES)]
        for one in working:
            assert _answer(one) == "ready"
        seconds = _worked_off(working, ANNOUNCEMENTS // BATCH)
    rate = ANNOUNCEMENTS / seconds
    print(f"  consumers: {rate:.0f} announcements/s, {rate / LEAST_ANNOUNCEMENTS:.2f} of {LEAST_ANNOUNCEMENTS}")
    return rate >= LEAST_ANNOUNCEMENTS


def peaks() -> bool:
    """Measure what bodies and messages cost at their peaks. Returns whether each cost no more than is allowed."""
    print(f"Memory, in bytes for a byte of the limit, at most {memory.TIMES}", flush=True)
    worst = {}
    for way, limit in memory.LIMITS.items():
        form, size = max(memory.grown(way).items(), key=lambda one: one[1])
        worst[way] = size / limit
        print(f"  {way:22} {worst[way]:6.1f}  {form}", flush=True)
    return max(worst.values()) <= memory.TIMES


def webhook() -> bool:
    """Measure Zendesk's webhook on a whole copy. Returns whether it was fast enough."""
    environment = os.environ | {"DJANGO_SETTINGS_MODULE": "bench.settings"}
    program = [sys.executable, "-m", "bench.webhook"]
    return subprocess.run(program, env=environment, stderr=subprocess.DEVNULL, check=False).returncode == 0


def _worked_off(working: list[Program], batches: int) -> float:
    """The seconds that the consumers need for so many batches. Each gets its next batch when it has done one."""
    numbers, began = iter(range(batches)), time.monotonic()
    with ThreadPoolExecutor(len(working)) as pool:
        list(pool.map(lambda one: _hand_out(one, numbers), working))
    took = time.monotonic() - began
    for one in working:
        one.communicate("\n")
    return took


def _hand_out(one: Program, numbers: Iterator[int]) -> None:
    for number in numbers:
        assert one.stdin
        one.stdin.write(f"{number}\n")
        one.stdin.flush()
        assert _answer(one) == "done"


def _answer(one: Program) -> str:
    assert one.stdout
    return one.stdout.readline().strip()


def main(scale: float) -> int:
    """Measure everything, one database after the other. Returns how many parts were too slow."""
    kept = [peaks()]
    with sqlite() as database:
        kept.append(long_ticket(database))
        tickets = int(100_000 * scale)
        print(f"SQLite, {tickets:,} tickets, {tickets * 5:,} comments", flush=True)
        load(database, tickets, 1)
        kept.append(search(database, 500))
    with postgresql() as database:
        tickets = int(1_000_000 * scale)
        print(f"PostgreSQL, {tickets:,} tickets, {tickets * 5:,} comments", flush=True)
        load(database, tickets, PROCESSES)
        kept += [search(database, 300), follow(database, tickets)]
    print(f"Zendesk's webhook{'':29}median     p99, milliseconds", flush=True)
    kept.append(webhook())
    return kept.count(False)


if __name__ == "__main__":
    sys.exit(main(float(os.environ.get("SCALE", "1"))))
