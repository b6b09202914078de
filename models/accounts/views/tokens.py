"""One's own tokens."""

from __future__ import annotations

from uuid import UUID, uuid4

from django.contrib import messages
from django.db import IntegrityError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from models.accounts import shown_once
from models.accounts.access import organisation_for
from models.accounts.forms import TokenForm
from models.accounts.models import Organisation, Token
from models.accounts.scopes import SCOPES, USUAL
from models.accounts.tokens import issue, revoke
from models.accounts.views.forms import page
from models.accounts.views.profile import signed_in_user
from models.errors import InputError

MANAGE = "manage tokens"
SECRET = "token"


@require_safe
def tokens(request: HttpRequest) -> HttpResponse:
    organisation = organisation_for(request, MANAGE)
    own = Token.objects.of(organisation).filter(user=signed_in_user(request))
    said = {
        "tokens": own[:200],
        "active": own.filter(revoked_at=None, expires_at__gt=timezone.now()).count(),
        "secret": shown_once.take(request, SECRET),
        "scopes": SCOPES,
    }
    return render(request, "accounts/tokens.html", said)


@require_http_methods(["GET", "HEAD", "POST"])
def new_token(request: HttpRequest) -> HttpResponse:
    """The secret waits for the next page. A form that was sent before makes nothing."""
    organisation = organisation_for(request, MANAGE)
    form = TokenForm(request.POST or None, initial={"number": uuid4(), "scopes": list(USUAL)})
    if request.method == "POST" and form.is_valid():
        try:
            make(request, organisation, form)
        except InputError as error:
            form.add_error("name", str(error))
        else:
            return redirect("tokens")
    return page(request, "accounts/new_token.html", form)


def make(request: HttpRequest, organisation: Organisation, form: TokenForm) -> None:
    said = form.cleaned_data
    try:
        token, secret = issue(
            signed_in_user(request), organisation, said["name"], said["scopes"], form.expires_at, number=said["number"]
        )
    except IntegrityError:
        messages.warning(request, "This form was sent already. It made one token, and no second.")
        return
    shown_once.keep(request, SECRET, {"name": token.name, "secret": secret})


@require_POST
def revoke_token(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Sent twice, it changes nothing the second time."""
    organisation, user = organisation_for(request, MANAGE), signed_in_user(request)
    token = get_object_or_404(Token.objects.of(organisation).filter(user=user), pk=pk)
    revoke(token, user)
    messages.success(request, f"The token {token.name} is revoked. What used it is refused from now on.")
    return redirect("tokens")
