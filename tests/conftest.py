from __future__ import annotations

import pytest
from hypothesis import settings

from tests.draw.browser import MISSING

settings.register_profile("unhurried", deadline=None)  # how long an example takes is the machine's affair
settings.load_profile("unhurried")


@pytest.hookimpl(trylast=True)
def pytest_terminal_summary(terminalreporter):
    """Say it where the browser tests did not run: among many dots nobody sees it."""
    skipped = [report for report in terminalreporter.stats.get("skipped", []) if MISSING in str(report.longrepr)]
    if skipped:
        terminalreporter.write_line(
            f"{len(skipped)} tests in a browser did NOT run: {MISSING} (Debian and Ubuntu: apt-get install chromium)",
            yellow=True,
        )
