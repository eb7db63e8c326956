"""The zones file of PowerDNS's documentation; what is expected is worked out from its text."""

import re

import pytest

from auditor.model.errors import InputError
from auditor.routing import powerdns
from auditor.routing.model import File
from auditor.routing.store import Kept
from tests.routing.corpus import real


def test_the_sample_shows_two_syntaxes_and_is_refused_with_the_line() -> None:
    file = real("powerdns/docs-geoip-zone.yml")
    assert powerdns.sniff(file)
    with pytest.raises(InputError, match="stands twice") as error:
        powerdns.read([file], Kept({}))
    lines = file.data.decode().splitlines()
    found = re.search(r":(\d+):\d+: ", str(error.value))
    assert found is not None
    assert lines[int(found[1]) - 1].strip().startswith("service.")


@pytest.mark.parametrize("kept", [0, 1, 2])
def test_with_one_of_its_syntaxes_it_is_read_whole(kept: int) -> None:
    file = real("powerdns/docs-geoip-zone.yml")
    lines = file.data.decode().splitlines()
    starts = [at for at, line in enumerate(lines) if line.strip() == "services:"]
    said = [at for at, line in enumerate(lines) if re.match(r"\s*service\..*:", line)]
    parts = [lines[said[0] : said[0] + 1], lines[said[1] : said[1] + 1], lines[said[2] :]]
    text = "\n".join([*lines[: starts[0] + 1], *parts[kept]]) + "\n"
    (routing,) = powerdns.read([File(file.name, text.encode())], Kept({}))
    assert list(routing.unread) == []
    addresses = set(re.findall(r"\b192\.0\.2\.\d+", text)) | {"2001:DB8::12:34DE:3"}
    assert set(routing.sites) == addresses
    finns = [routing.replay(client, frozenset()).pools for client in routing.clients if client.countries == "FI"]
    assert {"192.0.2.2", "2001:DB8::12:34DE:3"} in finns
