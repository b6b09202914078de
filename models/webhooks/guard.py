"""Which addresses a webhook may have. Whoever types one in must not be able to make this service talk to machines that
only it can reach: its own, its neighbours', the cloud's. So a name is looked up, every address that it has must be a
public one, and the connection goes to the very addresses that were checked (post.py), never to the name again.

An operator may allow networks by name (WEBHOOK_ALLOWED_NETWORKS); only there may an address be plain http.
"""

from __future__ import annotations

import re
import socket
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from urllib.parse import SplitResult, urlsplit

import idna

from models.errors import InputError

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

LOOKUP_SECONDS = 5.0
LONGEST = 2000
PORTS = {"https": 443, "http": 80}
LABEL = re.compile(r"(?!-)[a-z0-9_-]{1,63}(?<!-)")
NUMERIC = re.compile(r"\d+|0[xX][0-9a-fA-F]*")
PRINTABLE = re.compile(r"[^\x00-\x20\x7f-\xa0\\]+")

# Outside 2000::/3 no IPv6 address is a public one, but for NAT64. These are the exceptions on either side, written out
# so that they do not change with the version of Python.
NOT_PUBLIC = tuple(
    ip_network(text)
    for text in (
        "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.0.0.0/24",
        "192.0.2.0/24", "192.88.99.0/24", "192.168.0.0/16", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24",
        "224.0.0.0/4", "240.0.0.0/4",
        "168.63.129.16/32",  # answers inside one cloud's machines only, though it looks public
        "2001::/23", "2001:db8::/32", "3fff::/20",
    )
)  # fmt: skip
PUBLIC_V6 = IPv6Network("2000::/3")
NAT64 = IPv6Network("64:ff9b::/96")


class Refused(InputError):
    """The address may not be used; the message says why."""


@dataclass(frozen=True, slots=True)
class Target:
    """An address taken apart once, so that what is checked and what is connected to cannot be read differently."""

    scheme: str
    host: str
    port: int
    path: str

    @property
    def authority(self) -> str:
        """For the Host header."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == PORTS[self.scheme] else f"{host}:{self.port}"


def target_of(url: str) -> Target:
    """Raises Refused for what is not a plain http or https address."""
    if len(url) > LONGEST or not PRINTABLE.fullmatch(url):
        raise Refused(f"The address has at most {LONGEST} characters, and no spaces or backslashes.")
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise Refused("This address cannot be called. Write it like https://hooks.example.org/plumbline.") from None
    if parts.scheme not in PORTS or not parts.hostname:
        raise Refused("The address begins with https:// and the name of a host.")
    if "@" in parts.netloc:
        raise Refused("The address holds a user name or a password. Leave it out: the signature says who sends.")
    if parts.fragment or port == 0:
        raise Refused("The address ends with a # part, or has the port 0. Leave it out.")
    return Target(
        parts.scheme, host_of(parts.hostname, "[" in parts.netloc), port or PORTS[parts.scheme], path_of(parts)
    )


def path_of(parts: SplitResult) -> str:
    """Path and query as they are sent: what is not ASCII must have been percent-encoded."""
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    if not path.isascii():
        raise Refused("Write letters beyond ASCII in the path as % and their code.")
    return path


def host_of(name: str, bracketed: bool) -> str:
    """The host in the one form in which it is looked up: ASCII, lower case, no dot at its end.

    Numbers are an address only as a.b.c.d: 2130706433, 0x7f.1 and 0177.0.0.1, which some systems take for addresses
    too, are refused.
    """
    if bracketed:
        try:
            return str(IPv6Address(name.replace("%", "?")))  # no zone: it would name a wire of this machine
        except ValueError:
            raise Refused("This is not an IPv6 address that can be used.") from None
    try:
        host = (name if name.isascii() else idna.encode(name, uts46=True).decode()).lower().removesuffix(".")
    except idna.IDNAError:
        raise Refused("The host's name is not one that can be looked up.") from None
    labels = host.split(".")
    if NUMERIC.fullmatch(labels[-1]):
        try:
            return str(IPv4Address(host))
        except ValueError:
            raise Refused("Write an IPv4 address as four numbers, like 192.0.2.10.") from None
    if len(host) > 253 or not all(LABEL.fullmatch(label) for label in labels):
        raise Refused("The host's name is not one that can be looked up.")
    return host


def addresses_of(target: Target, allowed: Iterable[Network] = ()) -> list[Address]:
    """Every address of the host, all of which may be called. Raises Refused."""
    allowed = tuple(allowed)
    found = look_up(target)
    permitted = [any(address in network for network in allowed) for address in found]
    for address, named in zip(found, permitted, strict=True):
        if not named and not is_public(address):
            leads = "" if target.host == str(address) else f"leads to {address}, which "
            raise Refused(
                f"{target.host} {leads}is not on the public internet, so nothing is sent there. "
                "Whoever runs this service can allow networks of yours by name."
            )
    if target.scheme == "http" and not all(permitted):
        raise Refused("The address begins with http://, so anyone on the way could read it. Use https://.")
    return found


def look_up(target: Target) -> list[Address]:
    """What the name stands for now, within some seconds. Raises Refused where it stands for nothing."""
    pool = ThreadPoolExecutor(1)
    try:
        asked = pool.submit(socket.getaddrinfo, target.host, target.port, type=socket.SOCK_STREAM)
        answers = asked.result(LOOKUP_SECONDS)
        return list(dict.fromkeys(ip_address(answer[4][0]) for answer in answers))
    except (OSError, UnicodeError, ValueError, TimeoutError):
        raise Refused(f"There is no host named {target.host}, as far as this service can see.") from None
    finally:
        pool.shutdown(wait=False)


def is_public(address: Address) -> bool:
    """Whether anyone on the internet could call it: no loopback, private, link-local, shared, reserved or multicast
    address, and none of IPv6 that such a one of IPv4 is wrapped in."""
    if any(address.version == network.version and address in network for network in NOT_PUBLIC):
        return False
    if isinstance(address, IPv4Address):
        return True
    within = wrapped(address)
    if within is not None:
        return is_public(within)
    return address in PUBLIC_V6


def wrapped(address: IPv6Address) -> IPv4Address | None:
    """The IPv4 address that this one leads to: mapped, 6to4 or NAT64."""
    if address in NAT64:
        return IPv4Address(int(address) & 0xFFFFFFFF)
    return address.ipv4_mapped or address.sixtofour
