"""What this room announces, each inside the transaction of what it tells of: a receiver that fails undoes it."""

from __future__ import annotations

from django.dispatch import Signal

# Sent with system=... (a System), what=... (a word: registered, changed, part added, part removed, answered, archived,
# brought back) and, for parts, part=... (a SystemPart).
system_changed = Signal()

# Sent with standing=... (a Standing) once a classification is recorded.
system_classified = Signal()
