"""An offline store for Feast that joins on polars' as-of join.

Name it in feature_store.yaml, as the type of offline_store. Its values equal those of
Feast's duckdb store; docs/feature_store.md says where they do not, and why:

- a row counts from its own timestamp on, and up to and including its timestamp + TTL; a view
  whose TTL is zero or missing keeps its rows for ever;
- of several rows with one key and one timestamp, the one created last counts; one without a
  created timestamp loses. Where nothing tells them apart duckdb takes any of them: here it is
  the last row of the last file by name;
- a row without a key or without a timestamp never matches, nor does such an entity row;
- times without a zone are UTC, numbers as times are Unix seconds; all are compared in
  microseconds;
- keys of unlike types are compared exactly: 9007199254740993 equals no float.

The rows of the entity frame come back all, once, and in their order. One view at a time is read:
the columns asked for, and the rows that a row of the entity frame can reach.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Literal

import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
from feast.data_source import DataSource
from feast.feature_logging import LoggingConfig, LoggingSource
from feast.feature_view import DUMMY_ENTITY_ID, DUMMY_ENTITY_VAL, FeatureView
from feast.infra.offline_stores.file_source import FileLoggingDestination
from feast.infra.offline_stores.offline_store import (
    OfflineStore,
    RetrievalJob,
    RetrievalMetadata,
)
from feast.infra.registry.base_registry import BaseRegistry
from feast.on_demand_feature_view import OnDemandFeatureView
from feast.repo_config import FeastConfigBaseModel, RepoConfig
from feast.utils import compute_non_entity_date_range, make_tzaware

from include.errors import DataError
from include.feature_store import arrow, asof, files, latest, plans, sources, times, views, writing
from include.feature_store.job import PolarsRetrievalJob, Unsupported

NO_ENTITY = pl.lit(DUMMY_ENTITY_VAL).alias(DUMMY_ENTITY_ID)  # the key that Feast expects instead


class PolarsOfflineStoreConfig(FeastConfigBaseModel):
    """Section offline_store of feature_store.yaml. There is nothing to set."""

    type: Literal["include.feature_store.offline.PolarsOfflineStore"] = (
        "include.feature_store.offline.PolarsOfflineStore"
    )


@dataclass(frozen=True)
class Asked:
    """A join that is to be computed, and what Feast wants to know of it before."""

    compute: Callable[[], pl.DataFrame]
    keys: list[str]
    first: datetime | None
    last: datetime | None

    @classmethod
    def of(cls, wanted: list[views.View], entities: pl.DataFrame, time: str) -> "Asked":
        """The join of an entity frame."""
        column = entities.select(times.to_utc(entities, time, "The entity frame"))[time]
        keys = [name for name in entities.columns if name != time]
        first, last = column.min(), column.max()
        return cls(
            lambda: asof.join_views(entities, time, wanted),
            keys,
            first if isinstance(first, datetime) else None,
            last if isinstance(last, datetime) else None,
        )

    @classmethod
    def between(cls, wanted: list[views.View], first: datetime, last: datetime) -> "Asked":
        """The join of what the views have between two times."""
        keys = list(dict.fromkeys(key for view in wanted for key in view.keys.values()))
        return cls(
            lambda: asof.join_views(views.observed(wanted, first, last), views.EVENT, wanted),
            keys,
            first,
            last,
        )


class PolarsOfflineStore(OfflineStore):
    """Point-in-time joins, latest rows and new rows of FileSource: Parquet files and folders."""

    supports_filter_by_created_timestamp = True

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
        filter_by_created_timestamp: bool = False,
    ) -> RetrievalJob:
        """Join each row of the entity frame with what was known at its timestamp.

        Without an entity frame: for the keys and timestamps of the views' own rows between two
        times, both included.

        Args:
            filter_by_created_timestamp: a row counts only from its creation on.

        Raises:
            DataError: the entity frame is not a table, or lacks a join key; a source cannot be
                read, lacks a column, or has keys of another kind; two columns share a name.
        """
        how = (feature_refs, full_feature_names, config, filter_by_created_timestamp)
        wanted = [plans.plan(view, *how) for view in feature_views]
        if entity_df is None:
            first, last = compute_non_entity_date_range(feature_views, start_date, end_date)
            asked = Asked.between(wanted, first, last)
        else:
            asked = Asked.of(wanted, *plans.entity_table(entity_df))
        return PolarsRetrievalJob(
            asked.compute,
            config,
            full_feature_names,
            OnDemandFeatureView.get_requested_odfvs(feature_refs, project, registry),
            RetrievalMetadata(feature_refs, asked.keys, asked.first, asked.last),
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
        order = [timestamp_field, *filter(None, [created_timestamp_column])]
        names = [*join_key_columns, *feature_name_columns]
        edges = make_tzaware(start_date), make_tzaware(end_date)
        files = plans.rows_between(config, data_source, names, order, *edges)

        def compute() -> pl.DataFrame:
            found = latest.rows(files, join_key_columns, order, data_source.name)
            # A view without an entity has one row.
            return found if join_key_columns else found.with_columns(NO_ENTITY)

        return PolarsRetrievalJob(compute, config)

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
        order = [timestamp_field, *filter(None, [created_timestamp_column])]
        names = [*join_key_columns, *feature_name_columns]
        edges = (make_tzaware(time) if time else None for time in (start_date, end_date))
        rows = pl.concat(plans.rows_between(config, data_source, names, order, *edges))
        rows = rows if join_key_columns else rows.with_columns(NO_ENTITY)
        return PolarsRetrievalJob(lambda: sources.collect(rows, data_source.name), config)

    @staticmethod
    def offline_write_batch(
        config: RepoConfig,
        feature_view: FeatureView,
        table: pa.Table,
        progress: Callable[[int], Any] | None,
    ) -> None:
        """Add rows to the source of a view: to its file, or as a new file to its folder.

        Raises:
            DataError: the source is a pattern or URL, or the rows do not fit it.
        """
        source = plans.file_source(feature_view.batch_source, feature_view.name)
        # Feast has renamed the columns as the view names them.
        names = {new: old for old, new in source.field_mapping.items()}
        table = table.rename_columns([names.get(name, name) for name in table.column_names])
        writing.append(table, plans.location(source, config), feature_view.name)
        if progress:
            progress(table.num_rows)

    @staticmethod
    def write_logged_features(
        config: RepoConfig,
        data: pa.Table | Path,
        source: LoggingSource,
        logging_config: LoggingConfig,
        registry: BaseRegistry,
    ) -> None:
        """Add logs to the folder of their destination, as new files."""
        destination = logging_config.destination
        if not isinstance(destination, FileLoggingDestination):
            kind = type(destination).__name__
            raise DataError(f"Logs cannot go to {kind}.", "use FileLoggingDestination.")
        table = data if isinstance(data, pa.Table) else pq.read_table(data)
        folder = files.resolve(destination.path, config.repo_path)
        writing.log(table, folder, destination.partition_by or [])

    def get_table_column_names_and_types_from_data_source(
        self, config: RepoConfig, data_source: DataSource
    ) -> Iterable[tuple[str, str]]:
        """The columns of all files of a source, as Feast names their types."""
        held = plans.parts(config, data_source)
        what = f"The source {data_source.name}"
        schema = arrow.schema(sources.common(held, sources.names(held), what))
        return [(field.name, str(field.type)) for field in schema]

    @staticmethod
    def ensure_monitoring_tables(config: RepoConfig) -> None:
        """Raise Unsupported: Feast's monitoring has no place here.

        Raises:
            Unsupported: always.
        """
        raise Unsupported(
            "PolarsOfflineStore keeps no metrics of Feast's monitoring.",
            "watch the data by `dvc repro report_drift`, or choose another offline_store.",
        )
