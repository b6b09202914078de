"""Fifty page views a second, on PostgreSQL, with a large organisation's rows in the database.

Arrivals come at a fixed rate whether or not earlier ones were answered, so that waiting shows. The one who asks shares
the machine's cores with the one who answers. It is the service as it runs: counting begins when the worker and the
beat, whose start takes seconds of both cores, are there and every process has answered for a while; `make bench` times
the start by itself (startup.py). Seeding is tests/bench/seed.py.
"""

from __future__ import annotations

import asyncio
import json
import statistics
import time
from collections.abc import Iterator

import httpx

from tests.bench.row import FULL, Row, within
from tests.bench.service import peak_memory, place_on_postgres, processor_seconds, serving

RATE = 50
SECONDS = 60 if FULL else 30
WARM = 5  # seconds at that rate that are not counted
PATIENCE = 60  # seconds for worker and beat to start
STARTED = ("plumbline_beat 1.0", 'plumbline_workers{queue="heavy"} 1.0', 'plumbline_workers{queue="light"} 1.0')


def measure() -> Iterator[Row]:
    with place_on_postgres() as place:
        if place is None:
            yield Row(f"{RATE} pages a second", "no PostgreSQL here", "", None, "median under 100 ms", None)
            return
        place.manage("migrate", "--verbosity", "0")
        seeded = json.loads(place.manage("shell", "-v", "0", "-c", "from tests.bench.seed import seed; seed()"))
        with serving(place, "--processes", "2", "--threads", "4") as (address, process):
            times, wrong, spent = asyncio.run(visits(address, seeded, process.pid))
            peak = peak_memory(process.pid)
    done = sorted(time for page in times.values() for time in page)
    said = f"{RATE} pages a second, {seeded['rows']}"
    yield within(f"{said}: median", statistics.median(done) * 1000, 100, "ms")
    yield within(f"{said}: 95th of a hundred", done[int(len(done) * 0.95)] * 1000, 300, "ms")
    slowest = max(times, key=lambda page: statistics.median(times[page]))
    yield Row(
        f"slowest page's median, {slowest}", f"{statistics.median(times[slowest]) * 1000:.0f} ms", "", None, "", None
    )
    each = f"{spent / len(done) * 1000:.1f} ms"
    yield Row("the service's processor time for a page, without the database", each, "", None, "", None)
    yield within("a web process's memory at its peak, after them", peak, 150, "MB")
    yield Row("answers that were not 200", str(wrong), "", None, "none", wrong == 0)


async def visits(address: str, seeded: dict, pid: int) -> tuple[dict[str, list[float]], int, float]:
    """Seconds of each visit by page, how many answers were wrong, and the service's processor seconds."""
    limits = httpx.Limits(max_connections=100)
    async with httpx.AsyncClient(base_url=address, timeout=30, limits=limits, trust_env=False) as client:
        await started(client)
        await sign_in(client, seeded["email"], seeded["password"])
        await arrivals(client, seeded["pages"], WARM)
        before = processor_seconds(pid)
        answers = await arrivals(client, seeded["pages"], SECONDS)
        spent = processor_seconds(pid) - before
    times: dict[str, list[float]] = {}
    for name, taken, _ in answers:
        times.setdefault(name, []).append(taken)
    return times, sum(not good for _, _, good in answers), spent


async def started(client: httpx.AsyncClient) -> None:
    """Until worker and beat are there; RuntimeError where they do not come."""
    until = time.monotonic() + PATIENCE
    while True:
        figures = (await client.get("/metrics")).text
        if all(line in figures for line in STARTED):
            return
        if time.monotonic() > until:
            raise RuntimeError(f"worker and beat did not start within {PATIENCE} s")
        await asyncio.sleep(0.5)


async def arrivals(client: httpx.AsyncClient, pages: dict[str, str], seconds: float) -> list[tuple[str, float, bool]]:
    """Visits to the pages in turn, begun at the rate."""
    began, tasks = time.perf_counter(), []
    for number in range(round(RATE * seconds)):
        await asyncio.sleep(max(0.0, began + number / RATE - time.perf_counter()))
        name, page = list(pages.items())[number % len(pages)]
        tasks.append(asyncio.create_task(visit(client, name, page)))
    return await asyncio.gather(*tasks)


async def visit(client: httpx.AsyncClient, name: str, page: str) -> tuple[str, float, bool]:
    started = time.perf_counter()
    answer = await client.get(page)
    return name, time.perf_counter() - started, answer.status_code == 200


async def sign_in(client: httpx.AsyncClient, email: str, password: str) -> None:
    await client.get("/sign-in/")
    form = {"username": email, "password": password, "csrfmiddlewaretoken": client.cookies["csrftoken"]}
    answer = await client.post("/sign-in/", data=form, headers={"Referer": str(client.base_url)})
    if answer.status_code != 302:
        raise RuntimeError(f"signing in answered {answer.status_code}")
