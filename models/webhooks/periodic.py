"""What the beat does for webhooks."""

from __future__ import annotations

from models.jobs.periodic import every
from models.webhooks.deliver import deliver


@every(2)
def send_what_is_due() -> None:
    deliver()
