from tests.pages import at_noon, files

__all__ = ["at_noon", "files"]
