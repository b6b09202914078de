"""A token for a program, from the operator's shell."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from models.accounts.models import Membership, Organisation, User
from models.accounts.scopes import SCOPES, USUAL
from models.accounts.tokens import LONGEST, USUAL_LIFE, issue
from models.errors import InputError


class Command(BaseCommand):
    help = "Print a new token of a person: the secret alone on the standard output, what it is on the other."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("email")
        scopes = f"what it may do ({', '.join(SCOPES)}; several times; default: {', '.join(USUAL)})"
        parser.add_argument(
            "--scope", action="append", choices=list(SCOPES), dest="scopes", metavar="SCOPE", help=scopes
        )
        parser.add_argument("--name", default="made on the command line", help="what it is for")
        parser.add_argument("--days", type=int, default=USUAL_LIFE.days, help=f"until it ends, at most {LONGEST.days}")
        parser.add_argument("--organisation", metavar="NAME", help="for a person who belongs to several")

    def handle(self, *args: Any, **options: Any) -> None:
        user = User.objects.filter(email__iexact=options["email"].strip(), is_active=True).first()
        if user is None:
            raise CommandError(f"nobody here has the address {options['email']}")
        organisation = self.organisation(user, options["organisation"])
        if not 1 <= options["days"] <= LONGEST.days:
            raise CommandError(f"--days is 1 to {LONGEST.days}")
        ends = timezone.now() + timedelta(days=options["days"])
        try:
            token, secret = issue(user, organisation, options["name"], options["scopes"] or USUAL, ends)
        except InputError as error:
            raise CommandError(str(error)) from error
        self.stderr.write(
            f"{token}: {user.email} at {organisation}, may {', '.join(token.scopes)}, until {ends:%Y-%m-%d}. "
            "It is shown this once."
        )
        self.stdout.write(secret)

    def organisation(self, user: User, name: str | None) -> Organisation:
        memberships = Membership.unscoped.filter(user=user).select_related("organisation")
        found = [m.organisation for m in memberships if name in (None, m.organisation.name)]
        if len(found) == 1:
            return found[0]
        if not found:
            raise CommandError(f"{user.email} does not belong to {name or 'any organisation'}")
        raise CommandError("say which with --organisation: " + ", ".join(str(each) for each in found))
