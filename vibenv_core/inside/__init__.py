"""Programs that run in a session's container and travel there as source: the standard library only.

    bridge                          the terminal of a session that an older vibenv made
    connect  listening              its ports, for `vibenv forward`
    loader  serve                   what starts the programs, and runs those below one after the other
    framing  caller                 what is said between a program and its caller, as bytes and as calls
    archive                         what of a tar stream may be made where, decided
    execute                         what `vibenv exec` runs
    read_file  write_file           a file's content, from there and to there
    read_log                        the recording of the session's terminal
    mounts                          which files the engine can reach from outside
    pack  unpack  folder            files and folders as a tar stream, on this machine too

`inside_programs` says how they are started, `running` speaks with them.

The session's own Python runs them, or where an older vibenv made the session, that of its image.
"""
