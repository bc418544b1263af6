"""How programs of vibenv's own are started in a session."""

import ast
import sys
from pathlib import Path

import pytest

from vibenv_core import inside_programs, tools_recipe

PROGRAMS = ("execute", "read_file", "write_file", "pack", "unpack")
INSIDE = Path(inside_programs.__file__).parent / "inside"


def imported(module: str) -> set[str]:
    """What a module of `inside` imports of the standard library."""
    found = set()
    for node in ast.walk(ast.parse((INSIDE / f"{module}.py").read_text())):
        if isinstance(node, ast.Import):
            found |= {name.name for name in node.names}
        elif isinstance(node, ast.ImportFrom) and not node.level:
            found.add(str(node.module).partition(".")[0])
    return found - {"__future__"}


@pytest.mark.parametrize("program", PROGRAMS)
def test_a_program_imports_what_the_tools_have(program: str) -> None:
    modules = {path.stem for path in INSIDE.glob("*.py")} & set(sent(program))
    needed = set().union(*map(imported, modules))
    assert program in modules
    assert needed <= {*tools_recipe.MODULES.split(), *sys.builtin_module_names}


def sent(program: str) -> list[str]:
    """The modules that travel with a program."""
    return list(ast.literal_eval(inside_programs.argv("python3", program)[-1]))


def test_a_request_travels_where_only_the_sessions_user_sees_it() -> None:
    argv = inside_programs.argv("python3", "write_file")
    env = inside_programs.environment({"path": "/f"}, early=b"secret", more=False)
    assert list(env) == ["VIBENV_REQUEST"]
    assert not [word for word in argv if "c2VjcmV0" in word]
