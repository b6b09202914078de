"""What /metrics tells, in Prometheus' words: this web process's requests, and what the database says of the work."""

from __future__ import annotations

import logging
import os
import shutil
from collections.abc import Callable, Iterable, Iterator
from datetime import timedelta

from django.apps import apps
from django.conf import settings
from django.db import DatabaseError, InterfaceError
from django.db.models import Count, DurationField, ExpressionWrapper, F, Min, Sum
from django.db.models.functions import Now
from prometheus_client import CollectorRegistry, Counter, Histogram, disable_created_metrics, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric, SummaryMetricFamily
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector

logger = logging.getLogger(__name__)

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
ALIVE = timedelta(seconds=45)  # since a worker was last heard of, which says so every ten seconds
SECONDS = (0.01, 0.025, 0.05, 0.1, 0.2, 0.3, 0.5, 1.0, 2.5, 5.0, 10.0, 60.0)

disable_created_metrics()
registry = CollectorRegistry()
requests = Counter("plumbline_requests", "Answers by address and status.", ["route", "status"], registry=registry)
durations = Histogram(
    "plumbline_request_seconds", "Time to answer by address.", ["route"], buckets=SECONDS, registry=registry
)


def observe(route: str, status: int, seconds: float) -> None:
    requests.labels(route, str(status)).inc()
    durations.labels(route).observe(seconds)


def exposition() -> bytes:
    """Everything, as text. A database that is away leaves out what it would have said, and `plumbline_up` is 0.

    Where several web processes serve, each writes its figures into a folder that they share, and whichever is asked
    adds them up.
    """
    if "PROMETHEUS_MULTIPROC_DIR" not in os.environ:
        return generate_latest(registry)
    whole = CollectorRegistry()
    MultiProcessCollector(whole)
    whole.register(FromDatabase())
    return generate_latest(whole)


class FromDatabase(Collector):
    """What is asked of the database at each scrape."""

    def describe(self) -> Iterable[Metric]:
        return []

    def collect(self) -> Iterator[Metric]:
        up = 1.0
        try:
            found = [metric for look in LOOKS for metric in look()]
        except LookupError:
            found = [metric for look in LOOKS[:3] for metric in look()]
        except (DatabaseError, InterfaceError) as error:
            logger.warning("metrics: no database (%s)", str(error).strip())
            found, up = [], 0.0
        yield from found
        yield GaugeMetricFamily("plumbline_up", "Whether the database answered.", value=up)
        yield from disk()


def jobs() -> Iterator[Metric]:
    from models.jobs.models import FINISHED, Job, Queue, State

    depth = GaugeMetricFamily("plumbline_jobs", "Jobs by queue and state.", labels=["queue", "state"])
    counted = {
        (row["queue"], row["state"]): row["n"]
        for row in Job.unscoped.values("queue", "state").annotate(n=Count("pk")).order_by()
    }
    for queue in Queue.values:
        for state in State.values:
            depth.add_metric([queue, state], counted.get((queue, state), 0))
    yield depth
    took = ExpressionWrapper(F("finished_at") - F("started_at"), output_field=DurationField())
    ended = Job.unscoped.filter(state__in=FINISHED, started_at__isnull=False).values("kind", "state").order_by()
    seconds = SummaryMetricFamily("plumbline_job_seconds", "Time from start to end by kind.", labels=["kind", "state"])
    for row in ended.annotate(n=Count("pk"), total=Sum(took)):
        seconds.add_metric([row["kind"], row["state"]], row["n"], (row["total"] or timedelta()).total_seconds())
    yield seconds


def waiting() -> Iterator[Metric]:
    from models.jobs.models import Job, Queue, State

    oldest = GaugeMetricFamily("plumbline_oldest_waiting_seconds", "Age of the oldest waiting job.", labels=["queue"])
    queued = Job.unscoped.filter(state=State.QUEUED).values("queue").order_by()
    ages = {row["queue"]: row["now"] - row["oldest"] for row in queued.annotate(oldest=Min("created_at"), now=Now())}
    for queue in Queue.values:
        oldest.add_metric([queue], max(ages.get(queue, timedelta()).total_seconds(), 0.0))
    yield oldest


def alive() -> Iterator[Metric]:
    from models.jobs.models import Beat, Periodic, Queue, Worker

    workers = GaugeMetricFamily("plumbline_workers", "Workers that are alive, by queue.", labels=["queue"])
    heard = list(Worker.objects.filter(seen_at__gt=Now() - ALIVE))
    for queue in Queue.values:
        workers.add_metric([queue], sum(queue in worker.queues for worker in heard))
    yield workers
    beats = Beat.objects.filter(until__gt=Now()).count()
    yield GaugeMetricFamily("plumbline_beat", "Whether a beat is alive.", value=beats)
    failures = GaugeMetricFamily("plumbline_periodic_failures", "Failed calls of what is periodic.", labels=["name"])
    for name, count in Periodic.objects.values_list("name", "failures"):
        failures.add_metric([name], count)
    yield failures


def uploads() -> Iterator[Metric]:
    upload = apps.get_model("registry", "Upload")
    count = upload._base_manager.filter(state="open").count()
    yield GaugeMetricFamily("plumbline_uploads_open", "Uploads that are not complete.", value=count)


def deliveries() -> Iterator[Metric]:
    from models.webhooks.models import Delivery

    due = Delivery.unscoped.filter(state=Delivery.State.PENDING, due_at__lte=Now()).count()
    yield GaugeMetricFamily("plumbline_deliveries_due", "Webhook deliveries that are due.", value=due)


def disk() -> Iterator[Metric]:
    use = shutil.disk_usage(settings.VAR)
    yield GaugeMetricFamily("plumbline_disk_free_bytes", "Free where the service keeps its files.", value=use.free)
    yield GaugeMetricFamily("plumbline_disk_bytes", "Size of that disk.", value=use.total)


LOOKS: tuple[Callable[[], Iterator[Metric]], ...] = (jobs, waiting, alive, uploads, deliveries)
registry.register(FromDatabase())
