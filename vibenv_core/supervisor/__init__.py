"""The first process of a session's container, under `--init`: it holds the program's terminal.

It imports Python's standard library and this package only, because it runs from the tools volume in any image.
Its modules decide, `serving` does the I/O; `frames` is what a client and it say to each other.
"""
