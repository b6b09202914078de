"""What people send lies on the disk before anybody looks at it: no more of it than there is room for.

The server keeps a request's body until it is whole, whoever sends it, of many callers at once. What is declared is
believed only so far as it is small.
"""

from __future__ import annotations

import shutil

from django.conf import settings
from waitress.channel import HTTPChannel
from waitress.parser import HTTPRequestParser
from waitress.utilities import Error


class NoRoom(Error):
    code = 507
    reason = "Insufficient Storage"


class Request(HTTPRequestParser):
    """One whose body would leave less than DISK_RESERVE_BYTES free is refused, if need be in the middle of it. What
    is small enough to be kept in memory always comes through, so that people can still sign in and delete."""

    def received(self, data: bytes) -> int:
        taken: int = super().received(data)
        if self.body_rcv is not None and not self.error and not has_room(self.to_come()):  # type: ignore[has-type]
            self.error = NoRoom("There is no room on the server's disk for what was sent. Nothing of it was kept.")
            self.completed = True
        return taken

    def to_come(self) -> int:
        """Bytes that will yet be written to the disk; of a body without a length, one is sure."""
        whole = max(self.content_length, self.body_bytes_received + 1)
        return whole - self.body_bytes_received if whole > self.adj.inbuf_overflow else 0


def has_room(size: int) -> bool:
    return not size or shutil.disk_usage(settings.FILE_UPLOAD_TEMP_DIR).free - size >= settings.DISK_RESERVE_BYTES


class Channel(HTTPChannel):
    parser_class = Request
