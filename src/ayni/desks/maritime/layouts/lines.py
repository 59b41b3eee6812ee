"""Where the lines of a chunk begin and end."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from ayni.desks.maritime.layouts.stream import Chunk

NEWLINE, RETURN = b"\n\r"


class Lines:
    """The lines of a chunk as positions in its bytes; `ends` stands on the line feed."""

    def __init__(self, chunk: Chunk) -> None:
        self.chunk = chunk
        self.bytes = np.frombuffer(chunk.data, np.uint8)
        ends = np.flatnonzero(self.bytes == NEWLINE)
        if not len(ends) or ends[-1] != len(self.bytes) - 1:
            ends = np.append(ends, len(self.bytes))
        self.ends = ends
        self.starts = np.concatenate([[0], ends[:-1] + 1])

    def drop_first(self) -> None:
        """Forget the header line."""
        self.starts, self.ends = self.starts[1:], self.ends[1:]

    def lengths(self) -> NDArray[np.int64]:
        """Return the bytes of each line without its line end."""
        if not len(self.bytes):
            return np.zeros(len(self.ends), np.int64)
        last = self.bytes[np.maximum(self.ends - 1, 0)]
        returns = (last == RETURN) & (self.ends > self.starts)
        lengths: NDArray[np.int64] = self.ends - self.starts - returns
        return lengths

    def count(self, byte: int) -> NDArray[np.int64]:
        """Return how often *byte* stands in each line."""
        at = np.flatnonzero(self.bytes == byte)
        return np.searchsorted(at, self.ends) - np.searchsorted(at, self.starts)

    def only(self, keep: NDArray[np.bool_]) -> bytes:
        """Return the bytes of the kept lines, each ended by a line feed."""
        if keep.all() and len(self.starts) and self.starts[0] == 0:
            return self.chunk.data if self.chunk.data.endswith(b"\n") else self.chunk.data + b"\n"
        return b"".join(
            self.chunk.data[start:end] + b"\n"
            for start, end in zip(self.starts[keep].tolist(), self.ends[keep].tolist(), strict=True)
        )
