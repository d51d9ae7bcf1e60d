"""Encoded flights on disk, mapped into memory: the system keeps of them what there is room for."""

from pathlib import Path
from tempfile import TemporaryFile
from typing import IO, TypeVar

import numpy as np
from numpy.typing import NDArray

from include.flights.models.encoding import Encoder
from include.flights.models.history import History
from include.flights.tabm.trainer import Rows

S = TypeVar("S", bound=np.generic)


def encoded(history: History, encoder: Encoder, folder: Path) -> Rows:
    """Encode all flights, a month at a time, into two files that have no name.

    The system removes such a file with the last array that reads from it, however the process
    ends: nothing is left to be tidied up.

    Args:
        folder: on the disk that holds them, 4 bytes a feature and flight.
    """
    late = []
    with TemporaryFile(dir=folder) as numbers, TemporaryFile(dir=folder) as codes:
        for month in history.tables([*encoder.names, "late"]):
            # Written, not mapped for writing: a full disk is then an error, not a dead process.
            numbers.write(encoder.numbers(month).data)
            codes.write(encoder.codes(month).data)
            late.append(month.get_column("late").to_numpy())
        rows = sum(map(len, late))
        return Rows(
            mapped(numbers, np.float32, (rows, len(encoder.number_names))),
            mapped(codes, np.int32, (rows, len(encoder.category_names))),
            np.concatenate(late),
        )


def mapped(file: IO[bytes], kind: type[S], shape: tuple[int, int]) -> NDArray[S]:
    """What the file holds, as an array whose changes would stay in memory."""
    file.flush()
    # Nothing of size 0 can be mapped.
    return np.memmap(file, kind, "c", shape=shape) if np.prod(shape) else np.empty(shape, kind)
