"""The recipe of the tools: what runs inside every session, whatever its image has in it. Pure.

They are a folder of the launcher's image that needs nothing outside itself: Python, dtach and the terminal
emulator with all the libraries that they load, and the supervisor. Programs name their loader and libraries
by absolute paths below `TOOLS`, so that is where the folder has to be.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from .recipe import Files, Layers, Run, packages
from .settings import Settings
from .supervisor import TOOLS

MARKER = f"{TOOLS}/complete"
"""A file that is written last: where it is, the tools are whole."""

_APP = f"{TOOLS}/app"
_SUPERVISOR = "vibenv_core/supervisor/"
_PROGRAM = f"""\
import sys

sys.path.insert(0, "{_APP}")
from vibenv_core.supervisor.__main__ import main

main()
"""
"""Run as a file, because to run a folder or a package takes Python 4 ms more."""

MODULES = (
    "__future__ base64 binascii codecs collections collections.abc contextlib ctypes dataclasses "
    "encodings.ascii encodings.idna encodings.latin_1 encodings.utf_16_le "
    "encodings.utf_32_le encodings.utf_8 enum errno fcntl functools hashlib io itertools json "
    "json.encoder os pty re resource select selectors shutil signal socket stat struct subprocess sys "
    "tarfile tempfile termios threading time traceback tty typing unicodedata zlib"
)
"""What of the standard library the tools have, besides what these import."""

_TOO_LARGE = ("_bz2", "_hashlib", "_lzma")
"""Modules whose libraries are larger than their use: what imports them does without."""

_COPY_MODULES = f"""\
import importlib, os, py_compile, shutil, sys

for name in sys.argv[1:]:
    importlib.import_module(name)
library = os.path.dirname(os.__file__)
for name, module in list(sys.modules.items()):
    source = getattr(module, "__file__", None) or ""
    if name in {_TOO_LARGE} or not source.startswith(f"{{library}}/"):
        continue
    target = os.path.join("{TOOLS}/lib", os.path.relpath(source, os.path.dirname(library)))
    os.makedirs(os.path.dirname(target), exist_ok=True)
    if source.endswith(".py"):
        py_compile.compile(source, f"{{target}}c", source, doraise=True, optimize=2)
    else:
        shutil.copy(source, target)
"""
"""Bytecode without its source, and without docstrings, which Python imports as it is."""

_COLLECT = f"""\
mkdir -p {TOOLS}/bin {TOOLS}/lib
python3 -m pip install --quiet --no-compile --no-deps --require-hashes --only-binary :all: \\
    --target /tmp/wheels -r /tmp/tools-requirements.txt
cp /tmp/wheels/pyghostty/_lib/libghostty-vt.so {TOOLS}/lib
cp -L "$(command -v python3)" "$(command -v dtach)" {TOOLS}/bin
python3 -I -S -X frozen_modules=off /tmp/copy_modules.py {MODULES}
find {TOOLS} -type f -exec ldd {{}} + 2>/dev/null | sed -n 's/.* => \\(\\/[^ ]*\\) .*/\\1/p' | sort -u |
    xargs cp -L -t {TOOLS}/lib
find {TOOLS}/lib -name '*.so*' -exec strip --strip-unneeded {{}} +
loader=$(patchelf --print-interpreter {TOOLS}/bin/python3)
cp -L "$loader" {TOOLS}/lib
for program in {TOOLS}/bin/*; do
    # An RPATH also goes for what the libraries load themselves; a RUNPATH, which is the default, does not.
    patchelf --set-interpreter "{TOOLS}/lib/${{loader##*/}}" --force-rpath --set-rpath {TOOLS}/lib "$program"
done
"""


def tools(settings: Settings, *, sources: Mapping[str, str], lock: str) -> Layers:
    """Layers that have the tools in `TOOLS`; a change of the supervisor builds only the last of them anew.

    `sources` are those of vibenv's packages, of which the supervisor's are taken; `lock` is a requirements
    file with the hashes of the emulator's wheels.
    """
    supervisor = {path: text for path, text in sources.items() if path.startswith(_SUPERVISOR)}
    app = {"__main__.py": _PROGRAM, "vibenv_core/__init__.py": "", **supervisor}
    collected = Layers(
        title="Session tools",
        base=packages(settings, building=True),
        layers=(
            Files(folder="/tmp", files={"tools-requirements.txt": lock, "copy_modules.py": _COPY_MODULES}),
            Run(script=_COLLECT),
        ),
    )
    layers = (Files(folder=_APP, files=app), Run(script=_finish(supervisor)))
    return Layers(title="Supervisor", base=collected, layers=layers)


def _finish(supervisor: Iterable[str]) -> str:
    """Compile the supervisor and try it: what it lacks is to end the build, and not sessions."""
    modules = [path.removesuffix(".py").removesuffix("/__init__").replace("/", ".") for path in supervisor]
    return f"""\
python3 -m compileall -q -b --invalidation-mode unchecked-hash {_APP}
find {_APP} -name '*.py' -delete
{TOOLS}/bin/python3 -I -S -c 'import sys
sys.path.insert(0, "{_APP}")
import {", ".join([*MODULES.split(), *sorted(modules)])}'
{TOOLS}/bin/python3 -I -S {_APP}/__main__.pyc supervise --rows 24 --cols 80 --log-folder /tmp/log -- true
echo >{MARKER}
"""
