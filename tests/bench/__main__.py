"""Stands up an engine with the stack and the launcher, measures, and prints the table."""

from __future__ import annotations

import sys

from tests.bench.measures import measure
from tests.bench.standing import measured, report

if __name__ == "__main__":
    sys.exit(measured("tests.bench", __doc__, lambda bench: measure(bench, report)))
