"""The real services of the tests: private Docker engines, and images made of package registries alone."""


class Failed(Exception):
    """Raised when a part of the stack cannot be made or started: what failed, and where its log is."""
