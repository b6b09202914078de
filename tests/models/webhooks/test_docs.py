"""What docs/webhooks.md tells a receiver to do takes our messages and no others; its tables are the code's."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from models.webhooks.announce import announce
from models.webhooks.deliver import WAITS, deliver
from models.webhooks.endpoints import rotate
from models.webhooks.models import EVENTS, PING
from tests.models.people import organisation

DOCS = (Path(__file__).parents[3] / "docs" / "webhooks.md").read_text()


@pytest.fixture(params=["take", "take_by_hand"])
def take(request):
    known: dict = {}
    for code in re.findall(r"```python\n(.*?)```", DOCS, re.DOTALL):
        exec(code, known)
    return known[request.param]


def test_the_documented_code_takes_what_we_send_and_refuses_what_was_touched(registered, receiver, administrator, take):
    endpoint, secret = registered
    announce(organisation(), "audit.finished", {"id": "ä"})
    deliver()
    got = receiver.got[0]
    headers = {name.lower(): value for name, value in got.headers.items()}
    assert take(secret, headers, got.body)["data"] == {"id": "ä"}
    assert take(secret, headers, got.body + b" ") is None
    assert take(secret, headers | {"webhook-timestamp": "1700000000"}, got.body) is None
    assert take("whsec_" + "A" * 43 + "=", headers, got.body) is None
    fresh = rotate(administrator, endpoint)
    announce(organisation(), "audit.finished", {"id": "b"})
    deliver()
    got = receiver.got[1]
    headers = {name.lower(): value for name, value in got.headers.items()}
    assert [take(each, headers, got.body)["data"]["id"] for each in (secret, fresh)] == ["b", "b"]


def test_every_event_is_documented_and_every_wait():
    assert set(re.findall(r"^\| `([a-z_.]+)` \|", DOCS, re.MULTILINE)) == {*EVENTS, PING}
    assert "5 seconds, 5 minutes, 30 minutes,\n2, 5 and 10 hours" in DOCS
    assert WAITS == (5, 300, 1800, 7200, 18000, 36000)
