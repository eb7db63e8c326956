"""Records in any order, in any number of files, packed or not, give the same rows but for their numbers."""

import gzip
import json
from pathlib import Path
from random import Random

import polars as pl
import pytest

from auditor.logs.calls import FORMATS
from auditor.logs.fold import complete
from auditor.logs.model import Told
from auditor.read.source import Source
from tests.logs.calls.test_freeswitch import VARIABLES, xml
from tests.logs.calls.test_msgraph import record, segment
from tests.logs.calls.test_switches import ACC, line
from tests.logs.calls.test_zoom import PERSON

RECORDS = {
    "zoom": [json.dumps(PERSON | {"ip_address": f"203.0.113.{i}", "meeting_uuid": f"m{i % 3}"}) for i in range(12)],
    "msgraph": [json.dumps(record(segment(id=f"s{i}")) | {"id": f"call-{i}"}) for i in range(8)],
    "freeswitch": [xml(VARIABLES | {"sip_call_id": f"call-{i}"}) for i in range(8)],
    "asterisk": [line(f"SIP/203.0.113.{i}-0000a1b2") for i in range(12)],
    "kamailio": [ACC.replace("abc@", f"abc{i}@") for i in range(12)],
}


def rows(name: str, path: Path, parts: list[list[str]], packed: bool) -> list[str]:
    found = []
    for number, part in enumerate(parts):
        data = "\n".join(part).encode()
        stored = gzip.compress(data) if packed else data
        (path / str(number)).write_bytes(stored)
        source = Source(str(number), str(path / str(number)), len(stored), name, "gzip" if packed else "")
        found += [complete(each).collect() for each in FORMATS[name].read(source, Told())]
    return sorted(map(str, pl.concat(found).drop("record").rows()))


@pytest.mark.parametrize("name", RECORDS)
@pytest.mark.parametrize("seed", range(4))
def test_any_order_any_split_any_packing(tmp_path: Path, name: str, seed: int) -> None:
    chance, records = Random(seed), list(RECORDS[name])
    expected = rows(name, tmp_path, [records], packed=False)
    chance.shuffle(records)
    cut = chance.randrange(1, len(records))
    assert rows(name, tmp_path, [records[:cut], records[cut:]], packed=bool(seed % 2)) == expected
