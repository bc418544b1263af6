"""vibenv's library: throw-away workspaces in containers, on any Docker engine that one can reach.

It knows nothing of Nushell and prints nothing.
"""
