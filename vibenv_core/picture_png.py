"""A picture as PNG. What draws it, with its font, is an extra (`vibenv[png]`): few need it."""

from __future__ import annotations

import sys

from .errors import EngineError, NotFound

_FONT = "JetBrains Mono"
"""The first of `picture.FONTS`; characters that it does not have are taken from the system's fonts."""
_ZOOM = 2
"""So that it is sharp on screens of today; and each cell begins at a whole pixel."""


def png(svg: str) -> bytes:
    """What an SVG shows. A character that no font has is a box.

    Raises: NotFound (the extra is not installed), EngineError (it cannot be drawn).
    """
    try:
        import fontpkg
        import resvg_py
    except ImportError as error:
        raise NotFound(
            "what draws PNG pictures is not installed",
            code="screen::no_png",
            help=f"{sys.executable} -m pip install resvg_py fontpkg-jetbrains-mono; `--svg` needs nothing",
            about="png",
        ) from error
    fonts = [str(fontpkg.path(_FONT, style=style)) for style in ("normal", "italic")]
    try:
        return resvg_py.svg_to_bytes(svg_string=svg, zoom=_ZOOM, font_files=fonts)
    except ValueError as error:
        raise EngineError(f"the picture cannot be drawn: {error}", code="screen::not_drawn") from error
