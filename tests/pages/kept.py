"""What many tests find in the database is made once, kept as rows and files, and put there again for each of them."""

from __future__ import annotations

import pickle
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.db import IntegrityError, connection, transaction
from django.test import override_settings

Rows = dict[str, list[tuple[Any, ...]]]


@dataclass(frozen=True)
class Kept:
    """`make` in the database and in the storage `folder`, as it was once; `thing` is what it gave, pickled."""

    make: Callable[[], Any]
    rows: Rows
    folder: Path
    thing: bytes

    def again(self, folder: Path) -> Any:
        """The same once more, its files in this folder. Beside rows that have its numbers it is made anew."""
        try:
            with transaction.atomic():
                insert(self.rows)
        except IntegrityError:
            return self.make()
        shutil.copytree(self.folder, folder, dirs_exist_ok=True)
        return pickle.loads(self.thing)


def keep(make: Callable[[], Any], folder: Path, after: Kept | None = None) -> Kept:
    """Make it and take it back; `after` was there before, so that both can be."""
    with override_settings(STORAGE_URL=folder.as_uri()), transaction.atomic():
        if after:
            insert(after.rows)
        before = everything()
        thing = make()
        rows = {table: [row for row in found if row not in before[table]] for table, found in everything().items()}
        transaction.set_rollback(True)
    return Kept(make, rows, folder, pickle.dumps(thing))


def everything() -> Rows:
    found = {}
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            cursor.execute(f'SELECT * FROM "{table}"')
            found[table] = cursor.fetchall()
    return found


def insert(rows: Rows) -> None:
    with connection.cursor() as cursor:
        for table, found in rows.items():
            if found:
                cursor.executemany(f'INSERT INTO "{table}" VALUES ({", ".join(["%s"] * len(found[0]))})', found)
