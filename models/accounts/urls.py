from __future__ import annotations

from django.conf import settings
from django.urls import path

from models.accounts.views import delegations, links, members, profile, second_factor, sign_in, tokens

urlpatterns = [
    path("sign-in/", sign_in.SignIn.as_view(), name="sign-in"),
    path("sign-in/code/", sign_in.sign_in_code, name="sign-in-code"),
    path("sign-out/", sign_in.SignOut.as_view(), name="sign-out"),
    path("organisation/", sign_in.choose_organisation, name="choose-organisation"),
    path("link/", links.link, name="link"),
    path("link/<str:secret>/", links.open_link, name="open-link"),
    path("profile/", profile.profile, name="profile"),
    path("profile/password/", profile.change_password, name="change-password"),
    path("profile/sessions/end/", profile.end_sessions, name="end-sessions"),
    path("profile/second-factor/", second_factor.setting_up, name="second-factor"),
    path("profile/second-factor/off/", second_factor.turn_off, name="turn-off-second-factor"),
    path("profile/second-factor/codes/", second_factor.recovery_codes, name="recovery-codes"),
    path("delegations/", delegations.listed, name="delegations"),
    path("delegations/new/", delegations.give, name="give-delegation"),
    path("delegations/<uuid:pk>/end/", delegations.end, name="end-delegation"),
    path("tokens/", tokens.tokens, name="tokens"),
    path("tokens/new/", tokens.new_token, name="new-token"),
    path("tokens/<uuid:pk>/revoke/", tokens.revoke_token, name="revoke-token"),
    path("members/", members.listed, name="members"),
    path("members/invite/", members.invite, name="invite-member"),
    path("members/invitations/<uuid:pk>/withdraw/", members.withdraw, name="withdraw-invitation"),
    path("members/second-factor/", members.require_second_factor, name="require-second-factor"),
    path("members/<int:pk>/", members.member, name="member"),
    path("members/<int:pk>/role/", members.change_role, name="change-role"),
    path("members/<int:pk>/remove/", members.remove, name="remove-member"),
    path("members/<int:pk>/reset-second-factor/", members.reset_second_factor, name="reset-second-factor"),
    path("members/<int:pk>/password-link/", members.password_link, name="password-link"),
]

if settings.OIDC:
    from models.accounts.views import oidc

    # allauth asks for these names, and for the provider's in the address
    urlpatterns += [
        path("sign-in/with/<slug:provider_id>/", oidc.begin, name="openid_connect_login"),
        path("sign-in/with/<slug:provider_id>/back/", oidc.back, name="openid_connect_callback"),
    ]
