"""Payloads that are kept back until they are read take room by what they say, not by how often it is said."""

from auditor.read import payloads
from auditor.read.facts.model import Dialog
from tests.captures import sdp, sip

PLACE = bytes.fromhex("00000000000000000000ffffc0000201 00000000000000000000ffffc6336401 13c4 13c4 11 00 0000")
INVITE = sip("INVITE sip:b@example.com SIP/2.0", "one", "192.0.2.1", sdp("192.0.2.1", 40000))


def test_a_message_that_is_sent_again_and_again_takes_no_more_room() -> None:
    facts = payloads.Facts()
    times = 3 * payloads.FEW
    for record in range(times):
        facts.message("sip", INVITE, PLACE, [record, record, record, 1, len(INVITE)])
        assert len(facts._rows) == len(facts._numbers) <= payloads.FEW + 3
    assert len(facts._held) <= 3
    (dialog,) = [fact for fact in facts.close().facts() if isinstance(fact, Dialog)]
    assert (dialog.packets, dialog.bytes) == (times, times * len(INVITE))
    assert (dialog.witness, dialog.first_ns, dialog.last_ns) == (0, 0, times - 1)
