"""What a sandbox must allow so that a report can be drawn in it."""

from __future__ import annotations

from models.jobs.sandbox.limits import GIB, Limits


class DrawingLimits(Limits):
    """The same bounds on what is used, more room in addresses: the charts' engine (V8, in vl-convert) reserves tens of
    gigabytes of addresses that it never touches, and ends the process where it cannot."""

    __slots__ = ()

    @property
    def address_space(self) -> int:
        return 2 * self.memory + 144 * GIB
