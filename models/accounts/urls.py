from __future__ import annotations

from django.urls import path

from models.accounts.views import SignIn, SignOut, choose_organisation

urlpatterns = [
    path("sign-in/", SignIn.as_view(), name="sign-in"),
    path("sign-out/", SignOut.as_view(), name="sign-out"),
    path("organisation/", choose_organisation, name="choose-organisation"),
]
