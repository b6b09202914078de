"""What the whole service has done again and again."""

from __future__ import annotations

import logging

from django.conf import settings

from models.jobs.periodic import every

logger = logging.getLogger(__name__)


@every(60)
def remove_files_of_erased_versions() -> None:
    """Those that could not go at once."""
    from models.registry.erasure import remove_what_is_left

    remove_what_is_left()


if settings.TRAIL_CHECKPOINT_MINUTES:

    @every(settings.TRAIL_CHECKPOINT_MINUTES * 60)
    def sign_the_heads_of_the_trails() -> None:
        """Where there is a key; doctor says where there is none."""
        from models.trail import checkpoints, keys

        if keys.file().exists():
            checkpoints.sign_heads()


if settings.PRUNE_HOURS:

    @every(settings.PRUNE_HOURS * 3600)
    def prune_what_is_past_its_time() -> None:
        from governance.prune import prune

        for done in prune():
            if done.count:
                logger.info("pruned %d: %s", done.count, done.what)
