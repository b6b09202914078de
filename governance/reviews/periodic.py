"""What the beat does for what comes due."""

from __future__ import annotations

from django.conf import settings

from models.jobs.periodic import every


@every(15 * 60)
def tell_of_days_that_near() -> None:
    from governance.reviews.notices import tell_everybody

    tell_everybody()


if settings.MAIL:

    @every(30)
    def send_mail_that_is_due() -> None:
        from governance.reviews.mail import send_due

        send_due()
