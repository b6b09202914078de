"""What jobs announce."""

from __future__ import annotations

from django.dispatch import Signal

# Sent with job=..., inside the transaction that ends the job: a receiver that fails undoes the end.
job_finished = Signal()
