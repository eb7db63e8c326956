"""What gdnsd takes from single values: booleans, numbers, addresses, host names, lists of names."""

import math
import re
import socket
from fractions import Fraction
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import Final

from auditor.model.documents import nearest
from auditor.model.errors import InputError
from auditor.routing.gdnsd.vscf import Array, Hash, Text, Value

_OLD: Final = re.compile(r"(?:0[xX][0-9a-fA-F]+|[0-9]+)(?:\.(?:0[xX][0-9a-fA-F]+|[0-9]+)){0,3}")
_WHOLE: Final = re.compile(r"\s*[+-]?(?:0[xX][0-9a-fA-F]{1,16}|[0-9]{1,18})")
_NUMBER: Final = re.compile(r"\s*[+-]?(?:[0-9]{1,40}\.?[0-9]{0,40}|\.[0-9]{1,40})(?:[eE][+-]?[0-9]{1,4})?")
_UNFIT: Final = re.compile(r"[/!\s]")
_HOST: Final = re.compile(r"(?:[^.]{1,63}\.)+|\.")

Address = IPv4Address | IPv6Address


def text(value: Value, what: str) -> Text:
    """Ask for a string."""
    if not isinstance(value, Text):
        raise value.error(f"{what} has to be a single string")
    return value


def hash_of(value: Value, what: str) -> Hash:
    """Ask for a hash."""
    if not isinstance(value, Hash):
        raise value.error(f"{what} has to be a hash, in `{{` and `}}`")
    return value


def items(value: Value) -> list[Value]:
    """Return the items of an array; anything else stands for an array of one, as in gdnsd."""
    return value.items if isinstance(value, Array) else [value]


def names(value: Value, what: str) -> list[Text]:
    """Ask for a name or an array of names."""
    return [text(each, f"each of {what}") for each in items(value)]


def name_of(given: Text, what: str) -> str:
    """Ask for a name that can stand in `plugin!resource/centre`, as zone files and `admin_state` write it."""
    if not given.text or _UNFIT.search(given.text) or len(given.text) > 500:
        raise given.error(
            f"`{given.text}` can't be the name of {what}: no slash, exclamation mark or space may be in it"
        )
    return given.text


def boolean(value: Value, what: str) -> bool:
    """Ask for `true` or `false`, in any case."""
    given = text(value, what).text.lower()
    if given not in ("true", "false"):
        raise value.error(f"{what} has to be `true` or `false`")
    return given == "true"


def whole(value: Value, what: str, least: int, most: int) -> int:
    """Ask for a whole number, which may be octal or hexadecimal as in C."""
    given = text(value, what).text
    if not _WHOLE.fullmatch(given):
        raise value.error(f"{what} has to be a whole number")
    digits = given.strip().lstrip("+-")
    base = 16 if digits[:2].lower() == "0x" else 8 if digits[:1] == "0" else 10
    try:
        found = int(digits, base) * (-1 if given.strip()[0] == "-" else 1)
    except ValueError:
        raise value.error(f"{what} has to be a whole number; a leading 0 makes it octal") from None
    if not least <= found <= most:
        raise value.error(f"{what} has to be from {least} to {most}")
    return found


def share(value: Value, what: str) -> float:
    """Ask for a number above 0, at most 1, kept as gdnsd keeps it."""
    given = text(value, what).text
    found = float(given) if _NUMBER.fullmatch(given) else math.nan
    if not 0 < found <= 1:
        raise value.error(f"{what} has to be a number above 0, at most 1")
    return found


def enough(total: int, part: float) -> Fraction:
    """Return how much of a total reaches a threshold, rounded as gdnsd rounds (`gdnsd_uscale_ceil`)."""
    return Fraction(math.ceil(total * part))


def address(given: str) -> Address | None:
    """Read a single address as getaddrinfo does, in the forms of old too (`1.2`); None if it is none."""
    try:
        found = ip_address(given)
    except ValueError:
        if not _OLD.fullmatch(given) or len(given) > 100:
            return None
        try:
            return IPv4Address(socket.inet_aton(given))
        except OSError:
            return None
    return IPv6Address(int(found)) if isinstance(found, IPv6Address) else found


def written(found: Address) -> str:
    """Write an address as RFC 5952 does; one of IPv4 inside IPv6 as the former."""
    mapped = found.ipv4_mapped if isinstance(found, IPv6Address) else None
    return str(mapped or found)


def host(value: Text) -> str:
    """Ask for a host name, which has to end in a dot."""
    if not value.text.endswith("."):
        said = "is neither an address nor a host name that ends in a dot; gdnsd refuses others"
        raise value.error(f"`{value.text}` {said}")
    if not _HOST.fullmatch(value.text) or len(value.text) > 254:
        raise value.error(f"`{value.text}` is no host name")
    return value.text.lower().rstrip(".") or "."


def unknown(value: Value, kind: str, name: str, known: list[str]) -> InputError:
    """Say that there is nothing of a name."""
    near = nearest(name, known[:2_000]) if len(name) < 200 else ""
    return value.error(f"there is no {kind} `{name}`; {near or 'add it, or name one that there is'}")
