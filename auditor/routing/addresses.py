"""Ends of clients and sites as configurations write them: an address, or the name of a host."""

import ipaddress


def is_address(text: str) -> bool:
    """Say whether a text is a single address, and no name of a host."""
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True
