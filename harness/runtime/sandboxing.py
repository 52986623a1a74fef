"""What a container may do: the candidate is untrusted code, so it is given next to nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from harness import units

if TYPE_CHECKING:
    from harness.config.schema import Resources

_LOG_FILES = 2
_LOG_SIZE = "1m"
TMPFS = "rw,nosuid,nodev,mode=1777,size=64m"


def container_options(resources: Resources, *, offline: bool, read_only: bool) -> dict[str, Any]:
    """Keyword arguments of the SDK's `containers.create`.

    No capabilities, no new privileges, no swap, bounded processor, memory, processes and logs, no
    mounts; offline: names are not resolved and packets do not travel beyond their own network.
    """
    memory = round(units.in_base(resources.memory, "size"))
    options: dict[str, Any] = {
        "cap_drop": ["ALL"],
        "security_opt": ["no-new-privileges"],
        "mem_limit": memory,
        "memswap_limit": memory,
        "nano_cpus": round(resources.cpus * 1e9),
        "pids_limit": resources.pids,
        "read_only": read_only,
        "log_config": {
            "type": "json-file",
            "config": {"max-size": _LOG_SIZE, "max-file": str(_LOG_FILES)},
        },
        # The user's own proxy settings would make the candidate behave differently elsewhere.
        "use_config_proxy": False,
    }
    return options | (_offline() if offline else {})


def _offline() -> dict[str, Any]:
    """No name server, and a time to live that ends at the first router.

    The names of the network's own containers are still answered by the engine. A packet which
    would have to be forwarded comes back at once as "no route to host", instead of being dropped
    until a timeout: a candidate that needs the network says so in milliseconds.
    """
    return {
        "dns": ["127.0.0.1"],
        "dns_opt": ["timeout:1", "attempts:1"],
        "sysctls": {"net.ipv4.ip_default_ttl": "1"},
    }
