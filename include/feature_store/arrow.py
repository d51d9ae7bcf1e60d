"""Tables as Feast knows them: Arrow without the types that only polars makes."""

from collections.abc import Mapping

import polars as pl
import pyarrow as pa


def table(frame: pl.DataFrame) -> pa.Table:
    """A table in one chunk: Feast writes only the first chunk of a table to the online store."""
    made = frame.to_arrow(compat_level=pl.CompatLevel.oldest()).combine_chunks()
    for index, field in enumerate(made.schema):
        kind = plain(field.type)
        if kind != field.type and made.column(index).nbytes < 2**31:  # else offsets would not fit
            made = made.set_column(index, pa.field(field.name, kind), made.column(index).cast(kind))
    return made


def schema(types: Mapping[str, pl.DataType]) -> pa.Schema:
    """The schema of a table with these columns."""
    return table(pl.DataFrame(schema=types)).schema


def plain(kind: pa.DataType) -> pa.DataType:
    """Lists, texts and bytes with 32-bit offsets, and values in place of codes."""
    if pa.types.is_large_string(kind):
        return pa.string()
    if pa.types.is_large_binary(kind):
        return pa.binary()
    if pa.types.is_dictionary(kind):
        return plain(kind.value_type)
    if pa.types.is_large_list(kind) or pa.types.is_fixed_size_list(kind):
        return pa.list_(plain(kind.value_type))
    if pa.types.is_struct(kind):
        return pa.struct([(field.name, plain(field.type)) for field in kind])
    if pa.types.is_map(kind):
        return pa.map_(plain(kind.key_type), plain(kind.item_type))
    return kind
