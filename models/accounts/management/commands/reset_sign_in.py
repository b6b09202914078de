"""A way back in for who cannot sign in, from the operator's shell."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction

from models.accounts import links, second_factor
from models.accounts.models import Identity, Membership, User
from models.accounts.signals import tell, tell_everywhere


class Command(BaseCommand):
    help = "Print a one-time address where a person sets a new password; the host in front of it is yours."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("email")
        parser.add_argument("--second-factor", action="store_true", help="reset the second factor too")
        parser.add_argument(
            "--identity", action="store_true", help="let go of the identity provider's account that opens theirs too"
        )

    @transaction.atomic
    def handle(self, *args: Any, **options: Any) -> None:
        user = User.objects.filter(email__iexact=options["email"].strip(), is_active=True).first()
        membership = Membership.unscoped.filter(user=user).select_related("organisation").first() if user else None
        if user is None or membership is None:
            raise CommandError(f"nobody with the address {options['email']} belongs to an organisation here")
        if options["second_factor"]:
            second_factor.turn_off(user, None, "reset the second factor")
        if options["identity"] and Identity.objects.filter(user=user).delete()[0]:
            tell_everywhere(user, None, "let go of the identity provider's account")
        link, secret = links.make(membership.organisation, links.Kind.PASSWORD, user.email, None)
        tell(membership.organisation, None, "made a link for a new password", user)
        self.stderr.write(f"{user.email} sets a new password there, once, until {link.expires_at:%Y-%m-%d %H:%M} UTC.")
        self.stdout.write(links.address(secret))
