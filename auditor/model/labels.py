"""What an end is called by declaration: populations and accounts, as one text where rows travel.

A label is a list joined by `, `, in which an account (a tenant) is marked as one:
`overseas, account:acme`.  So names hold no comma, and none begins with the mark.
"""

from collections.abc import Iterable
from typing import Final

ACCOUNT: Final = "account:"
_BETWEEN: Final = ", "


def joined(population: str, account: str) -> str:
    """Write the label of a population and an account, each empty where there is none."""
    return _BETWEEN.join(filter(None, (population, account and ACCOUNT + account)))


def split(label: str) -> tuple[str, ...]:
    """Return the parts of a label, accounts still marked."""
    return tuple(label.split(_BETWEEN)) if label else ()


def names(parts: Iterable[str]) -> tuple[str, ...]:
    """Return parts without the mark of accounts, sorted and each once."""
    return tuple(sorted({part.removeprefix(ACCOUNT) for part in parts}))


def accounts(parts: Iterable[str]) -> tuple[str, ...]:
    """Return the accounts among parts, sorted."""
    return tuple(sorted({part.removeprefix(ACCOUNT) for part in parts if part.startswith(ACCOUNT)}))


def fault(name: str) -> str:
    """Say why a name can't be part of a label; empty: it can."""
    if "," in name:
        return "holds a comma, which joins names; leave it out"
    if name.startswith(ACCOUNT):
        return f"begins with `{ACCOUNT}`, which marks accounts; leave it out"
    return ""
