"""A file that is one already; the server recognises it by its content."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from plumbline_client.errors import InvalidInput
from plumbline_client.model_files.kind import Asked, Kind, Written


class File(Kind):
    rank = 90
    title = "a path of a model file"

    def takes(self, model: Any) -> bool:
        return isinstance(model, (str, os.PathLike))

    def write(self, model: Any, asked: Asked) -> Written:
        path = Path(model)
        if asked.to:
            raise InvalidInput(f"{path} is a file already and is sent as it is; leave out to={asked.to!r}.")
        if not path.is_file():
            raise InvalidInput(f"There is no file {path}.")
        return Written(path)


KIND = File()
