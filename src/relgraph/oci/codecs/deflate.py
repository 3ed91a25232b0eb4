"""Deflate (RFC 1951) whose bytes do not depend on the machine: those of the zlib that everybody had for twenty years.

A digest over compressed bytes depends on the compressor's choices. The reference zlib (https://zlib.net) has made the same ones
since version 1.2; builds of zlib-ng, which some distributions and interpreters have under the same name, make others. Where
this process has the reference zlib it is used; where it has not, its algorithm for level 6 follows here in Python, a hundred
times slower and equal to the bit: lazy matching (``deflate_slow``), hash chains, block splitting, Huffman trees with its ties.
"""

import hashlib
import zlib
from functools import lru_cache
from typing import Protocol

from relgraph.oci.codecs.huffman import BlockWriter

__all__ = ["Compressor", "PureDeflate", "compressor", "has_reference_zlib", "sample"]

_LEVEL = 6
# The parameters of level 6 (zlib's ``configuration_table``) and of a window of 32 KiB with memory level 8.
_GOOD, _LAZY, _NICE, _CHAIN = 8, 16, 128, 128
_WINDOW = 1 << 15
_MASK = _WINDOW - 1
_SHORTEST, _LONGEST = 3, 258
_MARGIN = _LONGEST + _SHORTEST + 1
_FARTHEST = _WINDOW - _MARGIN
_TOO_FAR = 4096
_HASH_MASK = (1 << 15) - 1
_SYMBOLS = (1 << 14) - 1

# What level 6 of the reference gives for the sample.
_EXPECTED = "59a32c5cdeeb181798a32a149e97d4b1b5a3361aadfbaf86b9ee918945c70ded"


class Compressor(Protocol):
    """A raw deflate stream in the making."""

    def compress(self, data: bytes, /) -> bytes:
        """Take more input; what output is ready."""

    def flush(self) -> bytes:
        """The rest of the output."""


def compressor() -> Compressor:
    """A compressor that gives the same bytes on every machine, for the same input in the same pieces."""
    return _zlib() if has_reference_zlib() else PureDeflate()


@lru_cache(maxsize=1)
def has_reference_zlib() -> bool:
    """Whether this process's zlib compresses as the reference does."""
    stream = _zlib()
    return hashlib.sha256(stream.compress(sample()) + stream.flush()).hexdigest() == _EXPECTED


def sample() -> bytes:
    """Bytes that tell compressors apart: noise that repeats, text that almost does, more than one block and one window."""
    return hashlib.shake_128(b"relgraph").digest(3000) * 3 + b"".join(b"%d: value\n" % (number * number) for number in range(8_000))


def _zlib() -> Compressor:
    return zlib.compressobj(_LEVEL, zlib.DEFLATED, -zlib.MAX_WBITS, zlib.DEF_MEM_LEVEL, zlib.Z_DEFAULT_STRATEGY)


class PureDeflate:
    """zlib's level 6, step for step. Names are those of zlib where they stand for the same thing."""

    def __init__(self) -> None:
        self._window = bytearray(2 * _WINDOW)
        self._head = [0] * (_HASH_MASK + 1)
        self._prev = [0] * _WINDOW
        self._strstart = self._lookahead = self._block_start = 0
        self._match_length = _SHORTEST - 1
        self._match_start = 0
        self._match_available = False
        self._input = b""
        self._taken = 0
        self._block = BlockWriter(_SYMBOLS)

    def compress(self, data: bytes, /) -> bytes:
        """Take more input; what output is ready."""
        self._input, self._taken = data, 0
        self._run(finish=False)
        return self._block.take()

    def flush(self) -> bytes:
        """The rest of the output."""
        self._input, self._taken = b"", 0
        self._run(finish=True)
        if self._match_available:
            self._block.literal(self._window[self._strstart - 1])
        self._flush_block(last=True)
        return self._block.take()

    def _run(self, *, finish: bool) -> None:
        window, head, prev, block = self._window, self._head, self._prev, self._block
        while True:
            if self._lookahead < _MARGIN:
                self._fill()
                if self._lookahead == 0 or (self._lookahead < _MARGIN and not finish):
                    return
            at = self._strstart
            first = 0
            if self._lookahead >= _SHORTEST:
                key = (window[at] << 10 ^ window[at + 1] << 5 ^ window[at + 2]) & _HASH_MASK
                first = prev[at & _MASK] = head[key]
                head[key] = at
            before, earlier = self._match_length, self._match_start
            self._match_length = _SHORTEST - 1
            if first and before < _LAZY and at - first <= _FARTHEST:
                length = self._longest(first, before)
                if length == _SHORTEST and at - self._match_start > _TOO_FAR:
                    length = _SHORTEST - 1
                self._match_length = length
            if before >= _SHORTEST and self._match_length <= before:
                self._take_match(at - 1 - earlier, before)
            elif self._match_available:
                full = block.literal(window[at - 1])
                if full:
                    self._flush_block(last=False)
                self._strstart += 1
                self._lookahead -= 1
            else:
                self._match_available = True
                self._strstart += 1
                self._lookahead -= 1

    def _take_match(self, distance: int, length: int) -> None:
        window, head, prev = self._window, self._head, self._prev
        last = self._strstart + self._lookahead - _SHORTEST
        full = self._block.match(distance, length)
        self._lookahead -= length - 1
        end = self._strstart + length - 1
        for at in range(self._strstart + 1, end):
            if at <= last:
                key = (window[at] << 10 ^ window[at + 1] << 5 ^ window[at + 2]) & _HASH_MASK
                prev[at & _MASK] = head[key]
                head[key] = at
        self._match_available = False
        self._match_length = _SHORTEST - 1
        self._strstart = end
        if full:
            self._flush_block(last=False)

    def _longest(self, current: int, best: int) -> int:
        """The length of the longest match among the candidates, where it is longer than ``best``; its place is kept."""
        window, prev, at, lookahead = self._window, self._prev, self._strstart, self._lookahead
        if best >= lookahead:
            return lookahead
        chain = _CHAIN >> 2 if best >= _GOOD else _CHAIN
        nice = min(_NICE, lookahead)
        limit = at - _FARTHEST if at > _FARTHEST else 0
        most = min(_LONGEST, lookahead)
        start, end = window[at : at + 2], window[at + best - 1 : at + best + 1]
        while True:
            if window[current + best - 1 : current + best + 1] == end and window[current : current + 2] == start:
                length = _common(window, current, at, most)
                if length > best:
                    self._match_start, best = current, length
                    if length >= nice:
                        break
                    end = window[at + best - 1 : at + best + 1]
            current = prev[current & _MASK]
            chain -= 1
            if current <= limit or not chain:
                break
        return min(best, lookahead)

    def _fill(self) -> None:
        while True:
            room = 2 * _WINDOW - self._lookahead - self._strstart
            if self._strstart >= _WINDOW + _FARTHEST:
                self._slide()
                room += _WINDOW
            left = len(self._input) - self._taken
            if not left:
                return
            count = min(left, room)
            end = self._strstart + self._lookahead
            self._window[end : end + count] = self._input[self._taken : self._taken + count]
            self._taken += count
            self._lookahead += count
            if self._lookahead >= _MARGIN or self._taken == len(self._input):
                return

    def _slide(self) -> None:
        self._window[:_WINDOW] = self._window[_WINDOW:]
        self._head[:] = [place - _WINDOW if place >= _WINDOW else 0 for place in self._head]
        self._prev[:] = [place - _WINDOW if place >= _WINDOW else 0 for place in self._prev]
        self._strstart -= _WINDOW
        self._match_start -= _WINDOW
        self._block_start -= _WINDOW

    def _flush_block(self, *, last: bool) -> None:
        # What has left the window cannot be stored as it is any more.
        start, end = self._block_start, self._strstart
        stored = bytes(self._window[start:end]) if start >= 0 else None
        self._block.end(stored, end - start, last=last)
        self._block_start = end


def _common(window: bytearray, left: int, right: int, most: int) -> int:
    if window[left : left + most] == window[right : right + most]:
        return most
    low, high = 2, most  # equal up to low, not up to high
    while high - low > 1:
        middle = (low + high) >> 1
        if window[left + low : left + middle] == window[right + low : right + middle]:
            low = middle
        else:
            high = middle
    return low
