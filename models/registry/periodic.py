"""What the registry has done again and again."""

from __future__ import annotations

from models.jobs.periodic import every
from models.registry.uploading import sweep


@every(600)
def sweep_uploads() -> None:
    """Uploads that were never finished, or never registered, go after a day."""
    sweep()
