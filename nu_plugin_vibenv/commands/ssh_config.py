"""`vibenv ssh-config`."""

from __future__ import annotations

from pathlib import Path

from vibenv_core import ssh_files

from ..command import VibenvCommand
from ..sdk import Call, Example, Flag, Switch
from ..tables.contexts import FileRecord, file_record


class SshConfig(VibenvCommand):
    """Have ssh reach EC2 instances by their ids, `i-…`, through AWS SSM, without an open port.

    Puts a marked part at the start of `~/.ssh/config` and leaves every other byte of it as it is; what the
    file was like before is kept beside it. Typed again, it changes nothing. The instance needs the SSM agent
    and sshd, this machine the AWS CLI, its Session Manager plugin and credentials: `vibenv doctor` looks.
    """

    name = "vibenv ssh-config"
    search_terms = ("aws", "ssm", "ec2")
    input_output = ((object, FileRecord),)
    examples = (
        Example("vibenv ssh-config --dry-run | get diff", "which lines it would change"),
        Example("vibenv ssh-config", "write them"),
        Example("vibenv ssh-config --undo", "take them out again"),
    )

    dry_run = Switch("change nothing, and say what would be changed", short="n")
    undo = Switch("take vibenv's part out")
    force = Switch(
        "also where the file says something else about these hosts: what comes first counts", short="f"
    )
    file = Flag(Path, "another file than ~/.ssh/config, such as one that it includes")

    def answer(self, call: Call) -> object:
        """What was changed, or would be."""
        given, env = call[self.file], call.engine.environment()
        file = given or ssh_files.config_file(env)
        edit = ssh_files.edit(
            file, undo=call[self.undo], force=call[self.force], dry_run=call[self.dry_run], env=env
        )
        return file_record(edit, detail=_elsewhere(file) if given is None else None)


def _elsewhere(file: Path) -> str | None:
    """What is said where ssh reads another file than the one in HOME."""
    read = ssh_files.file_that_ssh_reads()
    if read is None or file.resolve() == read.resolve():
        return None
    return f"ssh reads {read}, whatever HOME is; see --file"
