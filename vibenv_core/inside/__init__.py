"""Programs that run inside the container of a session that an older vibenv made: the standard library only.

They travel as source in the command line (`session_process` builds it), as nothing of vibenv is there.
"""
