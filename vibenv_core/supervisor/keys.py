"""Keys by name, text and pastes to the bytes that a terminal in some modes sends for them. Pure.

Names are tmux's: `C-`, `M-` (or `A-`) and `S-` before a character or a name; `^x` is `C-x`.
With control the case of a letter does not matter.

Source: xterm's control sequences (PC-style function keys, modifyOtherKeys, bracketed paste), terminfo's
xterm-256color (F13 to F24), kitty's keyboard protocol (progressive enhancement, legacy text keys).
"""

from __future__ import annotations

import re
from typing import NamedTuple

_SHIFT, _ALT, _CTRL = 1, 2, 4
_MODIFIERS = {"S": _SHIFT, "M": _ALT, "A": _ALT, "C": _CTRL}
_DISAMBIGUATE, _ALTERNATES, _ALL, _TEXT = 1, 4, 8, 16
"""Kitty's flags, but for that which reports when keys are let go: here none is."""
_TEXT_KEYS = {"enter": "\r", "tab": "\t", "escape": "\x1b", "backspace": "\x7f", "space": " "}
_LETTERS = {"up": "A", "down": "B", "right": "C", "left": "D", "end": "F", "home": "H"}
_NUMBERS = {"insert": 2, "delete": 3, "pageup": 5, "pagedown": 6}
_FUNCTION_LETTERS = "PQRS"
_FUNCTION_NUMBERS = (15, 17, 18, 19, 20, 21, 23, 24)
"""Of F5 to F12."""
_KITTYS_F3, _KITTYS_F13 = 13, 57376
_FUNCTION = re.compile(r"f([1-9]|1[0-9]|2[0-4])")
_ALIASES = {
    "return": "enter",
    "cr": "enter",
    "esc": "escape",
    "bspace": "backspace",
    "bs": "backspace",
    "ic": "insert",
    "del": "delete",
    "dc": "delete",
    "pgup": "pageup",
    "ppage": "pageup",
    "page_up": "pageup",
    "pgdn": "pagedown",
    "pgdown": "pagedown",
    "npage": "pagedown",
    "page_down": "pagedown",
}
_CONTROLS = {
    " ": 0,
    "2": 0,
    "3": 27,
    "4": 28,
    "5": 29,
    "6": 30,
    "7": 31,
    "8": 127,
    "/": 31,
    "?": 127,
    "~": 30,
    **{chr(code): code & 0x1F for code in (*range(ord("@"), ord("_") + 1), *range(ord("a"), ord("z") + 1))},
}
"""What control makes of a character on terminals that have nothing else for it."""
_PASTE, _PASTE_END = b"\x1b[200~", b"\x1b[201~"
_BREAKS_OUT = re.compile("(?:\x1b\\[|\x9b|\udc9b)201~")
_LINE_END = re.compile("\r?\n")


class Modes(NamedTuple):
    """What the program has set of its terminal that matters for typing."""

    cursor_keys: bool = False
    """DECCKM."""
    new_line: bool = False
    """LNM."""
    backspace: bool = False
    """DECBKM."""
    pastes: bool = False
    """Bracketed paste."""
    other_keys: bool = False
    """XTMODKEYS."""
    kitty: int = 0
    """Kitty's flags."""


class Piece(NamedTuple):
    """Bytes to type; what has to follow when only the first of them were typed, `rest` says."""

    data: bytes
    kind: str
    """text, key or paste."""

    def rest(self, typed: int) -> bytes:
        """What ends what was begun: a key, a character, a paste."""
        if not 0 < typed < len(self.data):
            return b""
        if self.kind == "key":
            return self.data[typed:]
        if self.kind == "paste" and self.data.startswith(_PASTE):
            body = len(self.data) - len(_PASTE_END)
            if typed >= body:
                return self.data[typed:]
            start = max(typed, len(_PASTE))
            return self.data[typed:start] + _character(self.data[start:body]) + _PASTE_END
        return _character(self.data[typed:])


class BadKey(ValueError):
    """A key that there is not."""


def typed(parts: list[dict[str, str]], modes: Modes) -> list[Piece]:
    """What a terminal sends for a `Send`'s parts. Raises: BadKey, UnicodeError (a surrogate)."""
    pieces = []
    for part in parts:
        [(kind, what)] = part.items()
        made = {"text": _text, "key": _key, "paste": _paste}[kind](what, modes)
        pieces.append(Piece(made.encode("utf-8", "surrogateescape"), kind))
    return pieces


def _text(text: str, _: Modes) -> str:
    return text


def _paste(text: str, modes: Modes) -> str:
    if not modes.pastes:
        return _LINE_END.sub("\r", text)
    while _BREAKS_OUT.search(text):
        text = _BREAKS_OUT.sub("", text)
    return f"{_PASTE.decode()}{text}{_PASTE_END.decode()}"


def _key(name: str, modes: Modes) -> str:
    modifiers, key = _parsed(name)
    if function := _FUNCTION.fullmatch(key):
        return _function(int(function[1]), modifiers, modes)
    if letter := _LETTERS.get(key):
        return _lettered(letter, modifiers, application=modes.cursor_keys and not modes.kitty)
    if number := _NUMBERS.get(key):
        return f"\x1b[{number}{f';{modifiers + 1}' if modifiers else ''}~"
    character = _TEXT_KEYS.get(key, key)
    named = key in _TEXT_KEYS
    if modes.kitty & (_DISAMBIGUATE | _ALL):
        return _kitty(character, modifiers, modes, named=named)
    legacy = _legacy(character, modifiers, modes)
    if legacy is not None:
        return legacy
    if modes.other_keys:
        return f"\x1b[27;{modifiers + 1};{ord(character)}~"
    raise BadKey(f"`{name}` is no key that this program's terminal can send")


def _parsed(name: str) -> tuple[int, str]:
    """Modifiers, and a character or the usual name in lower case. Raises: BadKey."""
    modifiers, key = 0, name
    while len(key) > 1:
        if len(key) > 2 and key[1] == "-" and (modifier := _MODIFIERS.get(key[0].upper())):
            modifiers, key = modifiers | modifier, key[2:]
        elif len(key) == 2 and key[0] == "^":
            modifiers, key = modifiers | _CTRL, key[1:]
        else:
            break
    if len(key) != 1:
        key = _ALIASES.get(key.lower(), key.lower())
        if key == "btab":
            return modifiers | _SHIFT, "tab"
        if not (key in _TEXT_KEYS or key in _LETTERS or key in _NUMBERS or _FUNCTION.fullmatch(key)):
            raise BadKey(f"`{name}` is no key's name")
    elif modifiers & _CTRL and not modifiers & _SHIFT:
        key = key.lower() if len(key.lower()) == 1 else key
    elif modifiers & _SHIFT and key.islower() and len(key.upper()) == 1:
        key = key.upper()
    elif modifiers & _SHIFT and not key.isupper() and key != " ":
        raise BadKey(f"`{name}`: what shift makes of `{key}` depends on the keyboard; name that")
    return modifiers, "space" if key == " " else key


def _function(number: int, modifiers: int, modes: Modes) -> str:
    if modes.kitty and number > 12:
        return f"\x1b[{_KITTYS_F13 + number - 13}{f';{modifiers + 1}' if modifiers else ''}u"
    if number > 12:
        number, modifiers = number - 12, modifiers | _SHIFT
    if number <= len(_FUNCTION_LETTERS) and not (modes.kitty and number == 3):
        return _lettered(_FUNCTION_LETTERS[number - 1], modifiers, application=not modes.kitty)
    code = _KITTYS_F3 if number == 3 else _FUNCTION_NUMBERS[number - 5]
    return f"\x1b[{code}{f';{modifiers + 1}' if modifiers else ''}~"


def _lettered(letter: str, modifiers: int, *, application: bool) -> str:
    if modifiers:
        return f"\x1b[1;{modifiers + 1}{letter}"
    return f"\x1bO{letter}" if application else f"\x1b[{letter}"


def _kitty(character: str, modifiers: int, modes: Modes, *, named: bool) -> str:
    """A key that types a character, on a terminal that tells all keys apart."""
    text = not named or character == " "
    plain = not modifiers & ~_SHIFT if text else not modifiers and character != "\x1b"
    if plain and not modes.kitty & _ALL:
        return character
    if text and character.isupper():
        modifiers |= _SHIFT
    lower = character.lower() if len(character.lower()) == 1 else character
    code = str(ord(lower))
    if modes.kitty & _ALTERNATES and lower != character:
        code += f":{ord(character)}"
    said = f";{ord(character)}" if modes.kitty & _TEXT and text and plain else ""
    return f"\x1b[{code}{f';{modifiers + 1}' if modifiers or said else ''}{said}u"


def _legacy(character: str, modifiers: int, modes: Modes) -> str | None:
    """Such a key on any other terminal; None if it has none."""
    escape = "\x1b" if modifiers & _ALT else ""
    ctrl, shift = bool(modifiers & _CTRL), bool(modifiers & _SHIFT)
    match character:
        case "\r":
            return escape + ("\r\n" if modes.new_line else "\r")
        case "\t":
            return escape + ("\x1b[Z" if shift else "\t")
        case "\x1b":
            return escape + "\x1b"
        case "\x7f":
            return escape + ("\b" if ctrl != modes.backspace else "\x7f")
        case _:
            pass
    if not ctrl:
        return escape + character
    code = _CONTROLS.get(character)
    return None if code is None else escape + chr(code)


def _character(data: bytes) -> bytes:
    """The rest of a character that has begun."""
    end = 0
    while end < min(len(data), 3) and data[end] & 0xC0 == 0x80:
        end += 1
    return data[:end]
