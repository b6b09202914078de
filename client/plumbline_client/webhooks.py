"""Webhooks: who is told when a job is finished or a verdict changes. They need an administrator's token."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from plumbline_client.connection import Connection
from plumbline_client.records import Delivery, Webhook, read_as


class Webhooks:
    """`client.webhooks`."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection

    def list(self) -> Iterator[Webhook]:
        """The oldest first."""
        return (read_as(Webhook, row) for row in self.connection.pages("/webhooks"))

    def get(self, webhook: str) -> Webhook:
        return read_as(Webhook, self.connection.get(f"/webhooks/{webhook}"))

    def create(self, url: str, events: Iterable[str], description: str = "") -> Webhook:
        """For job.finished, audit.finished or audit.verdict_changed; the secret in `.secret` is shown this once."""
        body = {"url": url, "events": [*events], "description": description}
        return read_as(Webhook, self.connection.post("/webhooks", body))

    def change(self, webhook: str, **said: Any) -> Webhook:
        """url, events, description or active; only what is given."""
        return read_as(Webhook, self.connection.change(f"/webhooks/{webhook}", said))

    def delete(self, webhook: str) -> None:
        """With the log of its deliveries."""
        path = f"/webhooks/{webhook}"
        self.connection.delete(path, etag=self.connection.etag(path))

    def rotate(self, webhook: str) -> str:
        """A new secret; for a day what is sent is signed with the old one too."""
        return str(self.connection.post(f"/webhooks/{webhook}/rotate")["secret"])

    def test(self, webhook: str) -> Delivery:
        """Send a ping."""
        return read_as(Delivery, self.connection.post(f"/webhooks/{webhook}/test"))

    def deliveries(self, webhook: str) -> Iterator[Delivery]:
        """The newest first."""
        return (read_as(Delivery, row) for row in self.connection.pages(f"/webhooks/{webhook}/deliveries"))

    def retry(self, webhook: str, delivery: str) -> Delivery:
        """Send a message again, under the same webhook-id."""
        return read_as(Delivery, self.connection.post(f"/webhooks/{webhook}/deliveries/{delivery}/retry"))
