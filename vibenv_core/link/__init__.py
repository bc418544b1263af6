"""The way to an engine on another host: one OpenSSH master, and the engine's sockets forwarded to local ones.

Everything that speaks to the engine speaks to the local socket: docker-py, the Docker CLI, the Dagger CLI.
The master outlives the process that started it, and is shared by all processes of the user.

    plan      what to run and what its words mean, decided without doing it
    runtime   the folder where the sockets are: private, locked while it is changed
    master    makes the link, looks after it, mends it
    ports     other ports that the master forwards
    limits    how much at once the host lets one do
    relay     the local socket's program where the host forwards none
"""
