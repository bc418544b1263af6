"""Programs that run inside a session's container: each a file that imports the standard library only.

They travel as source in the command line (`session_process` builds it), so that a session needs no vibenv
in its image, and one that an older vibenv made can still be attached to.
"""
