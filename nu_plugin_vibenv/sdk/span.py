"""Where something stands in what the user typed."""

from __future__ import annotations

from .data import Data


class Span(Data):
    """A range of bytes in everything that nu has parsed; only nu can tell which text it is."""

    start: int
    end: int


UNKNOWN = Span(0, 0)
"""No place in any source. nu shows an error labelled with it without the source line."""
