"""Kinds of job that only the tests of faults know; PLUMBLINE_EXTRA_APPS brings them into a real worker."""

from __future__ import annotations

from django.apps import AppConfig


class FaultKindsConfig(AppConfig):
    name = "tests.faults.kinds"
    label = "fault_kinds"
