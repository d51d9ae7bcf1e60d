"""From Feast's terms to ours: the entity frame, the views, and where their files are."""

from collections.abc import Iterable
from datetime import date, datetime

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
from feast.data_format import ParquetFormat
from feast.data_source import DataSource
from feast.feature_view import DUMMY_ENTITY_ID, FeatureView
from feast.infra.offline_stores.file_source import FileSource
from feast.infra.offline_stores.offline_utils import infer_event_timestamp_from_entity_df
from feast.repo_config import RepoConfig

from include.errors import DataError, at_most_ten, did_you_mean
from include.feature_store import files, footers, sources, times
from include.feature_store.footers import Near, anywhere
from include.feature_store.sources import Part
from include.feature_store.views import View


def entity_table(entity_df: object) -> tuple[pl.DataFrame, str]:
    """The entity frame as polars holds it, and the name of its column of timestamps.

    Raises:
        DataError: it is no table, or holds what polars cannot hold.
    """
    if isinstance(entity_df, pd.DataFrame):
        time = infer_event_timestamp_from_entity_df(dict(entity_df.dtypes.items()))
        table = from_pandas(entity_df)
    elif isinstance(entity_df, pl.DataFrame):
        table = entity_df
        time = infer_event_timestamp_from_entity_df(
            {
                name: np.dtype("M8[us]" if isinstance(kind, pl.Datetime) else "O")
                for name, kind in table.schema.items()
            }
        )
    else:
        kind = "missing" if entity_df is None else f"a {type(entity_df).__name__}"
        raise DataError(
            f"The entity frame is {kind}.",
            "pass a pandas or polars DataFrame of join keys and timestamps as entity_df.",
        )
    if not isinstance(table.schema[time], (pl.Datetime, pl.Date)):
        table = table.with_columns(times.to_utc(table, time, "The entity frame"))
    return table, time


def from_pandas(frame: pd.DataFrame) -> pl.DataFrame:
    """A pandas frame as polars holds it, with times in UTC where polars does not know the zone.

    Raises:
        DataError: a column holds things of several kinds.
    """
    frame = frame.copy(deep=False)
    for name, kind in frame.dtypes.items():
        if isinstance(kind, pd.DatetimeTZDtype) and not sources.is_zone(str(kind.tz)):
            frame[name] = frame[name].dt.tz_convert("UTC")
        elif pd.api.types.is_object_dtype(kind) and is_times(frame[name]):
            frame[name] = pd.to_datetime(frame[name], utc=True)
    try:
        return pl.from_pandas(frame)
    except (pl.exceptions.PolarsError, pa.ArrowException) as error:
        problem = str(error).splitlines()[0].rstrip(".")
        raise DataError(
            f"The entity frame cannot be read: {problem}.",
            "give each of its columns one type, and a name of its own.",
        ) from error


def is_times(column: pd.Series) -> bool:
    """Whether a column of Python objects holds times with zones, or times among dates."""
    kinds = set()
    for value in column:
        if value is None or value is pd.NaT or isinstance(value, float):
            continue
        if not isinstance(value, date):
            return False
        zoned = isinstance(value, datetime) and value.tzinfo is not None
        kinds.add((isinstance(value, datetime), zoned))
    return len(kinds) > 1 or (True, True) in kinds


def plan(
    view: FeatureView, refs: list[str], full_names: bool, config: RepoConfig, by_creation: bool
) -> View:
    """What to read of a feature view, for the feature references that name it.

    Args:
        by_creation: a row counts only from its creation on.
    """
    source = file_source(view.batch_source, view.name)
    # The name in a reference may carry a version (view@v2); that of a column does not.
    named = str(view.projection.name_to_use())  # type: ignore[no-untyped-call]
    features = [ref.split(":")[1] for ref in refs if ref.startswith(f"{named}:")]
    prefix = f"{view.projection.name_alias or view.name}__" if full_names else ""
    return View(
        name=view.name,
        location=location(source, config),
        keys=join_keys(view),
        features={name: prefix + name for name in features},
        timestamp=source.timestamp_field,
        created=source.created_timestamp_column or None,
        renamed=dict(source.field_mapping),
        ttl=view.ttl or None,
        options=options(source),
        created_by_then=by_creation,
    )


def join_keys(view: FeatureView) -> dict[str, str]:
    """Each join key of a view, and its column of the entity frame. None for a view of one row.

    Raises:
        DataError: the view's map names no join key of it.
    """
    names = [column.name for column in view.entity_columns if column.name != DUMMY_ENTITY_ID]
    mapped = view.projection.join_key_map
    for name in mapped:
        if name not in names:
            raise DataError(
                f"with_join_key_map of {view.name} maps {name!r}, which is no join key of it; it "
                f"has {at_most_ten(names) or 'none'}.{did_you_mean(name, names)}",
                "correct the map.",
            )
    return {name: mapped.get(name, name) for name in names}


def file_source(source: DataSource | None, name: str) -> FileSource:
    """The source, if it is one of Parquet files.

    Raises:
        DataError: it is not.
    """
    if isinstance(source, FileSource) and isinstance(
        source.file_format, (ParquetFormat, type(None))
    ):
        return source
    kind = type(source.file_format if isinstance(source, FileSource) else source).__name__
    raise DataError(
        f"The source of {name} is {'missing' if source is None else kind}: PolarsOfflineStore "
        f"reads Parquet files.",
        "give it a FileSource of Parquet files, or choose another offline_store.",
    )


def location(source: FileSource, config: RepoConfig) -> str:
    """Where the files of a source are."""
    return files.resolve(source.path, config.repo_path)


def options(source: FileSource) -> dict[str, str] | None:
    """How polars is to reach a source at an S3 server that it names, or with its credentials."""
    given = {key.lower(): value for key, value in (source.resolve_credentials() or {}).items()}
    if source.s3_endpoint_override:
        given["aws_endpoint_url"] = source.s3_endpoint_override
        given["aws_allow_http"] = str(source.s3_endpoint_override.startswith("http://")).lower()
    return given or None


def parts(
    config: RepoConfig, data_source: DataSource, near: Near = anywhere, apart: bool = False
) -> list[Part]:
    """The files of a source."""
    source = file_source(data_source, data_source.name)
    return sources.parts(location(source, config), source.path, options(source), near, apart)


def rows_between(
    config: RepoConfig,
    data_source: DataSource,
    names: list[str],
    order: list[str],
    first: datetime | None,
    last: datetime | None,
) -> list[pl.LazyFrame]:
    """Columns of a source, named as in its files, between two times, both included.

    Args:
        order: the columns of timestamps, the event's first.

    Returns:
        A table for each file that may hold such rows, in the order of the files. All have the same
        columns.
    """
    what = f"The source {data_source.name}"
    near = footers.between(order[0], first, last)
    held = []
    for part in parts(config, data_source, near, apart=True):
        sources.check_columns(part.held.names(), order[:1], f"{what}, {part.first},")
        inside = times.between(part.rows, order[0], first, last, what)
        rows = part.rows.filter(inside).with_columns(as_times(part, order, what))
        held.append(Part(rows, rows.collect_schema(), part.first))
    return sources.select(held, list(dict.fromkeys([*names, *order])), what)


def as_times(part: Part, names: list[str], what: str) -> Iterable[pl.Expr]:
    """Columns of numbers and texts as the times that they stand for."""
    for name in names:
        if not isinstance(part.held.get(name, pl.Date()), (pl.Datetime, pl.Date)):
            yield times.to_utc(part.rows, name, what)
