"""LiveKit's own sample, whose selector is commented out."""

from auditor.routing import livekit
from auditor.routing.store import Kept
from tests.routing.corpus import real


def test_what_is_commented_out_is_said_with_its_line() -> None:
    file = real("livekit/config-sample-excerpt.yaml")
    lines = file.data.decode().splitlines()
    assert all(line.startswith("#") for line in lines if line.strip())
    assert livekit.sniff(file)
    (routing,) = livekit.read([file], Kept({}))
    (unread,) = routing.unread
    assert "node_selector:" in lines[unread.at.line - 1]
    assert [client.name for client in routing.clients] == ["*"]
