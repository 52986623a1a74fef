"""The private network of a run: reachable from this machine's loopback, and no way out.

An `internal` network would be the engine's own word for it, but it cannot publish ports. So it is
a bridge without masquerading: what leaves it carries a private sender's address, to which nothing
outside can answer. With the packets' time to live of 1 (`sandboxing`), ordinary software does not
get that far. What is left: the machine's own addresses are reachable from inside, and code that
sets its own time to live can send packets that nobody can answer. Every bridge of ours is named
`rg-...`, so that one rule, set once by the administrator, closes the first for good:

    iptables -I INPUT -i rg-+ -m conntrack --ctstate NEW -j DROP

Podman publishes no ports of an internal network either, and masquerades always: there the time to
live alone keeps ordinary software in.
"""

from __future__ import annotations

from typing import Any

MASQUERADE = "com.docker.network.bridge.enable_ip_masquerade"
BRIDGE_NAME = "com.docker.network.bridge.name"


def network_options(run: str, *, offline: bool, podman: bool) -> dict[str, Any]:
    """Keyword arguments of the SDK's `networks.create`, its name included."""
    suffix = "n" if offline else "o"
    options: dict[str, Any] = {
        "name": f"releasegate-{run[:12]}-{suffix}",
        "driver": "bridge",
        # An interface's name has at most 15 characters.
        "options": {BRIDGE_NAME: f"rg-{run[:11]}{suffix}"},
    }
    if offline and not podman:  # which does not know the option
        options["options"][MASQUERADE] = "false"
    return options
