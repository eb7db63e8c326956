"""A folder with inputs, a rule and an inventory, in which evidence is extracted and judged again."""

import io
import json
import re
import struct
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from auditor.evidence import case as cases
from auditor.evidence.extract import Extracted, extract
from auditor.model.report import Finding
from tests.captures import rtp, sdp, sip, udp
from tests.evidence import pcapng_file
from tests.test_witness import BEIJING, CANADA, PACK, RULE, STATES
from tools import samples

FOUND = [
    (name, finding["id"])
    for name, _, _ in samples.samples()
    for finding in json.loads((samples.HERE / "reports" / "examples" / f"{name}.json").read_text())["findings"]
]
SAMPLES = {name: (capture, inventory) for name, capture, inventory in samples.samples()}
PROXY = "3.96.0.10"
INVENTORY = f"""\
sites:
  - {{name: relay, networks: [{BEIJING}/32], country: CN, role: relay, planes: [media, signalling]}}
  - {{name: proxy, networks: [{PROXY}/32], country: CA, role: server}}
clients:
  - {{networks: [{CANADA}/32, {STATES}/32, 142.1.34.0/24, 2001:db8::/32], country: CA}}
"""


class Folder:
    """A folder with inputs, a rule and an inventory; what is extracted is judged by the same."""

    def __init__(self, path: Path) -> None:
        self.path = path
        (path / "pack").mkdir()
        (path / "pack" / "pack.yaml").write_text(PACK)
        (path / "pack" / "overseas-avoids-china.yaml").write_text(RULE)
        (path / "inventory.yaml").write_text(INVENTORY)

    def write(self, **contents: bytes) -> list[Path]:
        paths = [self.path / f"{name}.pcap" for name in contents]
        for path, content in zip(paths, contents.values(), strict=True):
            path.write_bytes(content)
        return paths

    def open(self, inputs: Sequence[Path]) -> cases.Case:
        return cases.opened(inputs, rules=[self.path / "pack"], inventory=self.path / "inventory.yaml", workers=1)

    def proof(self, inputs: Sequence[Path], at: int = 0, **options: Any) -> tuple[pcapng_file.File, Extracted, Finding]:
        """Extract a finding, judge what was extracted, and return the file once the same was found in it."""
        case = self.open(inputs)
        finding = case.report.findings[at]
        file, done = extracted(case, finding, **options)
        (self.path / "evidence.pcapng").write_bytes(file)
        assert finding.id in {each.id for each in self.open([self.path / "evidence.pcapng"]).report.findings}
        return pcapng_file.parse(file), done, finding


def extracted(case: cases.Case, finding: Finding, **options: Any) -> tuple[bytes, Extracted]:
    into = io.BytesIO()
    done = extract(case, finding, into, **options)
    return into.getvalue(), done


def records(file: pcapng_file.File) -> list[tuple[str, int]]:
    told = [re.fullmatch(r"(.+), packet (\d+): .+", packet.comment) for packet in file.packets]
    return [(found[1], int(found[2])) for found in told if found]


def fragmented(frame: bytes, identification: int, size: int = 64) -> list[bytes]:
    """Cut an Ethernet frame with IPv4 into fragments (RFC 791)."""
    head, body = frame[14:34], frame[34:]
    found = []
    for at in range(0, len(body), size):
        more = 0x2000 if at + size < len(body) else 0
        part = head[:2] + struct.pack("!HHH", 20 + len(body[at : at + size]), identification, more | at // 8) + head[8:]
        found.append(frame[:14] + part + body[at : at + size])
    return found


def call(name: str, caller: str, port: int, relay: str) -> list[bytes]:
    """A call through the proxy on the one 5-tuple that all calls share, with media to a relay."""
    ask = sip("INVITE sip:b@example.com SIP/2.0", name, caller, sdp(caller, port))
    answer = sip("SIP/2.0 200 OK", name, caller, sdp(relay, port + 1000))
    return [
        udp(caller, 5060, PROXY, 5060, ask),
        udp(PROXY, 5060, caller, 5060, answer),
        *rtp(caller, port, relay, port + 1000, ssrc=port),
        *rtp(relay, port + 1000, caller, port, ssrc=port + 1),
    ]
