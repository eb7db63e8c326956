import pytest

from auditor.enrich.ports import believed, port_class, port_classes


@pytest.mark.parametrize(
    ("transport", "port", "expected"),
    [
        ("tcp", 443, "well-known"),
        ("udp", 443, "well-known"),
        ("udp", 22, "plain"),
        ("icmp", 443, "plain"),
        ("tcp", 3389, "listed rdp"),
        ("tcp", 3306, "listed"),
        ("udp", 5060, "peer"),
        ("tcp", 5061, "peer"),
        ("tcp", 32767, "plain"),
        ("tcp", 32768, "ephemeral"),
        ("tcp", 0, "plain"),
    ],
)
def test_what_a_port_tells(transport: str, port: int, expected: str) -> None:
    assert port_class(transport, port) == expected


def test_classes_of_ports() -> None:
    for transport in ("tcp", "udp", "sctp", "icmp"):
        codes, names = port_classes(transport)
        assert [names[code] for code in codes] == [port_class(transport, port) for port in range(1 << 16)]


def test_a_registered_port_is_believed_where_it_speaks_its_protocol() -> None:
    assert believed("well-known", "")
    assert believed("listed rdp", "rdp")
    assert believed("listed stun", "turn")
    assert not believed("listed rdp", "tls")
    assert not believed("listed", "")
    assert not believed("plain", "tls")
