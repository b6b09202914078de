"""Signing in, what is one's own, and members."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django import forms
from django.contrib.auth.forms import AuthenticationForm
from django.contrib.auth.password_validation import password_validators_help_texts, validate_password
from django.db.models import QuerySet
from django.utils import timezone

from models.accounts.models import Membership, User
from models.accounts.roles import Role
from models.accounts.scopes import SCOPES, USUAL


class PasswordField(forms.CharField):
    """As it is typed; more than a thousand characters would only keep the hashing busy."""

    def __init__(self, label: str, missing: str, autocomplete: str, help_text: str = "") -> None:
        shown = forms.PasswordInput(attrs={"autocomplete": autocomplete})
        said = {"required": missing}
        super().__init__(
            label=label, widget=shown, help_text=help_text, error_messages=said, max_length=1_000, strip=False
        )


class SignInForm(AuthenticationForm):
    error_messages = {
        "invalid_login": "The e-mail address or the password is not right.",
        "inactive": "The e-mail address or the password is not right.",
    }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        email, password = self.fields["username"], self.fields["password"]
        email.label = "E-mail address"
        email.widget = forms.EmailInput(attrs={"autocomplete": "username", "maxlength": 254})
        email.error_messages["required"] = "Enter your e-mail address."
        password.error_messages["required"] = "Enter your password."


def code_field(help_text: str, label: str = "Code") -> forms.CharField:
    """Digits for the keyboard of a phone; recovery codes have letters, so any text is taken."""
    shown = forms.TextInput(attrs={"autocomplete": "one-time-code", "inputmode": "text", "spellcheck": "false"})
    missing = {"required": "Enter a code."}
    return forms.CharField(max_length=40, label=label, help_text=help_text, widget=shown, error_messages=missing)


def present_password() -> forms.CharField:
    return PasswordField("Your password", "Enter your password.", "current-password")


class CodeForm(forms.Form):
    """The second step of signing in."""

    code = code_field("The six digits that your authenticator app shows now, or one of your recovery codes.")


class EnrolForm(forms.Form):
    code = code_field("The six digits that the app shows once it knows the key.")


class SureForm(forms.Form):
    """Asks again who is there, before the second factor is changed."""

    password = present_password()
    code = code_field("From the app, or a recovery code.")

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.user = user

    def clean_password(self) -> str:
        return right_password(self.user, self.cleaned_data["password"])


def right_password(user: User, password: str) -> str:
    if not user.check_password(password):
        raise forms.ValidationError("This is not your password.", code="wrong")
    return password


class NewPasswordForm(forms.Form):
    """A password and the same again, good enough for the person (`user`, who may not be stored yet)."""

    password = PasswordField(
        "New password", "Choose a password.", "new-password", " ".join(password_validators_help_texts())
    )
    again = PasswordField("The same again", "Type the new password again.", "new-password")

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.user = user

    def clean_password(self) -> str:
        password: str = self.cleaned_data["password"]
        validate_password(password, self.user)
        return password

    def clean_again(self) -> str:
        again: str = self.cleaned_data["again"]
        if "password" in self.cleaned_data and again != self.cleaned_data["password"]:
            raise forms.ValidationError("The two passwords are not the same.")
        return again


class ChangePasswordForm(NewPasswordForm):
    present = present_password()

    field_order = ["present", "password", "again"]

    def clean_present(self) -> str:
        return right_password(self.user, self.cleaned_data["present"])


class JoinForm(NewPasswordForm):
    name = forms.CharField(max_length=200, label="Your name", error_messages={"required": "Enter your name."})

    field_order = ["name", "password", "again"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["name"].widget.attrs["autocomplete"] = "name"
        self.fields["password"].label = "Password"


class NameForm(forms.Form):
    name = forms.CharField(max_length=200, label="Your name", error_messages={"required": "Enter your name."})


class TokenForm(forms.Form):
    """`number` is drawn with the form, so that a form that is sent twice makes one token."""

    DAYS = ((7, "7 days"), (30, "30 days"), (90, "90 days"), (366, "A year"))

    number = forms.UUIDField(widget=forms.HiddenInput)
    name = forms.CharField(
        max_length=100,
        label="What it is for",
        help_text="Such as: nightly pipeline of the scoring team.",
        error_messages={"required": "Say what it is for."},
    )
    scopes = forms.MultipleChoiceField(
        choices=tuple((scope, f"{scope}: {what}") for scope, what in SCOPES.items()),
        widget=forms.CheckboxSelectMultiple,
        label="What it may do",
        help_text="Never more than your own role may.",
        initial=USUAL,
        error_messages={"required": "Choose at least one."},
    )
    days = forms.TypedChoiceField(choices=DAYS, coerce=int, initial=90, label="It ends after")

    @property
    def expires_at(self) -> Any:
        return timezone.now() + timedelta(days=self.cleaned_data["days"])


def day_field(label: str, wrong: str) -> forms.DateField:
    shown = forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    said = {"required": wrong, "invalid": wrong}
    return forms.DateField(label=label, widget=shown, input_formats=["%Y-%m-%d"], error_messages=said)


def role_field() -> forms.ChoiceField:
    missing = {"required": "Choose a role."}
    return forms.ChoiceField(choices=Role.choices, widget=forms.RadioSelect, label="Role", error_messages=missing)


class InviteForm(forms.Form):
    email = forms.EmailField(
        max_length=254,
        label="E-mail address",
        widget=forms.EmailInput(attrs={"autocomplete": "off"}),
        error_messages={"required": "Enter their e-mail address."},
    )
    name = forms.CharField(max_length=200, required=False)
    role = role_field()


class DelegationForm(forms.Form):
    """`receivers` are the members who may take the place of the one who gives it."""

    receiver = forms.ModelChoiceField(
        Membership.unscoped.none(),
        label="Who stands in for you",
        empty_label="Choose a person",
        error_messages={"required": "Choose who stands in for you.", "invalid_choice": "Choose one of these people."},
    )
    first_day = day_field("First day", "Enter the first day, such as 2026-12-01.")
    last_day = day_field("Last day", "Enter the last day, such as 2026-12-14.")

    def __init__(self, *args: Any, receivers: QuerySet[Membership], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        chosen: Any = self.fields["receiver"]
        chosen.queryset = receivers
        chosen.label_from_instance = lambda each: f"{each.user}, {each.get_role_display().lower()}"


class RoleForm(forms.Form):
    role = role_field()
