"""Tells text protocols by their first word and first line, in columns as far as the word goes."""

import re
from typing import Final

import numpy as np
from numpy.typing import NDArray

from auditor.read.arrays import I64, U64, Bool
from auditor.read.codes import APPS, CODE
from auditor.read.headers import TCP, Packets

TEXTS: Final[dict[str, tuple[bytes, ...]]] = {
    "sip": (
        b"INVI", b"REGI", b"SIP/", b"OPTI", b"BYE ", b"ACK ", b"CANC", b"NOTI", b"SUBS", b"MESS", b"INFO", b"PRAC",
        b"UPDA", b"REFE", b"PUBL",
    ),
    "http": (b"GET ", b"POST", b"HTTP", b"HEAD", b"PUT ", b"DELE", b"CONN", b"PATC"),
    "rtsp": (b"RTSP", b"DESC", b"SETU", b"PLAY", b"TEAR", b"PAUS", b"ANNO", b"GET_", b"SET_", b"RECO"),
    "mgcp": (b"CRCX", b"MDCX", b"DLCX", b"RQNT", b"NTFY", b"AUEP", b"AUCX", b"RSIP", b"EPCF"),
    "ssh": (b"SSH-",),
    "vnc": (b"RFB ",),
    "megaco": (b"MEGA", b"!/1 ", b"!/2 ", b"!/3 "),
    "xmpp": (b"<?xm", b"<str"),
    "hep": (b"HEP3",),
    "bittorrent": (b"\x13Bit", b"d1:a", b"d1:r"),
}  # fmt: skip
"""First four bytes of messages that are text."""
FIRST_LINE: Final = 2048

_words = sorted((int.from_bytes(start, "little"), CODE[name]) for name, starts in TEXTS.items() for start in starts)
_WORDS: Final = np.array([word for word, _code in _words], np.uint64)
_WORD_CODES: Final = np.array([code for _word, code in _words], np.uint8)
_W: Final = np.uint64(0xFFFFFFFF)

_REQUEST_LINE: Final = re.compile(rb"[^\r]*(?<=SIP/2\.0)\r\n").match
_MARKS: Final = {
    "sip": {"sip": b"SIP/2.0", "http": b" HTTP/1.", "rtsp": b" RTSP/"},
    "rtsp": {"rtsp": b"RTSP/"},
    "mgcp": {"mgcp": b" MGCP 1."},
}
"""What a first line holds; HTTP, RTSP and SSDP share some methods with SIP, and words are words."""
_SHOWN: Final = {
    "xmpp": (b"jabber",), "megaco": (b"MEGACO/", b"!/"), "bittorrent": (b"BitTorrent protocol", b"d2:id20:"),
}  # fmt: skip
"""What must stand anywhere in the first bytes of others."""
_LINED: Final = np.isin(np.arange(256), [CODE[name] for name in (*_MARKS, *_SHOWN)])
_STREAMED: Final = np.isin(np.arange(256), [CODE[name] for name in ("http", "rtsp", "ssh", "vnc", "xmpp")])
_STATUS_LINE: Final = np.uint64(int.from_bytes(b"SIP/2.0 ", "little"))


def text(packets: Packets, which: I64, start: U64) -> NDArray[np.uint8]:
    """Tell text protocols by their first word; HTTP, RTSP and SSDP share some methods with SIP, so the line decides."""
    word = start & _W
    place = np.minimum(np.searchsorted(_WORDS, word), len(_WORDS) - 1)
    app = np.where(_WORDS[place] == word, _WORD_CODES[place], CODE["other"])
    asked = np.flatnonzero(_LINED.take(app) & (start != _STATUS_LINE))
    memory = packets.data.data
    body, end = packets.body[which[asked]], packets.end[which[asked]]
    rows = zip(asked.tolist(), body.tolist(), np.minimum(end, body + FIRST_LINE).tolist(), strict=True)
    sip = CODE["sip"]
    for i, first, last in rows:
        line = bytes(memory[first:last])
        if app[i] != sip or not (_REQUEST_LINE(memory, first, last) or b"SIP/2.0" in line.partition(b"\r\n")[0]):
            app[i] = CODE[_told(line, APPS[app[i]])]
    tcp_only = _STREAMED.take(app)
    tcp = packets.protocol[which] == TCP
    app[(tcp_only & ~tcp) | (tcp & (app == CODE["mgcp"]))] = CODE["other"]
    return app


def _told(text: bytes, name: str) -> str:
    """Tell by the first line whether the first word meant what it seemed to mean; a line that was cut is believed."""
    if name in _SHOWN:
        return name if any(mark in text for mark in _SHOWN[name]) else "other"
    line, ended, _rest = text.partition(b"\r\n")
    return next((other for other, mark in _MARKS[name].items() if mark in line), "other" if ended else name)


def is_sip(word: U64) -> Bool:
    """Say which words of four bytes, as they lie in memory, begin a message of SIP."""
    place = np.minimum(np.searchsorted(_WORDS, word), len(_WORDS) - 1)
    sip: Bool = (_WORDS[place] == word) & (_WORD_CODES[place] == CODE["sip"])
    return sip
