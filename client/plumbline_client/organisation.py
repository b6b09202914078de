"""The organisation that the token is of, and the people in it. What is changed here needs an administrator's token."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from plumbline_client.connection import Connection
from plumbline_client.desk import Delegation
from plumbline_client.records import Invitation, Member, Settings, read_as
from plumbline_client.room import plain


class Organisation:
    """`client.organisation`."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection

    def get(self) -> Settings:
        return read_as(Settings, self.connection.get("/organisation"))

    def require_second_factor(self, required: bool = True) -> Settings:
        """Of every member who signs in; what programs do by token goes on."""
        return read_as(Settings, self.connection.change("/organisation", {"require_second_factor": required}))

    def members(self) -> Iterator[Member]:
        return (read_as(Member, row) for row in self.connection.pages("/members"))

    def member(self, member: str) -> Member:
        return read_as(Member, self.connection.get(f"/members/{member}"))

    def change_role(self, member: str, role: str) -> Member:
        """engineer, officer, approver, auditor or administrator."""
        return read_as(Member, self.connection.change(f"/members/{member}", {"role": role}))

    def remove(self, member: str) -> None:
        """Their tokens for this organisation end at once; what they did stays in the trail."""
        path = f"/members/{member}"
        self.connection.delete(path, etag=self.connection.etag(path))

    def invite(self, email: str, role: str, name: str = "") -> Invitation:
        """Nothing is sent: hand over the address in `.invitation` yourself. It is shown this once."""
        return read_as(Invitation, self.connection.post("/members", {"email": email, "role": role, "name": name}))

    def invitations(self) -> Iterator[Invitation]:
        """Those that are open, the newest first."""
        return (read_as(Invitation, row) for row in self.connection.pages("/members/invitations"))

    def withdraw(self, invitation: str) -> None:
        """Its address opens nothing from then on."""
        self.connection.delete(f"/members/invitations/{invitation}")

    def delegations(self) -> Iterator[Delegation]:
        """Who stands in for whom, the newest first, with those that are over."""
        return (read_as(Delegation, row) for row in self.connection.pages("/delegations"))

    def delegation(self, delegation: str) -> Delegation:
        return read_as(Delegation, self.connection.get(f"/delegations/{delegation}"))

    def delegate(self, member: str, first_day: date | str, last_day: date | str) -> Delegation:
        """Hand your role to another member for some days, as for a leave. It opens nothing to their tokens."""
        said = {"member": member, "first_day": first_day, "last_day": last_day}
        return read_as(Delegation, self.connection.post("/delegations", plain(said)))

    def end_delegation(self, delegation: str) -> None:
        """Before its last day."""
        self.connection.delete(f"/delegations/{delegation}")
