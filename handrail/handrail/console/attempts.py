"""How often somebody may try to sign in: a budget for each name and each address, in bounded memory."""

import ipaddress
from collections import OrderedDict
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class TryAllowance:
    """A budget of tries that fills up again with time."""

    most: int
    """Tries in a row."""
    seconds: float
    """After which one more is allowed."""


BY_NAME = TryAllowance(10, 60.0)
BY_ADDRESS = TryAllowance(50, 6.0)
MOST_REMEMBERED = 10_000
"""Names, and as many addresses; whoever was heard of longest ago is forgotten first."""


class TriesLeft:
    """What is left to each key of an allowance."""

    def __init__(self, allowance: TryAllowance, most_remembered: int = MOST_REMEMBERED) -> None:
        self._allowance = allowance
        self._most = most_remembered
        self._spent: OrderedDict[str, tuple[float, float]] = OrderedDict()  # what was spent, when that was true

    def spend(self, key: str, now: float) -> float:
        """Spend one try; returns the seconds to wait before there is one again, 0 when it was granted."""
        spent = self._now_spent(key, now)
        if spent + 1.0 > self._allowance.most:
            return (spent + 1.0 - self._allowance.most) * self._allowance.seconds
        self._spent[key] = (spent + 1.0, now)
        self._spent.move_to_end(key)
        while len(self._spent) > self._most:
            self._spent.popitem(last=False)
        return 0.0

    def give_back(self, key: str, now: float) -> None:
        """Take back one try, which was none."""
        if key in self._spent:
            self._spent[key] = (max(self._now_spent(key, now) - 1.0, 0.0), now)

    def forget(self, key: str) -> None:
        """Give a key its whole budget again."""
        self._spent.pop(key, None)

    def __len__(self) -> int:
        """Return how many keys are remembered."""
        return len(self._spent)

    def _now_spent(self, key: str, now: float) -> float:
        spent, then = self._spent.get(key, (0.0, now))
        return max(0.0, spent - max(now - then, 0.0) / self._allowance.seconds)


class Attempts:
    """Counts tries to sign in, by name and by address, whether there is such a person or not."""

    def __init__(self, by_name: TryAllowance = BY_NAME, by_address: TryAllowance = BY_ADDRESS) -> None:
        self._names = TriesLeft(by_name)
        self._addresses = TriesLeft(by_address)

    def begin(self, name: str, address: str, now: float) -> float:
        """Count a try before it is looked at; returns the seconds to wait when there were too many, else 0."""
        place = network_of(address)
        wait = self._addresses.spend(place, now)
        if wait:
            return wait
        return self._names.spend(_key(name), now)

    def succeeded(self, name: str, address: str, now: float) -> None:
        """Forget the tries for a name after one that was right, and do not count that one for its address."""
        self._names.forget(_key(name))
        self._addresses.give_back(network_of(address), now)


def network_of(address: str) -> str:
    """Return what counts as one address: of IPv6, the /64 that one household has."""
    try:
        found = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return address[:64]
    if isinstance(found, ipaddress.IPv6Address):
        if found.ipv4_mapped is not None:
            return str(found.ipv4_mapped)
        return str(ipaddress.ip_network((found, 64), strict=False))
    return str(found)


def _key(name: str) -> str:
    return name.casefold()[:200]
