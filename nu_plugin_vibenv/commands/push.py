"""`vibenv push`."""

from __future__ import annotations

from vibenv_core import files

from ..copying import CopiedRecord, CopyCommand, here
from ..sdk import Call, Example, Optional


class Push(CopyCommand):
    """Copy a file or a folder into sessions.

    Where TO is a folder, it goes into that under its own name; else TO is what it will be called. `FROM/.` is
    what is in the folder FROM. A file or a new folder is there whole, or not at all; where a folder joins one
    that is there, each of its files is. Links stay links; one that leads out of the folder is refused, as is
    what is neither file, folder nor link. What is copied belongs to the session's user.
    """

    name = "vibenv push"
    search_terms = ("cp", "copy", "upload")
    input_output = ((object, CopiedRecord), (object, list[CopiedRecord]))
    examples = (
        Example("vibenv push my-task ~/src /root/src", "a folder, which is there as /root/src then"),
        Example("vibenv push my-task ~/src/. /root", "what is in a folder, beside what is there"),
        Example("[my-task] | vibenv push ~/src /root", "into several sessions, side by side"),
    )

    from_ = Optional(str, "the file or folder of this machine")
    to = Optional(str, "where it goes in the session")

    def answer(self, call: Call) -> object:
        """Copy it."""
        names, source, to = self.meant(call, self.from_, self.to)
        engine, path = self.engine(call), here(call, source)

        def copy(name: str) -> files.Copied:
            contents = source.endswith("/.")
            return files.push(engine, name, path, to, contents=contents, cancelled=call.cancelled)

        return self.copies(call, names, path, copy)
