"""What runs inside the sandbox: limits itself, calls one function, sends what came of it as lines of JSON.

Started by path with nothing but the standard library; our own folders come onto the path with the request on stdin.
argv[1] is the number of the pipe for events: {"progress": [fraction, sentence]}, then one of {"result": ...},
{"input_error": message} or {"failure": [kind, message, traceback]}, with "refused": [what it may not do] beside it.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any


def main() -> None:
    events = int(sys.argv[1])
    os.set_inheritable(events, False)
    request: dict[str, Any] = json.load(sys.stdin)
    sys.path[:] = [*request["path"]]

    from models.jobs.sandbox.confine import confine
    from models.jobs.sandbox.refusals import watch_refusals

    lines_are_about(request["about"])
    confine(request["rlimits"], request["walls"])
    refused = watch_refusals(writable=[request["output"], os.environ["TMPDIR"], "/dev"])
    send = sender(events)
    final = outcome(request, lambda fraction, sentence: send({"progress": [float(fraction), str(sentence)]}))
    send({**final, "refused": sorted(refused)})
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(0)  # threads and exit handlers of libraries have no say in when the run is over


def lines_are_about(what: str) -> None:
    """What is logged here is printed with the job that it is about, and kept with the job."""
    import logging

    mark = f" [{what}]" if what else ""
    logging.basicConfig(format=f"%(levelname)s %(name)s{mark}: %(message)s", stream=sys.stderr)


def sender(events: int) -> Callable[[dict[str, Any]], None]:
    def send(event: dict[str, Any]) -> None:
        data = json.dumps(event, allow_nan=False).encode() + b"\n"
        while data:
            data = data[os.write(events, data) :]

    return send


def outcome(request: dict[str, Any], progress: Callable[[float, str], None]) -> dict[str, Any]:
    """Call the task; whatever it raises becomes an event."""
    import traceback

    from models.errors import InputError

    try:
        inputs = {name: Path(path) for name, path in request["inputs"].items()}
        result = load(request["task"])(request["payload"], inputs, Path(request["output"]), progress)
        json.dumps(result, allow_nan=False)
        return {"result": result}
    except InputError as error:
        return {"input_error": str(error)}
    except BaseException as error:
        kind = "memory" if is_memory(error) else "crash"
        return {"failure": [kind, f"{type(error).__name__}: {error}"[:2000], traceback.format_exc()[-8000:]]}


def load(task: str) -> Callable[..., Any]:
    import importlib

    module, _, name = task.partition(":")
    function: Callable[..., Any] = getattr(importlib.import_module(module), name)
    return function


def is_memory(error: BaseException) -> bool:
    """Python's own, DuckDB's OutOfMemoryException, and what C++ libraries say of a failed allocation."""
    text = f"{type(error).__name__}: {error}"
    signs = ("OutOfMemory", "bad_alloc", "Failed to allocate", "Cannot allocate memory", "Unable to allocate")
    return isinstance(error, MemoryError) or any(sign in text for sign in signs)


if __name__ == "__main__":
    main()
