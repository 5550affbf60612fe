from __future__ import annotations

import pytest

from tests.draw.browser import MISSING, Browser, chromium


@pytest.fixture(scope="session")
def running(tmp_path_factory):
    executable = chromium()
    if executable is None:
        pytest.skip(MISSING)
    browser = Browser(executable, tmp_path_factory.mktemp("profile"))
    yield browser
    browser.close()


@pytest.fixture
def browser(running):
    """The one browser of all tests; the reader asks for nothing in particular."""
    running.prefer()
    return running


@pytest.fixture
def show(browser, tmp_path):
    """Shows HTML; gives the browser."""

    def shown(html):
        path = tmp_path / "page.html"
        path.write_text(html, encoding="utf-8")
        browser.open(path)
        return browser

    return shown
