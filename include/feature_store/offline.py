"""An offline store for Feast that joins on polars' as-of join.

Name it in feature_store.yaml, as the type of offline_store. Its values equal those of
Feast's duckdb store:

- a row counts from its own timestamp on, and up to and including its timestamp + TTL; a view
  whose TTL is zero or missing keeps its rows for ever;
- of several rows with one key and one timestamp, the one created last counts; one without a
  created timestamp loses. Where nothing tells them apart duckdb takes any of them: here it is
  the last row of the last file by name;
- a row without a key or without a timestamp never matches, nor does such an entity row;
- times without a zone are UTC, and are compared in microseconds.

The rows of the entity frame come back all, once, and in their order. One view at a time is read:
the columns asked for, and the rows that a row of the entity frame can reach.
"""

from datetime import datetime
from typing import Literal

import numpy as np
import pandas as pd
import polars as pl
from feast.data_format import ParquetFormat
from feast.data_source import DataSource
from feast.feature_view import DUMMY_ENTITY_ID, DUMMY_ENTITY_VAL, FeatureView
from feast.infra.offline_stores.file_source import FileSource
from feast.infra.offline_stores.offline_store import (
    OfflineStore,
    RetrievalJob,
    RetrievalMetadata,
)
from feast.infra.offline_stores.offline_utils import (
    infer_event_timestamp_from_entity_df,
)
from feast.infra.registry.base_registry import BaseRegistry
from feast.on_demand_feature_view import OnDemandFeatureView
from feast.repo_config import FeastConfigBaseModel, RepoConfig
from feast.utils import make_tzaware

from include.errors import DataError
from include.feature_store import asof
from include.feature_store.job import PolarsRetrievalJob


class PolarsOfflineStoreConfig(FeastConfigBaseModel):
    """Section offline_store of feature_store.yaml. There is nothing to set."""

    type: Literal["include.feature_store.offline.PolarsOfflineStore"] = (
        "include.feature_store.offline.PolarsOfflineStore"
    )


class PolarsOfflineStore(OfflineStore):
    """Point-in-time joins and latest rows from FileSource: Parquet files, or folders of them."""

    @staticmethod
    def get_historical_features(
        config: RepoConfig,
        feature_views: list[FeatureView],
        feature_refs: list[str],
        entity_df: pd.DataFrame | pl.DataFrame | None,
        registry: BaseRegistry,
        project: str,
        full_feature_names: bool = False,
        start_date: datetime | None = None,
        end_date: datetime | None = None,
    ) -> RetrievalJob:
        """Join each row of the entity frame with what was known at its timestamp.

        Raises:
            DataError: the entity frame is not a table, or lacks a join key; a source cannot be
                read, lacks a column, or has keys of another kind; two columns share a name.
        """
        entities = entity_table(entity_df)
        time = infer_event_timestamp_from_entity_df(
            {
                name: np.dtype("M8[us]" if isinstance(kind, pl.Datetime) else "O")
                for name, kind in entities.schema.items()
            }
        )
        entities = with_times(entities, time)
        views = [plan(view, feature_refs, full_feature_names, config) for view in feature_views]
        edges = entities.select(asof.to_utc(time, entities.schema[time]))[time]

        return PolarsRetrievalJob(
            lambda: asof.join_views(entities, time, views),
            config,
            full_feature_names,
            OnDemandFeatureView.get_requested_odfvs(feature_refs, project, registry),
            RetrievalMetadata(
                features=feature_refs,
                keys=[name for name in entities.columns if name != time],
                min_event_timestamp=edges.min(),  # type: ignore[arg-type]
                max_event_timestamp=edges.max(),  # type: ignore[arg-type]
            ),
        )

    @staticmethod
    def pull_latest_from_table_or_query(
        config: RepoConfig,
        data_source: DataSource,
        join_key_columns: list[str],
        feature_name_columns: list[str],
        timestamp_field: str,
        created_timestamp_column: str | None,
        start_date: datetime,
        end_date: datetime,
    ) -> RetrievalJob:
        """The last row of each key between two times, both included; no order is promised."""
        order = [
            timestamp_field,
            *([created_timestamp_column] if created_timestamp_column else []),
        ]
        names = [*join_key_columns, *feature_name_columns, *order]
        rows = scan_between(config, data_source, names, timestamp_field, start_date, end_date)

        def latest() -> pl.DataFrame:
            ordered = rows.sort(order, nulls_last=False, maintain_order=True)
            if not join_key_columns:  # a view without an entity has one row
                dummy = pl.lit(DUMMY_ENTITY_VAL).alias(DUMMY_ENTITY_ID)
                return asof.collect(ordered.tail(1).with_columns(dummy), data_source.name)
            last = ordered.unique(subset=join_key_columns, keep="last", maintain_order=True)
            return asof.collect(last, data_source.name)

        return PolarsRetrievalJob(latest, config)

    @staticmethod
    def pull_all_from_table_or_query(
        config: RepoConfig,
        data_source: DataSource,
        join_key_columns: list[str],
        feature_name_columns: list[str],
        timestamp_field: str,
        created_timestamp_column: str | None = None,
        start_date: datetime | None = None,
        end_date: datetime | None = None,
    ) -> RetrievalJob:
        """All rows between two times, both included; a time that is not given does not bound."""
        created = [created_timestamp_column] if created_timestamp_column else []
        names = [*join_key_columns, *feature_name_columns, timestamp_field, *created]
        rows = scan_between(config, data_source, names, timestamp_field, start_date, end_date)
        return PolarsRetrievalJob(lambda: asof.collect(rows, data_source.name), config)


def entity_table(entity_df: object) -> pl.DataFrame:
    """The entity frame as polars holds it."""
    if isinstance(entity_df, pl.DataFrame):
        return entity_df
    if isinstance(entity_df, pd.DataFrame):
        return pl.from_pandas(entity_df)
    kind = "missing" if entity_df is None else f"a {type(entity_df).__name__}"
    raise DataError(
        f"The entity frame is {kind}.",
        "pass a pandas or polars DataFrame of join keys and timestamps as entity_df.",
    )


def with_times(entities: pl.DataFrame, time: str) -> pl.DataFrame:
    """Read the timestamps of the entity frame where they are text."""
    if entities.schema[time] != pl.String:
        return entities
    times = pd.to_datetime(entities[time].to_pandas(), utc=True)
    return entities.with_columns(pl.Series(time, times))


def plan(view: FeatureView, refs: list[str], full_names: bool, config: RepoConfig) -> asof.View:
    """What to read of a feature view, for the feature references that name it."""
    source = file_source(view.batch_source, view.name)
    # The name in a reference may carry a version (view@v2); that of a column does not.
    named = str(view.projection.name_to_use())  # type: ignore[no-untyped-call]
    features = [ref.split(":")[1] for ref in refs if ref.startswith(f"{named}:")]
    prefix = f"{view.projection.name_alias or view.name}__" if full_names else ""
    keys = view.projection.join_key_map or {e.name: e.name for e in view.entity_columns}
    return asof.View(
        name=view.name,
        location=asof.resolve(source.path, config.repo_path),
        keys={key: column for key, column in keys.items() if key != DUMMY_ENTITY_ID},
        features={name: prefix + name for name in features},
        timestamp=source.timestamp_field,
        created=source.created_timestamp_column or None,
        renamed=dict(source.field_mapping),
        ttl=view.ttl or None,
    )


def file_source(source: DataSource | None, name: str) -> FileSource:
    """The source, if it is one of Parquet files.

    Raises:
        DataError: it is not.
    """
    if isinstance(source, FileSource) and isinstance(
        source.file_format, (ParquetFormat, type(None))
    ):
        return source
    kind = type(source).__name__ if not isinstance(source, FileSource) else source.file_format
    raise DataError(
        f"The source of {name} is {kind}: PolarsOfflineStore reads Parquet files.",
        "give it a FileSource of Parquet files, or choose another offline_store.",
    )


def scan_between(
    config: RepoConfig,
    data_source: DataSource,
    names: list[str],
    timestamp: str,
    first: datetime | None,
    last: datetime | None,
) -> pl.LazyFrame:
    """Columns of a source, named as in its files, between two times, both included."""
    source = file_source(data_source, data_source.name)
    rows = asof.scan(asof.resolve(source.path, config.repo_path))
    held = asof.schema(rows, source.path)
    asof.check_columns(held.names(), names, f"The source {source.path}")
    # Feast's own default: a time without a zone is UTC.
    first, last = (make_tzaware(time) if time else None for time in (first, last))
    inside = asof.between(timestamp, held[timestamp], first, last)
    return rows.filter(inside).select(*dict.fromkeys(names))
