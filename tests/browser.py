"""The browser that tests drive: Debian's Chromium, quiet on the network."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager

from playwright.sync_api import Browser, sync_playwright

QUIET = ("quic", "background-networking", "component-update", "sync", "gpu")  # nothing but our own requests
ARGUMENTS = ["--headless", "--no-sandbox", "--no-first-run", *(f"--disable-{what}" for what in QUIET)]


@contextmanager
def chromium() -> Iterator[Browser]:
    """A browser while the block lasts, each with a fresh profile.

    Hold it for one module at most: while Playwright runs, Django believes itself in a coroutine and refuses SQL.
    """
    path = shutil.which("chromium")
    assert path, "no chromium in the PATH: `make test` installs it"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=ARGUMENTS)
        yield browser
        browser.close()
