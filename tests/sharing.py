"""Which tests one worker of pytest-xdist gets together, and what is begun first."""

from __future__ import annotations

from typing import Any

from xdist.scheduler import LoadFileScheduling

# these share a running service that is started once
TOGETHER = ("tests/faults/", "tests/client/")
# what takes a minute or more, so that none of it is left when the other worker has nothing more to do
FIRST = (
    *TOGETHER,
    "tests/browser/test_officers_sitting.py",
    "tests/browser/test_whole_way.py",
    "tests/browser/test_look.py",
    "tests/demo/test_service.py",
    "tests/governance/test_serve.py",
    "tests/browser/test_upload.py",
    "tests/audits/test_references.py",
    "tests/api/test_contract.py",
    "tests/governance/test_backup.py",
)


class Sharing(LoadFileScheduling):
    """By file, but for folders that stay together."""

    def _split_scope(self, nodeid: str) -> str:
        file = super()._split_scope(nodeid)
        return next((folder for folder in TOGETHER if file.startswith(folder)), file)

    def _assign_work_unit(self, node: Any) -> None:
        if first := next((scope for scope in FIRST if scope in self.workqueue), None):
            self.workqueue.move_to_end(first, last=False)
        super()._assign_work_unit(node)
