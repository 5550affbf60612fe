"""What a notebook shows of a report: a table. The public `convcalc.trace` and `convcalc.Report` come from here.

The report itself does not know how it is rendered, so its HTML is added here.
"""

from __future__ import annotations

from convcalc.report import Report
from convcalc.walk import trace

__all__ = ["Report", "trace"]


def html(report: Report) -> str:
    """Return a table with a row for each layer, and the totals.

    >>> from convcalc import Conv2d
    >>> html(trace(Conv2d(3, 16, 4), (1, 3, 28, 28)))[:6]
    '<table'
    """
    from convcalc.render.columns import NETWORK
    from convcalc.render.html import text
    from convcalc.render.network import network_table

    return text(network_table(report, NETWORK, None))


Report._repr_html_ = html  # type: ignore[attr-defined]
