"""`vibenv pull`."""

from __future__ import annotations

from vibenv_core import files

from ..copying import CopiedRecord, CopyCommand, here
from ..sdk import Call, Example, Optional


class Pull(CopyCommand):
    """Copy a file or a folder out of sessions, whether they run or not.

    Where TO is a folder, it goes into that under its own name; else TO is what it will be called. `FROM/.` is
    what is in the folder FROM. What comes from several sessions goes into TO/NAME. A file or a new folder is
    there whole, or not at all; where a folder joins one that is there, each of its files is. Links stay
    links; nothing is made outside TO, whatever the session has in its folder: a link that leads out is
    refused, as is what is neither file, folder nor link.
    """

    name = "vibenv pull"
    search_terms = ("cp", "copy", "download")
    input_output = ((object, CopiedRecord), (object, list[CopiedRecord]))
    examples = (
        Example("vibenv pull my-task /etc/apt .", "a folder, which is ./apt then"),
        Example("vibenv pull my-task /etc/hosts ~/hosts", "a file, under another name"),
        Example("vibenv list | vibenv pull /etc/hostname ~/names", "from all sessions, into ~/names/NAME"),
    )

    from_ = Optional(str, "the file or folder of the session")
    to = Optional(str, "where it goes on this machine")

    def answer(self, call: Call) -> object:
        """Copy it."""
        names, source, typed = self.meant(call, self.from_, self.to)
        engine = self.engine(call)
        to = here(call, typed) + ("/" if typed.endswith("/") else "")

        def copy(name: str) -> files.Copied:
            place = to if names.one else f"{files.made_folder(to)}/{name}"
            contents = source.endswith("/.")
            return files.pull(engine, name, source, place, contents=contents, cancelled=call.cancelled)

        return self.copies(call, names, source, copy)
