"""`vibenv read`."""

from __future__ import annotations

import itertools
import mimetypes

from vibenv_core import files

from ..command import HostCommand
from ..completions import session_names
from ..sdk import ByteStream, Call, Example, PipelineMetadata, Positional, WithMetadata
from ..session_command import check_name


class Read(HostCommand):
    """Give the content of a file of a session, as a stream of bytes.

    A path that does not begin with `/` begins at the session's own folder, `~` is its user's home.
    """

    name = "vibenv read"
    search_terms = ("cat", "open", "file", "download")
    input_output = ((object, bytes), (object, str))
    examples = (
        Example("vibenv read my-task /etc/os-release | lines | first", "the first line of a text"),
        Example("vibenv read my-task /root/out.json | from json", "data that a program left"),
        Example("vibenv read my-task /bin/true | bytes length", "any file, in pieces as they come"),
    )

    session = Positional(str, "the session", complete=session_names)
    path = Positional(str, "the file in it")

    def answer(self, call: Call) -> object:
        """The file, once its first bytes are there."""
        name = check_name(call[self.session], call.span(self.session))
        blocks = files.read(self.engine(call), name, call[self.path], cancelled=call.cancelled)
        first = next(blocks, b"")
        content_type, _ = mimetypes.guess_type(call[self.path])
        stream = ByteStream(itertools.chain((first,), blocks), "Unknown")
        return WithMetadata(stream, PipelineMetadata(content_type=content_type))
