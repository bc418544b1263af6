"""How programs of vibenv's own are started in a session."""

import ast
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from vibenv_core import forward_plan, inside_programs, tools_recipe
from vibenv_core.supervisor import TOOLS

PROGRAMS = ("bridge", "connect", "listening")
SERVED = ("execute", "read_file", "write_file", "read_log", "pack", "unpack")
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


@pytest.mark.parametrize("program", [*PROGRAMS, *SERVED])
def test_a_program_imports_what_the_tools_have(program: str) -> None:
    modules = {path.stem for path in INSIDE.glob("*.py")} & set(sent(program))
    needed = set().union(*map(imported, modules))
    assert program in modules
    assert needed <= {*tools_recipe.MODULES.split(), *sys.builtin_module_names}


def sent(program: str) -> list[str]:
    """The modules that travel with a program."""
    argv = inside_programs.serving_argv if program in SERVED else inside_programs.argv
    return list(ast.literal_eval(argv("python3", program)[7]))


def test_a_request_travels_where_only_the_sessions_user_sees_it() -> None:
    argv = inside_programs.serving_argv("python3", "write_file")
    asked = inside_programs.asked({"path": "/f"}, early=b"secret", more=False)
    env = inside_programs.environment(asked)
    assert list(env) == ["VIBENV_REQUEST"]
    assert not [word for word in argv if "c2VjcmV0" in word]


def test_the_sessions_tools_run_them_and_else_its_images_python() -> None:
    assert inside_programs.python([TOOLS, "/run/dagger"]) == f"{TOOLS}/bin/python3"
    assert inside_programs.python(["/run/dagger"]) == "python3"


def test_the_ports_that_are_listened_on_are_told() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        said = subprocess.run(
            inside_programs.argv(sys.executable, "listening"), capture_output=True, text=True, check=True
        )
        assert server.getsockname()[1] in forward_plan.heard(said.stdout)


def test_a_connection_is_carried_both_ways_to_its_end() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(10)
        argv = inside_programs.argv(sys.executable, "connect", str(server.getsockname()[1]))
        with subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as program:
            assert program.stdin is not None
            assert program.stdout is not None
            far = server.accept()[0]
            with far, far.makefile("rb") as heard:
                far.settimeout(10)
                program.stdin.write(forward_plan.packets(b"asked") + forward_plan.packets(b""))
                program.stdin.flush()
                assert heard.read() == b"asked"
                far.sendall(b"answered")
            assert program.stdout.read() == b"answered"
    assert program.returncode == 0


def test_where_nobody_listens_a_connection_fails() -> None:
    with socket.socket() as unheard:
        unheard.bind(("127.0.0.1", 0))
        argv = inside_programs.argv(sys.executable, "connect", str(unheard.getsockname()[1]))
        assert subprocess.run(argv, stdin=subprocess.DEVNULL, check=False).returncode == 1
