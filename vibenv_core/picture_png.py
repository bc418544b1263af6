"""A picture as PNG, drawn with the system's fonts. What draws it is an extra (`vibenv[png]`): few need it."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain
from pathlib import Path

from .errors import EngineError, NotFound

FONT_FOLDERS = (
    *("/usr/share/fonts", "/usr/local/share/fonts", "~/.local/share/fonts", "~/.fonts"),
    *("/System/Library/Fonts", "/Library/Fonts", "~/Library/Fonts"),
)
"""Where Linux and macOS have fonts."""
_ENDINGS = ("*.ttf", "*.otf", "*.ttc")
_ZOOM = 2
"""So that it is sharp on screens of today; and each cell begins at a whole pixel."""


def png(svg: str, *, font_folders: Sequence[str] = FONT_FOLDERS) -> bytes:
    """What an SVG shows. A character that no font has is a box.

    Raises: NotFound (the extra is not installed, or no font at all), EngineError (it cannot be drawn).
    """
    try:
        import resvg_py
    except ImportError as error:
        raise NotFound(
            "what draws PNG pictures is not installed",
            code="screen::no_png",
            help="pip install 'vibenv[png]' where vibenv is installed; `--svg` needs nothing",
            about="png",
        ) from error
    folders = [folder for name in font_folders if (folder := Path(name).expanduser()).is_dir()]
    if not any(chain.from_iterable(folder.rglob(ending) for folder in folders for ending in _ENDINGS)):
        raise NotFound(
            "there is no font to write the picture with",
            code="screen::no_font",
            help="apt-get install fonts-dejavu-core; `--svg` needs none",
            about="png",
        )
    try:
        return resvg_py.svg_to_bytes(
            svg_string=svg, zoom=_ZOOM, font_dirs=[str(folder) for folder in folders]
        )
    except ValueError as error:
        raise EngineError(f"the picture cannot be drawn: {error}", code="screen::not_drawn") from error
