"""The first process of a session's container, under `--init`: it holds the program's terminal.

It imports Python's standard library and this package only: it runs from the tools volume in any image. Its
modules decide; `serving`, `connection`, `program`, `foreground`, `recording` and `relay` do the I/O.

    frames  dtach                   what clients say, as bytes
    requests  status                what programs ask; how a session is, in a line
    screen  ghostty  ghostty_library  queries    the emulated terminal, and what is asked of it
    records  signs  doing  telling  what the program is doing, and when that is said
    cells  snapshot                 its state, out of the emulator's bytes
    painting  repainting  viewing  reading  styling    that state as what paints it, as text, as values
    asciicast                       the recording, as text
    display  keyboard               what is shown to clients, what they type
    keys  lease  sending            what programs type, and when they may
    written  waiting  searching     what they wait for
    screens                         what has changed since they looked last
    client  dtach_client  frames_client          what each of them is owed
    hub  talk                       who is there and leads, what they say, acted on
    program  foreground  recording  connection  serving      the program, its recording, the sockets
    relay                           what joins a client to a session, in a process of its own
"""

TOOLS = "/.vibenv"
"""Where sessions have the tools volume. Were it `/vibenv`, then in the folder `/` Nushell would take that for
the module of `use vibenv`."""
DTACH_SOCKET = "/tmp/vibenv.sock"
"""Where a session's terminal is served in dtach's protocol: `dtach -a` there is always a second way in."""
CONTROL_SOCKET = "/tmp/vibenv-control.sock"
"""Where it is served in `frames`."""
LOG_FOLDER = "/var/log/vibenv/session"
"""Where the recording is kept; mounted from a volume, so that it is not part of forks."""
LOG_LIMIT = 64 << 20
"""Bytes of it that are kept."""
READY = b"READY\n"
"""What the supervisor says on its standard output once both sockets accept and the program runs."""
