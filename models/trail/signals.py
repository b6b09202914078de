"""What the trail asks of the rooms above it."""

from __future__ import annotations

from django.dispatch import Signal

# sent with organisation and user: check a chain that is too long for a request; a receiver that sees to it returns the
# address of a page where it can be watched
check_asked = Signal()
