"""Blocks of a deflate stream: symbols collected, trees built and bits written exactly as the reference zlib does (``trees.c``).

RFC 1951 leaves open which of several optimal trees is used and when a block is stored, fixed or dynamic; both are part of what
makes a stream the same everywhere.
"""

from itertools import accumulate

__all__ = ["BlockWriter"]

_HEAP = 573
_END = 256
_EXTRA_LENGTH = (0,) * 8 + tuple(bits for bits in range(1, 6) for _ in range(4)) + (0,)
_EXTRA_DISTANCE = (0, 0, 0, 0, *(bits for bits in range(1, 14) for _ in range(2)))
_EXTRA_BITS = (0,) * 16 + (2, 3, 7)
_ORDER = (16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15)
_STORED, _FIXED, _DYNAMIC = 0, 1, 2


def _codes_of(extra: tuple[int, ...], size: int) -> tuple[list[int], list[int]]:
    """The first value of each code, and the code of each value."""
    bases = [0, *accumulate(1 << bits for bits in extra)][:-1]
    codes = []
    for code, bits in enumerate(extra):
        codes += [code] * (1 << bits)
    return bases, codes[:size]


_LENGTH_BASE, _LENGTH_CODE = _codes_of(_EXTRA_LENGTH[:28], 256)
# The longest match has a code of its own.
_LENGTH_CODE[255] = 28
_LENGTH_BASE.append(0)
_DISTANCE_BASE, _DISTANCE_CODE = _codes_of(_EXTRA_DISTANCE, 1 << 15)


def _reverse(code: int, length: int) -> int:
    return int(f"{code:0{length}b}"[::-1], 2) if length else 0


class _Shape:
    """What does not change about a tree: extra bits from a symbol on, how many symbols, the longest code, the fixed lengths."""

    def __init__(self, extra: tuple[int, ...], base: int, symbols: int, longest: int, fixed: list[int] | None) -> None:
        self.extra, self.base, self.symbols, self.longest, self.fixed = extra, base, symbols, longest, fixed


_FIXED_LENGTHS = [8] * 144 + [9] * 112 + [7] * 24 + [8] * 8
_LITERALS = _Shape(_EXTRA_LENGTH, 257, 286, 15, _FIXED_LENGTHS)
_DISTANCES = _Shape(_EXTRA_DISTANCE, 0, 30, 15, [5] * 30)
_LENGTHS = _Shape(_EXTRA_BITS, 0, 19, 7, None)


class _Tree:
    """A Huffman tree over the frequencies of symbols: code lengths and codes, and what it would cost in bits."""

    def __init__(self, shape: _Shape, frequencies: list[int]) -> None:
        self.cost = self.fixed_cost = 0
        self.largest = -1
        self.lengths = [0] * (2 * shape.symbols + 1)
        self._shape = shape
        self._frequency = frequencies + [0] * (2 * shape.symbols + 1 - len(frequencies))
        self._depth = [0] * (2 * shape.symbols + 1)
        self._parent = [0] * (2 * shape.symbols + 1)
        self._heap = [0] * _HEAP
        self._top = _HEAP
        self._build()
        self.codes = _assign(self.lengths, self._counts, self.largest)

    def _build(self) -> None:
        heap, frequency, depth = self._heap, self._frequency, self._depth
        size = 0
        for symbol in range(self._shape.symbols):
            if frequency[symbol]:
                size += 1
                heap[size] = self.largest = symbol
        # A decoder wants two codes at least.
        while size < 2:
            size += 1
            symbol = 0
            if self.largest < 2:
                self.largest += 1
                symbol = self.largest
            heap[size] = symbol
            frequency[symbol] = 1
            self.cost -= 1
            if self._shape.fixed is not None:
                self.fixed_cost -= self._shape.fixed[symbol]
        for place in range(size // 2, 0, -1):
            self._sink(place, size)
        node = self._shape.symbols
        while True:
            left = heap[1]
            heap[1] = heap[size]
            size -= 1
            self._sink(1, size)
            right = heap[1]
            self._top -= 2
            heap[self._top + 1], heap[self._top] = left, right
            frequency[node] = frequency[left] + frequency[right]
            depth[node] = max(depth[left], depth[right]) + 1
            self._parent[left] = self._parent[right] = node
            heap[1] = node
            node += 1
            self._sink(1, size)
            if size < 2:
                break
        self._top -= 1
        heap[self._top] = heap[1]
        self._measure()

    def _sink(self, place: int, size: int) -> None:
        heap, frequency, depth = self._heap, self._frequency, self._depth
        value = heap[place]
        mine = (frequency[value], depth[value])
        child = place << 1
        while child <= size:
            if child < size:
                left, right = heap[child], heap[child + 1]
                if (frequency[right], depth[right]) <= (frequency[left], depth[left]):
                    child += 1
            other = heap[child]
            if mine <= (frequency[other], depth[other]):
                break
            heap[place] = other
            place = child
            child <<= 1
        heap[place] = value

    def _measure(self) -> None:
        shape, heap, lengths = self._shape, self._heap, self.lengths
        self._counts = counts = [0] * 16
        overflow = 0
        lengths[heap[self._top]] = 0
        for place in range(self._top + 1, _HEAP):
            symbol = heap[place]
            bits = lengths[self._parent[symbol]] + 1
            if bits > shape.longest:
                bits = shape.longest
                overflow += 1
            lengths[symbol] = bits
            if symbol > self.largest:
                continue
            counts[bits] += 1
            extra = shape.extra[symbol - shape.base] if symbol >= shape.base else 0
            frequency = self._frequency[symbol]
            self.cost += frequency * (bits + extra)
            if shape.fixed is not None:
                self.fixed_cost += frequency * (shape.fixed[symbol] + extra)
        if overflow:
            self._shorten(overflow)

    def _shorten(self, overflow: int) -> None:
        """Move leaves up until no code is too long, then give the shortest codes to the most frequent again."""
        counts, longest = self._counts, self._shape.longest
        while overflow > 0:
            bits = longest - 1
            while not counts[bits]:
                bits -= 1
            counts[bits] -= 1
            counts[bits + 1] += 2
            counts[longest] -= 1
            overflow -= 2
        place = _HEAP
        for bits in range(longest, 0, -1):
            left = counts[bits]
            while left:
                place -= 1
                symbol = self._heap[place]
                if symbol > self.largest:
                    continue
                if self.lengths[symbol] != bits:
                    self.cost += (bits - self.lengths[symbol]) * self._frequency[symbol]
                    self.lengths[symbol] = bits
                left -= 1


def _assign(lengths: list[int], counts: list[int], largest: int) -> list[int]:
    """The canonical codes of these lengths, with their bits in the order in which they are written."""
    following = [0] * 16
    code = 0
    for bits in range(1, 16):
        code = (code + counts[bits - 1]) << 1
        following[bits] = code
    codes = [0] * (largest + 1)
    for symbol in range(largest + 1):
        length = lengths[symbol]
        if length:
            codes[symbol] = _reverse(following[length], length)
            following[length] += 1
    return codes


def _fixed_codes() -> tuple[list[int], list[int]]:
    counts = [0] * 16
    for length in _FIXED_LENGTHS:
        counts[length] += 1
    return _assign(_FIXED_LENGTHS, counts, 287), [_reverse(code, 5) for code in range(30)]


_FIXED_LITERALS, _FIXED_DISTANCES = _fixed_codes()


class BlockWriter:
    """Collects literals and matches, and writes them as blocks of at most ``symbols`` of them."""

    def __init__(self, symbols: int) -> None:
        self._most = symbols
        self._out = bytearray()
        self._bits = self._held = 0
        self._begin()

    def literal(self, value: int) -> bool:
        """One byte; whether the block is full."""
        self._symbols.append((0, value))
        self._literals[value] += 1
        return len(self._symbols) == self._most

    def match(self, distance: int, length: int) -> bool:
        """A repetition; whether the block is full."""
        self._symbols.append((distance, length - 3))
        self._literals[257 + _LENGTH_CODE[length - 3]] += 1
        self._distances[_DISTANCE_CODE[distance - 1]] += 1
        return len(self._symbols) == self._most

    def end(self, stored: bytes | None, size: int, *, last: bool) -> None:
        """End the block. ``stored`` are its ``size`` bytes as they are, where they are still to be had."""
        self._literals[_END] = 1
        literals, distances = _Tree(_LITERALS, self._literals), _Tree(_DISTANCES, self._distances)
        runs = _runs(literals.lengths, literals.largest) + _runs(distances.lengths, distances.largest)
        counted = [0] * 19
        for symbol, _, _ in runs:
            counted[symbol] += 1
        lengths = _Tree(_LENGTHS, counted)
        highest = 18
        while highest > 2 and not lengths.lengths[_ORDER[highest]]:
            highest -= 1
        dynamic = (literals.cost + distances.cost + lengths.cost + 3 * (highest + 1) + 14 + 10) >> 3
        fixed = (literals.fixed_cost + distances.fixed_cost + 10) >> 3
        if stored is not None and size + 4 <= min(dynamic, fixed):
            self._store(stored, last=last)
        elif fixed <= dynamic:
            self._put((_FIXED << 1) + last, 3)
            self._write(_FIXED_LITERALS, _FIXED_LENGTHS, _FIXED_DISTANCES, [5] * 30)
        else:
            self._put((_DYNAMIC << 1) + last, 3)
            self._put(literals.largest - 256, 5)
            self._put(distances.largest, 5)
            self._put(highest - 3, 4)
            for rank in range(highest + 1):
                self._put(lengths.lengths[_ORDER[rank]], 3)
            for symbol, value, bits in runs:
                self._put(lengths.codes[symbol], lengths.lengths[symbol])
                self._put(value, bits)
            self._write(literals.codes, literals.lengths, distances.codes, distances.lengths)
        if last:
            self._align()
        self._begin()

    def take(self) -> bytes:
        """The bytes that are complete."""
        out, self._out = bytes(self._out), bytearray()
        return out

    def _begin(self) -> None:
        self._symbols: list[tuple[int, int]] = []
        self._literals = [0] * 286
        self._distances = [0] * 30

    def _store(self, data: bytes, *, last: bool) -> None:
        self._put((_STORED << 1) + last, 3)
        self._align()
        self._out += len(data).to_bytes(2, "little") + (len(data) ^ 0xFFFF).to_bytes(2, "little") + data

    def _write(self, codes: list[int], lengths: list[int], far_codes: list[int], far_lengths: list[int]) -> None:
        put = self._put
        for distance, value in self._symbols:
            if not distance:
                put(codes[value], lengths[value])
                continue
            code = _LENGTH_CODE[value]
            put(codes[257 + code], lengths[257 + code])
            if _EXTRA_LENGTH[code]:
                put(value - _LENGTH_BASE[code], _EXTRA_LENGTH[code])
            far = _DISTANCE_CODE[distance - 1]
            put(far_codes[far], far_lengths[far])
            if _EXTRA_DISTANCE[far]:
                put(distance - 1 - _DISTANCE_BASE[far], _EXTRA_DISTANCE[far])
        put(codes[_END], lengths[_END])

    def _put(self, value: int, bits: int) -> None:
        self._bits |= value << self._held
        self._held += bits
        while self._held >= 8:
            self._out.append(self._bits & 0xFF)
            self._bits >>= 8
            self._held -= 8

    def _align(self) -> None:
        if self._held:
            self._out.append(self._bits & 0xFF)
        self._bits = self._held = 0


def _runs(lengths: list[int], largest: int) -> list[tuple[int, int, int]]:
    """Code lengths, run-length encoded: symbol, extra value, its bits (RFC 1951, section 3.2.7; zlib's ``scan_tree``)."""
    runs: list[tuple[int, int, int]] = []
    before, following = -1, lengths[0]
    count, most, least = 0, 7, 4
    if following == 0:
        most, least = 138, 3
    for symbol in range(largest + 1):
        current = following
        following = lengths[symbol + 1] if symbol < largest else -1
        count += 1
        if count < most and current == following:
            continue
        if count < least:
            runs += [(current, 0, 0)] * count
        elif current:
            if current != before:
                runs.append((current, 0, 0))
                count -= 1
            runs.append((16, count - 3, 2))
        elif count <= 10:
            runs.append((17, count - 3, 3))
        else:
            runs.append((18, count - 11, 7))
        count, before = 0, current
        if following == 0:
            most, least = 138, 3
        elif current == following:
            most, least = 6, 3
        else:
            most, least = 7, 4
    return runs
