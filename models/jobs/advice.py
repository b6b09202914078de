"""What a person can do about a job that did not succeed, or that nobody works on."""

from __future__ import annotations

from models.jobs.alive import workers
from models.jobs.kinds import JobKind, kind_named
from models.jobs.models import Job, State

LESS = "Ask for less (fewer rows, columns or explanations), or ask whoever runs this service for more"
# how the reasons of perform.py, reaper.py and the sandbox begin or read, and what to do about them
ADVICE = {
    "a fault of our own": "This is not your doing. Try it again; if it fails in the same way, tell whoever runs this "
    "service, with the number below.",
    "its worker died": "Whoever runs this service can see in the workers' logs why they died; often it was memory.",
    "the database was not to be reached": "Try it again in a few minutes.",
    "time limit": f"{LESS} time.",
    "processor time": f"{LESS} time.",
    "memory": f"{LESS} memory.",
    "without a result": "Try it again; if it ends in the same way, the file may be damaged.",
}
MEND = "Mend what the sentence above names, and start it anew."
SUSPICIOUS = "Find out where the file comes from before anyone uses it elsewhere. Here it can do no harm."


def what_to_do(job: Job) -> str:
    """A sentence for a failed job."""
    if job.suspicious:
        return SUSPICIOUS
    return next((advice for words, advice in ADVICE.items() if words in job.error), MEND)


def can_be_tried_again(job: Job) -> bool:
    """Whether submit.retry would take it."""
    kind = known_kind(job)
    return job.state in (State.FAILED, State.CANCELLED) and kind is not None and kind.retry is not None


def known_kind(job: Job) -> JobKind | None:
    """None for a kind that a later or an earlier version of the service had."""
    try:
        return kind_named(job.kind)
    except KeyError:
        return None


def nobody_takes(job: Job) -> bool:
    """Whether it waits for a worker that is not there: none was heard of that takes jobs of its queue."""
    if job.state != State.QUEUED:
        return False
    return not any(job.queue in worker.queues for worker in workers())
