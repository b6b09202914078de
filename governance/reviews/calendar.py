"""Everything with a day, by month, for the page and as iCalendar (RFC 5545)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from itertools import groupby
from urllib.parse import urlsplit

from governance.reviews.keeping import months_later
from governance.systems.days import Due

MONTHS = 12  # on a page
MOST = 500  # of each sort


@dataclass(frozen=True, slots=True)
class Month:
    """`first` is its first day."""

    first: date
    days: tuple[Due, ...]


def by_month(found: Iterable[Due]) -> Iterator[Month]:
    """Those that have something, in order; `found` is in order."""
    for first, days in groupby(found, key=lambda each: each.day.replace(day=1)):
        yield Month(first, tuple(days))


def last_of(first: date, months: int) -> date:
    return months_later(first, months) - timedelta(days=1)


def icalendar(found: Iterable[Due], site: str, name: str, now: datetime) -> bytes:
    """A calendar that any program reads; `site` is the address under which we are reached."""
    host = urlsplit(site).hostname or "localhost"
    lines = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//Plumbline//Calendar//EN", f"X-WR-CALNAME:{text(name)}"]
    for each in found:
        lines += [
            "BEGIN:VEVENT",
            f"UID:{each.key}@{host}" if each.lapses else f"UID:{each.key}:{each.day:%Y%m%d}@{host}",
            f"DTSTAMP:{stamp(now)}",
            f"DTSTART:{stamp(each.at)}" if each.at else f"DTSTART;VALUE=DATE:{each.day:%Y%m%d}",
            f"SUMMARY:{text(f'{each.kind}: {each.title}')}",
            f"DESCRIPTION:{text(each.system)}",
            f"URL:{site}{each.address}",
            "TRANSP:TRANSPARENT",
            "END:VEVENT",
        ]
    return "".join(folded(line) for line in [*lines, "END:VCALENDAR"]).encode()


def stamp(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y%m%dT%H%M%SZ}"


def text(said: str) -> str:
    """A value of the type TEXT (section 3.3.11), on one line; control characters have no place in one."""
    clean = re.sub(r"[\x00-\x1f\x7f]+", " ", said)
    return re.sub(r"([\\;,])", r"\\\1", clean)


def folded(line: str) -> str:
    """In pieces of at most 75 octets, none of which cuts a letter (section 3.1)."""
    pieces, piece, size = [], "", 0
    for sign in line:
        octets = len(sign.encode())
        if size + octets > 75:
            pieces.append(piece)
            piece, size = " ", 1
        piece, size = piece + sign, size + octets
    return "\r\n".join([*pieces, piece]) + "\r\n"
