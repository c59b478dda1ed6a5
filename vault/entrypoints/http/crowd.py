"""Who holds the connections of a process: no network so many that nobody else gets in."""

from __future__ import annotations

import ipaddress
import resource
from collections import Counter

from vault.domain.guesses import network_of
from vault.entrypoints.http.addresses import Proxies

_MOST_CONNECTIONS = 4096
"""Of one process, where its file descriptors allow for that many: the vault's own files need some, too."""
_SHARE = 4
"""A network (one IPv4 address, or an IPv6 /64) holds a quarter of them at most."""


class Crowd:
    """Counts connections by network. Declared proxies speak for many, and share the whole alone."""

    def __init__(self, proxies: Proxies, most: int | None = None) -> None:
        self._proxies = proxies
        self._most = most_connections() if most is None else most
        self._held: Counter[str] = Counter()
        self._all = 0

    def enter(self, peer: str) -> str | None:
        """Count a connection from an address; return what to `leave` by, or None for one too many."""
        network = network_of(peer)
        most = self._most if self._is_proxy(peer) else max(1, self._most // _SHARE)
        if self._held[network] >= most or self._all >= self._most:
            return None
        self._held[network] += 1
        self._all += 1
        return network

    def leave(self, network: str) -> None:
        """Forget one."""
        self._held[network] -= 1
        self._all -= 1
        if not self._held[network]:
            del self._held[network]

    def _is_proxy(self, peer: str) -> bool:
        try:
            return self._proxies.trusts(ipaddress.ip_address(peer.partition("%")[0]))
        except ValueError:
            return False


def most_connections() -> int:
    """Return how many connections this process may hold, leaving half of its descriptors to files."""
    allowed, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return _MOST_CONNECTIONS if allowed == resource.RLIM_INFINITY else min(_MOST_CONNECTIONS, allowed // 2)
