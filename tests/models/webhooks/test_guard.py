"""Which addresses a webhook may have."""

from __future__ import annotations

import socket
from ipaddress import ip_address, ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.webhooks.guard import Refused, Target, addresses_of, is_public, target_of

INTERNAL = [
    "0.0.0.0", "0.1.2.3", "10.0.0.1", "100.64.0.1", "100.100.100.200", "127.0.0.1", "127.255.255.254",
    "169.254.169.254", "172.16.0.1", "172.31.255.255", "192.0.0.192", "192.168.1.1", "198.18.0.1",
    "224.0.0.1", "240.0.0.1", "255.255.255.255", "168.63.129.16",
    "::", "::1", "fe80::1", "fec0::1", "fc00::1", "fd00:ec2::254", "ff02::1", "2001:db8::1", "100::1", "64:ff9b:1::1",
    "::ffff:127.0.0.1", "::ffff:10.1.2.3", "::127.0.0.1", "64:ff9b::7f00:1", "64:ff9b::a9fe:a9fe", "2002:7f00:1::",
    "2002:a00:1::1", "2001:0:7f00:1::", "3fff::1", "4000::1",
]  # fmt: skip
PUBLIC = ["8.8.8.8", "1.1.1.1", "93.184.215.14", "2606:4700::1111", "64:ff9b::808:808", "2002:808:808::1", "172.32.0.1"]


@pytest.fixture
def names(monkeypatch):
    """What names stand for: the one thing outside of us that these tests need to decide."""
    known: dict[str, list[str]] = {}

    def getaddrinfo(host, port, *args, **kwargs):
        found = known.get(host) or ([host] if host[0].isdigit() or ":" in host else None)
        if not found:
            raise socket.gaierror(-2, "Name or service not known")
        return [(socket.AF_INET6 if ":" in a else socket.AF_INET, socket.SOCK_STREAM, 6, "", (a, port)) for a in found]

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    return known


@pytest.mark.parametrize("address", INTERNAL)
def test_an_address_that_only_this_service_reaches_is_refused(address, names):
    assert not is_public(ip_address(address))
    names["hooks.example.org"] = [address]
    with pytest.raises(Refused, match="not on the public internet"):
        addresses_of(target_of("https://hooks.example.org/"))
    literal = f"[{address}]" if ":" in address else address
    with pytest.raises(Refused) as refused:
        addresses_of(target_of(f"https://{literal}/"))
    assert "leads to" not in str(refused.value)


@pytest.mark.parametrize("address", PUBLIC)
def test_a_public_address_may_be_called(address, names):
    names["hooks.example.org"] = [address]
    assert addresses_of(target_of("https://hooks.example.org/")) == [ip_address(address)]


def test_one_internal_address_among_public_ones_is_enough_to_refuse(names):
    names["hooks.example.org"] = ["8.8.8.8", "10.0.0.1"]
    with pytest.raises(Refused, match=r"10\.0\.0\.1"):
        addresses_of(target_of("https://hooks.example.org/"))


@given(st.integers(0, 2**32 - 1).map(ip_address))
def test_whatever_is_internal_is_internal_in_every_wrapping(address):
    """However IPv6 carries it: mapped, NAT64, 6to4."""
    wrapped = [f"::ffff:{address}", f"64:ff9b::{address}", f"2002:{int(address) >> 16:x}:{int(address) & 0xFFFF:x}::"]
    assert {is_public(ip_address(each)) for each in wrapped} == {is_public(address)}


@given(st.ip_addresses())
def test_what_python_calls_private_is_never_public_to_us(address):
    if not address.is_global or address.is_multicast:
        assert not is_public(address) or address in ip_network("64:ff9b::/96")


@pytest.mark.parametrize(
    "url",
    [
        "", "hooks.example.org", "//hooks.example.org", "ftp://hooks.example.org/", "file:///etc/passwd",
        "javascript:alert(1)", "gopher://127.0.0.1:6379/_x", "https://", "https:///path", "https://?x",
        "https://user@hooks.example.org/", "https://user:password@hooks.example.org/", "https://8.8.8.8@127.0.0.1/",
        "https://hooks.example.org\\@127.0.0.1/", "https://hooks.example.org/ x", "https://hooks.example.org/\n",
        "https://hooks.example.org\t.evil/", "https://hooks.example.org:0/", "https://hooks.example.org:99999/",
        "https://hooks.example.org:x/", "https://hooks.example.org/#x", "https://-x.example.org/", "https://a..b/",
        "https://[::1", "https://[::1%25lo]/", "https://[v1.x]/", "https://exa mple.org/",
        "https://" + "a" * 64 + ".org/",
        "https://" + "a." * 130 + "org/", "https://hooks.example.org/" + "x" * 2000, "https://hooks.example.org/\u00e9",
        "https://\u0000.org/", "https://a%2eb.org/", "https://127.0.0.1%00.example.org/",
    ],
)  # fmt: skip
def test_what_is_not_a_plain_address_is_refused(url):
    with pytest.raises(Refused):
        target_of(url)


@pytest.mark.parametrize(
    "host",
    ["2130706433", "0x7f000001", "0x7f.1", "127.1", "0177.0.0.1", "127.0.0.1.", "017700000001", "0x", "1.2.3.4.5",
     "127.0.0.0x1", "256.1.1.1", "\uff11\uff12\uff17.0.0.1", "127\u30020\u30020\u30021", "1\u2024.0.0.1"],
)  # fmt: skip
def test_numbers_are_an_address_only_in_the_usual_form(host):
    with pytest.raises(Refused):
        addresses_of(target_of(f"https://{host}/"))


@pytest.mark.parametrize("host", ["localhost", "localhost.", "LOCALHOST", "ip6-localhost", "localhost.localdomain"])
def test_names_of_this_machine_are_refused(host):
    """Asked of the real resolver."""
    with pytest.raises(Refused):
        addresses_of(target_of(f"https://{host}/"))


def test_a_name_beyond_ascii_is_looked_up_as_the_name_that_it_stands_for(names):
    names["xn--bcher-kva.example"] = ["8.8.8.8"]
    target = target_of("https://B\u00dcCHER.example./hook?a=1")
    assert target == Target("https", "xn--bcher-kva.example", 443, "/hook?a=1")
    assert addresses_of(target) == [ip_address("8.8.8.8")]
    assert target.authority == "xn--bcher-kva.example"


def test_the_port_is_named_to_the_other_side_unless_it_is_the_usual_one():
    assert target_of("https://[2606:4700::1111]:8443").authority == "[2606:4700::1111]:8443"
    assert target_of("https://hooks.example.org:443/").authority == "hooks.example.org"


def test_a_name_that_nobody_has_is_refused(names):
    with pytest.raises(Refused, match="no host named"):
        addresses_of(target_of("https://nobody.example.org/"))


def test_an_operator_allows_networks_by_name_and_only_there_plain_http(names):
    allowed = [ip_network("10.20.0.0/16")]
    names["inside.example.org"], names["outside.example.org"] = ["10.20.3.4"], ["8.8.8.8"]
    for scheme in ("http", "https"):
        assert addresses_of(target_of(f"{scheme}://inside.example.org/"), allowed) == [ip_address("10.20.3.4")]
    with pytest.raises(Refused, match="https"):
        addresses_of(target_of("http://outside.example.org/"), allowed)
    names["inside.example.org"] = ["10.21.3.4"]
    with pytest.raises(Refused, match="public internet"):
        addresses_of(target_of("https://inside.example.org/"), allowed)
