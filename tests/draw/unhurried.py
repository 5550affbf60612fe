"""What all tests by Hypothesis here have in common."""

from __future__ import annotations

from hypothesis import HealthCheck, settings

# Pictures take their time, the more where the machine is busy, and not every drawn layer can be looked at in full.
UNHURRIED = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much])
