"""Damaged configurations are refused with a place, or read with what is lost: never anything else."""

import random

from auditor.model.errors import InputError
from auditor.routing import cloudflare
from auditor.routing.reach import reach
from auditor.routing.store import Kept
from tests.routing import cloudflare_random

JUNK = (
    '"', "{", "}", "[", "]", "${", "null", "true", "1e99", "-1", "\\", "\n", "<<EOT\n", "=", "var.x", "each.key", "é",
    "count = 2\n", 'for_each = ["a"]\n', "[*]", ".id", "(", 'dynamic "rules" {', "\u2028", '""', "{}", "[]", "? 1 : 2",
)  # fmt: skip


def damaged(text: str, chance: random.Random) -> str:
    at = chance.randrange(len(text) + 1)
    if chance.random() < 0.4:
        return text[:at] + chance.choice(JUNK) + text[at:]
    if chance.random() < 0.5:
        return text[:at] + text[at + chance.randint(1, 6) :]
    lines = text.split("\n")
    lines.insert(chance.randrange(len(lines)), lines.pop(chance.randrange(len(lines))))
    return "\n".join(lines)


def test_damage_ends_in_an_error_or_in_open_lines() -> None:
    read = 0
    refused = []
    for seed in range(200):
        chance = random.Random(seed)
        files = cloudflare_random.written(
            cloudflare_random.described(chance), chance.choice(cloudflare_random.SYNTAXES)
        )
        name = chance.choice(sorted(files))
        kept = Kept({**files, name: damaged(files[name].decode(), chance).encode()})
        try:
            (found,) = cloudflare.read([kept.read(each) for each in kept.files], kept)  # type: ignore[misc]
        except InputError as error:
            refused.append((error.source == name, error.record > 0))
            continue
        read += 1
        for client in cloudflare_random.fewer(found).clients:
            reach(client.root, found.pools)
            found.replay(client, frozenset(found.faults))
        for each in (*found.unread, *found.remarks, *found.clients):
            assert each.at.file in kept.files
            assert each.at.line > 0
    assert read > 30
    assert set(refused) == {(True, True)}
