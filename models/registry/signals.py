"""What the registry announces."""

from __future__ import annotations

from django.dispatch import Signal

# Sent with version=... (a ModelVersion or DatasetVersion), inside the transaction that registers it: a receiver that
# fails undoes the registration.
version_registered = Signal()
