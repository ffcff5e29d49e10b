"""One running copy for all end-to-end tests, and a browser that is logged in at its desk."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from tests.browser import chromium
from tests.e2e.copy import ROOT, Copy, fresh


@pytest.fixture(scope="session")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Copy]:
    """The product, running as `make run` runs it."""
    with fresh(tmp_path_factory.mktemp("copy")) as started:
        yield started


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """A browser for one module."""
    with chromium() as launched:
        yield launched


@pytest.fixture
def desk(copy: Copy, browser: Browser) -> Iterator[Page]:
    """A page at the desk, logged in, in a fresh profile."""
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    page = context.new_page()
    page.goto(copy.desk)
    user, password = copy.login
    page.fill("input[name=username]", user)
    page.fill("input[name=password]", password)
    page.click("button[type=submit], input[type=submit]")
    page.wait_for_url(lambda url: "/login/" not in url)
    yield page
    context.close()


@pytest.fixture(scope="session")
def pictures() -> Path:
    """Where screenshots are kept: `artifacts/`, or where PICTURES says (docs/pictures, to renew the README's)."""
    folder = ROOT / os.environ.get("PICTURES", "artifacts")
    folder.mkdir(exist_ok=True)
    return folder
