"""LanceDB: a store in a folder, without a server."""

import warnings
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import polars as pl

from include.assistant.retrieval.copying import COLUMNS, KEY, VECTOR
from include.assistant.retrieval.vectors import Array
from include.errors import DataError

TABLE = "passages"
AT_ONCE = 1000  # ids in one order to delete
REFINED = 10  # candidates for each that is wanted


class LanceStore:
    """The table of passages in a folder; it is made with the first ones."""

    def __init__(self, folder: Path, width: int) -> None:
        import lancedb

        folder.mkdir(parents=True, exist_ok=True)
        self.database, self.width = lancedb.connect(folder), width
        self.table: Any = None
        if TABLE in self.database.list_tables().tables:
            self.table = self._opened(folder)

    def _opened(self, folder: Path) -> Any:
        """The table, if it is one of ours and whole; one of another width is made anew."""
        try:
            table = self.database.open_table(TABLE)
            names = table.schema.names
        except (OSError, RuntimeError, ValueError) as error:
            what = f"The LanceDB table {TABLE} in {folder} cannot be read: {error}."
            raise DataError(what, f"remove {folder}, then run `dvc repro` again.") from error
        if names == [*COLUMNS, VECTOR] and table.schema.field(VECTOR).type.list_size == self.width:
            return table
        self.database.drop_table(TABLE)
        return None

    def keys(self) -> dict[str, str]:
        """The key of each passage that is held, by its id."""
        if self.table is None:
            return {}
        held = self.table.search().select(["id", KEY]).limit(self.count() + 1).to_arrow()
        return dict(zip(held["id"].to_pylist(), held[KEY].to_pylist(), strict=True))

    def upsert(self, rows: pl.DataFrame, vectors: Array) -> None:
        """Write passages, in place of those that have the same id."""
        import pyarrow as pa

        table = rows.select(COLUMNS).to_arrow(compat_level=pl.CompatLevel.oldest())
        flat = pa.array(vectors.ravel(), pa.float32())
        table = table.append_column(VECTOR, pa.FixedSizeListArray.from_arrays(flat, self.width))
        if self.table is None:
            self.table = self.database.create_table(TABLE, table)
            return
        order = self.table.merge_insert("id").when_matched_update_all()
        order.when_not_matched_insert_all().execute(table)

    def delete(self, ids: Sequence[str]) -> None:
        """Remove passages."""
        for start in range(0, len(ids), AT_ONCE):
            listed = ", ".join("'" + one.replace("'", "''") + "'" for one in ids[start:][:AT_ONCE])
            self.table.delete(f"id IN ({listed})")

    def settle(self, approximate: bool) -> None:
        """Keep an approximate index of the vectors, or none; forget what the table was before."""
        if self.table is None:
            return
        from lancedb.index import HnswSq

        there = [index.name for index in self.table.list_indices()]
        if approximate and not there:
            # HNSW over partitions: product quantisation alone found .83 of the nearest.
            self.table.create_index(VECTOR, config=HnswSq(distance_type="cosine"))
        for name in [] if approximate else there:
            self.table.drop_index(name)
        with warnings.catch_warnings():  # this stage is the only one that writes
            warnings.simplefilter("ignore", UserWarning)
            self.table.optimize(cleanup_older_than=timedelta(0))

    def search(self, vector: Array, limit: int) -> list[tuple[str, float]]:
        """The ids nearest to a vector of length 1 and their cosines, the nearest first."""
        if self.table is None:
            return []
        asked = self.table.search(vector).distance_type("cosine").limit(limit)
        # An approximate index holds vectors in one byte a number; the best are compared in full.
        found = asked.refine_factor(REFINED).select(["id", "_distance"]).to_arrow()
        cosines = (1 - distance for distance in found["_distance"].to_pylist())
        return list(zip(found["id"].to_pylist(), cosines, strict=True))

    def count(self) -> int:
        """How many passages are held."""
        return 0 if self.table is None else int(self.table.count_rows())
