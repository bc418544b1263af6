"""vibenv's Nushell plugin: commands in, tables out; every decision about containers is vibenv_core's.

What is where:

    __main__       starts the plugin, or installs it
    commands/      one file per command: what it is called, takes and gives
    command        what all of them share: a host, errors shown where they were typed
    session_command, long_command, following_command
                   those about sessions, side by side; those that take a while and say how far they are; those
                   whose rows come for as long as they are wanted
    tables/        the columns of all answers
    names, completions, report, progress, terminal, engines
                   what was named, what could be, an error as Nushell shows it, the line on the terminal, the
                   terminal itself, the connections
    install, nushell
                   registers plugin and module with a Nushell, and undoes it; what that Nushell is asked
    sdk/           Nushell's plugin protocol; knows nothing of vibenv
"""
