"""The client's real address: what a declared proxy says, and nobody else.

X-Forwarded-For, or Forwarded (RFC 7239), is read from the right; the first address that is no declared proxy
is the client. What stands further left came from the client itself and may be invented.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from vault.errors import ConfigInvalid

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network

_FORWARDED_FOR = re.compile(r"""(?:^|;)\s*for\s*=\s*("[^"]*"|[^;,"\s]+)""", re.IGNORECASE)
_WITH_PORT = re.compile(r"\[(?P<six>[^\]]*)\](?::\d+)?|(?P<four>\d+\.\d+\.\d+\.\d+):\d+")
_MOST_HOPS = 32


class Headers(Protocol):
    """As much of a request's headers as is read here."""

    def getall(self, name: str, default: list[str]) -> list[str]:
        """Return every value of a header, in order."""
        ...


@dataclass(frozen=True, slots=True)
class Proxies:
    """The proxies that the operator declared."""

    networks: tuple[Network, ...] = ()

    @classmethod
    def parse(cls, declared: Sequence[str]) -> Proxies:
        """Read addresses or networks in CIDR notation; raise `ConfigInvalid`."""
        try:
            return cls(tuple(ipaddress.ip_network(text, strict=False) for text in declared))
        except ValueError:
            raise ConfigInvalid(
                "http.trusted_proxies: each is an address or a network such as 10.0.0.0/8"
            ) from None

    def trusts(self, address: Address) -> bool:
        """Say whether an address is a declared proxy's."""
        return any(address in network for network in self.networks)

    def client(self, peer: str, headers: Headers) -> str:
        """Return the client's address, or «unknown» where the peer has none (a Unix socket).

        Where both headers came and disagree, somebody invents: the peer's own address counts.
        """
        address = _parse(peer)
        if address is None:
            return "unknown"
        if not self.trusts(address):
            return str(address)
        told = {
            self._first_stranger(address, hops)
            for hops in (
                _split(headers.getall("X-Forwarded-For", [])),
                _forwarded(headers.getall("Forwarded", [])),
            )
            if hops
        }
        return str(told.pop() if len(told) == 1 else address)

    def _first_stranger(self, peer: Address, hops: Sequence[str]) -> Address:
        """Walk from the right; stop at the first address that no declared proxy has."""
        found = peer
        for hop in reversed(hops[-_MOST_HOPS:]):
            address = _parse(hop)
            if address is None:
                return found
            found = address
            if not self.trusts(address):
                break
        return found


def was_forwarded(headers: Headers) -> bool:
    """Say whether a proxy, declared or not, passed the request on."""
    return any(headers.getall(name, []) for name in ("X-Forwarded-For", "Forwarded", "Via", "X-Real-IP"))


def _split(values: Sequence[str]) -> list[str]:
    return [hop.strip() for value in values for hop in value.split(",")]


def _forwarded(values: Sequence[str]) -> list[str]:
    """Return the `for=` of every element; one without it is a hop that nobody can read."""
    found = (_FORWARDED_FOR.search(element) for element in _split(values))
    return [match[1].strip('"') if match else "" for match in found]


def _parse(text: str) -> Address | None:
    """Return the address, with or without a port and brackets; an IPv4 one mapped into IPv6 is itself."""
    match = _WITH_PORT.fullmatch(text)
    bare = (match["six"] or match["four"]) if match else text
    try:
        address = ipaddress.ip_address(bare.partition("%")[0])
    except ValueError:
        return None
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return mapped or address
