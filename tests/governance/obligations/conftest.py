"""The same two organisations as on the pages."""

from tests.pages.conftest import elsewhere, files, kept, made, world

__all__ = ["elsewhere", "files", "kept", "made", "world"]
