"""How passwords are kept: Argon2id, as large as a web process can bear when several people sign in."""

from __future__ import annotations

from django.contrib.auth.hashers import Argon2PasswordHasher


class Argon2(Argon2PasswordHasher):
    """OWASP's recommended setting for Argon2id (Password Storage Cheat Sheet): 19 MiB, two passes, one lane.

    Django's own takes 100 MiB for each sign-in, most of what the whole web process may have. A hash of another size
    is still read, and made anew when its owner signs in.
    """

    time_cost = 2
    memory_cost = 19 * 1024  # KiB
    parallelism = 1
