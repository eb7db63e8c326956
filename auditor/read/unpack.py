"""Unpacks gzip, zstd, xz and bzip2 streams in bounded memory; damage is an OSError in fixed words."""

import bz2
import gzip
import io
import lzma
from collections.abc import Callable
from typing import Any, Final

MAGICS: Final[dict[str, bytes]] = {
    "gzip": b"\x1f\x8b\x08",
    "zstd": b"\x28\xb5\x2f\xfd",
    "xz": b"\xfd7zXZ\x00",
    "bzip2": b"BZh",
}
"""How a compressed file begins (RFC 1952, RFC 8878, the .xz format, bzip2)."""
XZ_MEMORY: Final = 256 << 20  # a header of a few bytes can ask for gigabytes
ZSTD_WINDOW: Final = 1 << 27
ZSTD_FEED: Final = 4096  # four bytes of zstd can stand for 128 KiB, so more could fill the memory
XZ_FEED: Final = 16384  # of xz, at most some 7,000 bytes for one


class _Frames(io.RawIOBase):
    """A stream of compressed frames, each unpacked by an object as `LZMADecompressor` is one."""

    def __init__(self, stream: io.RawIOBase, start: Callable[[], Any], feed: int) -> None:
        self._stream = stream
        self._start = start
        self._feed = feed
        self._frame = start()
        self._ready = memoryview(b"")
        self._begun = False

    def readable(self) -> bool:
        return True

    def readinto(self, into: Any, /) -> int:
        while not len(self._ready):
            if not self._more():
                return 0
        size = min(len(into), len(self._ready))
        into[:size] = self._ready[:size]
        self._ready = self._ready[size:]
        return size

    def _more(self) -> bool:
        """Unpack the next few bytes; return False at the end, which must be that of a frame."""
        rest = b""
        if self._frame.eof:
            rest = bytes(self._frame.unused_data).lstrip(b"\0")  # xz pads with zeros
            self._frame, self._begun = self._start(), False
        rest = rest or self._stream.read(self._feed) or b""
        if not rest:
            if self._begun:
                raise EOFError
            return False
        self._begun = True
        self._ready = memoryview(self._frame.decompress(rest))
        return True


def _zstd(stream: io.RawIOBase) -> io.RawIOBase:
    import zstandard  # other captures do without

    unpacker = zstandard.ZstdDecompressor(max_window_size=ZSTD_WINDOW)
    return _Frames(stream, unpacker.decompressobj, ZSTD_FEED)


UNPACK: Final[dict[str, Callable[[io.RawIOBase], Any]]] = {
    "gzip": lambda stream: gzip.GzipFile(fileobj=io.BufferedReader(stream, 1 << 20), mode="rb"),
    "bzip2": lambda stream: bz2.BZ2File(io.BufferedReader(stream, 1 << 20)),
    "xz": lambda stream: _Frames(stream, lambda: lzma.LZMADecompressor(memlimit=XZ_MEMORY), XZ_FEED),
    "zstd": _zstd,
}


class _Checked(io.RawIOBase):
    """A stream that tells any damage in the same fixed words."""

    def __init__(self, packing: str, stream: Any) -> None:
        self._packing = packing
        self._readinto = getattr(stream, "readinto1", stream.readinto)  # which loses nothing that comes before damage

    def readable(self) -> bool:
        return True

    def readinto(self, into: Any, /) -> int:
        try:
            return int(self._readinto(into) or 0)
        except MemoryError:
            raise
        except Exception as error:  # zlib.error, LZMAError and ZstdError have no other base in common
            raise OSError(f"the {self._packing} stream is cut or damaged") from error


def unpacked(packing: str, stream: io.RawIOBase) -> io.RawIOBase:
    """Return the unpacked bytes of a stream; reading raises OSError where it is cut or damaged."""
    return _Checked(packing, UNPACK[packing](stream))
