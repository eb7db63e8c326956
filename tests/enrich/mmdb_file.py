"""Write small MaxMind databases (MaxMind DB File Format Specification 2.0), for tests."""

from collections.abc import Mapping
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from typing import Any

Network = IPv4Network | IPv6Network


def mmdb(
    path: Path,
    records: Mapping[str, Any],
    *,
    version: int = 6,
    bits: int = 28,
    kind: str = "Test-Country",
    built: int = 1_780_000_000,
) -> Path:
    """Write a database of networks and their records; narrower networks must come later."""
    nodes: list[list[Any]] = [[None, None]]
    for text, record in records.items():
        network = ip_network(text)
        prefix = int(network.network_address)
        width, length = network.max_prefixlen, network.prefixlen
        path_bits = [prefix >> (width - 1 - at) & 1 for at in range(length)]
        if network.version == 4 and version == 6:
            path_bits = [0] * 96 + path_bits
        node = 0
        for bit in path_bits[:-1]:
            if not isinstance(nodes[node][bit], int):
                above = nodes[node][bit]
                nodes.append([above, above])
                nodes[node][bit] = len(nodes) - 1
            node = nodes[node][bit]
        nodes[node][path_bits[-1]] = (record,)
    data, offsets = b"", {}
    for pair in nodes:
        for value in pair:
            if isinstance(value, tuple) and id(value) not in offsets:
                offsets[id(value)] = len(data)
                data += encode(value[0])
    count = len(nodes)

    def number(value: Any) -> int:
        return count if value is None else value if isinstance(value, int) else count + 16 + offsets[id(value)]

    tree = b"".join(node_bytes(number(left), number(right), bits) for left, right in nodes)
    facts = {
        "binary_format_major_version": 2, "binary_format_minor_version": 0, "build_epoch": built,
        "database_type": kind, "description": {"en": "test"}, "ip_version": version, "languages": ["en"],
        "node_count": count, "record_size": bits,
    }  # fmt: skip
    path.write_bytes(tree + b"\0" * 16 + data + b"\xab\xcd\xefMaxMind.com" + encode(facts))
    return path


def node_bytes(left: int, right: int, bits: int) -> bytes:
    if bits == 28:
        middle = (left >> 24) << 4 | right >> 24
        return (left & 0xFFFFFF).to_bytes(3, "big") + bytes([middle]) + (right & 0xFFFFFF).to_bytes(3, "big")
    return left.to_bytes(bits // 8, "big") + right.to_bytes(bits // 8, "big")


def encode(value: Any) -> bytes:
    """Encode a value; a metadata field gets the type that the specification gives it, other integers are uint32."""
    if isinstance(value, bool):
        return control(14, int(value))
    if isinstance(value, int):
        return integer(value, 6)
    if isinstance(value, str):
        return control(2, len(value.encode())) + value.encode()
    if isinstance(value, list):
        return control(11, len(value)) + b"".join(encode(each) for each in value)
    return control(7, len(value)) + b"".join(
        encode(key) + (integer(each, FIELDS[key]) if key in FIELDS else encode(each)) for key, each in value.items()
    )


FIELDS = {
    "binary_format_major_version": 5, "binary_format_minor_version": 5, "build_epoch": 9, "ip_version": 5,
    "node_count": 6, "record_size": 5,
}  # fmt: skip


def integer(value: int, kind: int) -> bytes:
    raw = value.to_bytes((value.bit_length() + 7) // 8, "big")
    return control(kind, len(raw)) + raw


def control(kind: int, size: int) -> bytes:
    first, extra = (
        (size, b"") if size < 29 else (29, bytes([size - 29])) if size < 285 else (30, (size - 285).to_bytes(2, "big"))
    )
    return (bytes([kind << 5 | first]) if kind < 8 else bytes([first, kind - 7])) + extra
