"""What Feast gets from our offline store: a table that is computed when it is asked for."""

from collections.abc import Callable

import pandas as pd
import polars as pl
import pyarrow as pa
from feast.infra.offline_stores.file_source import SavedDatasetFileStorage
from feast.infra.offline_stores.offline_store import RetrievalJob, RetrievalMetadata
from feast.on_demand_feature_view import OnDemandFeatureView
from feast.repo_config import RepoConfig
from feast.saved_dataset import SavedDatasetStorage

from include.errors import DataError
from include.feature_store import arrow, files, plans, writing


class Unsupported(DataError, NotImplementedError):
    """Something that other stores of Feast can do, and this one cannot."""


class PolarsRetrievalJob(RetrievalJob):
    """A table that is computed when it is asked for.

    `to_polars` is our addition: the table without a detour through pandas.
    """

    def __init__(
        self,
        compute: Callable[[], pl.DataFrame],
        config: RepoConfig,
        full_feature_names: bool = False,
        on_demand_feature_views: list[OnDemandFeatureView] | None = None,
        metadata: RetrievalMetadata | None = None,
    ) -> None:
        self.compute, self.config, self._metadata = compute, config, metadata
        self._full_feature_names = full_feature_names
        self._on_demand_feature_views = on_demand_feature_views or []

    def to_polars(self) -> pl.DataFrame:
        """The table as polars holds it, with the features of on-demand views."""
        if not self.on_demand_feature_views:
            return self.compute()
        table = pl.from_arrow(self.to_arrow())
        assert isinstance(table, pl.DataFrame)
        return table

    def _to_arrow_internal(self, timeout: int | None = None) -> pa.Table:
        return arrow.table(self.compute())

    def _to_df_internal(self, timeout: int | None = None) -> pd.DataFrame:
        return self._to_arrow_internal().to_pandas()

    @property
    def full_feature_names(self) -> bool:
        return self._full_feature_names

    @property
    def on_demand_feature_views(self) -> list[OnDemandFeatureView]:
        return self._on_demand_feature_views

    @property
    def metadata(self) -> RetrievalMetadata | None:
        return self._metadata

    def persist(
        self,
        storage: SavedDatasetStorage,
        allow_overwrite: bool = False,
        timeout: int | None = None,
    ) -> None:
        """Write the table to a Parquet file, or to a file in a folder.

        Raises:
            DataError: the storage is not of local Parquet files, or is there already.
        """
        if not isinstance(storage, SavedDatasetFileStorage):
            kind = type(storage).__name__
            raise DataError(f"A saved dataset cannot go to {kind}.", "use SavedDatasetFileStorage.")
        source = plans.file_source(storage.to_data_source(), "the saved dataset")
        path = files.resolve(source.path, self.config.repo_path)
        writing.save(self.to_arrow(), path, allow_overwrite)

    def to_sql(self) -> str:
        """Raise Unsupported: there is no SQL.

        Raises:
            Unsupported: always.
        """
        raise Unsupported(
            "PolarsOfflineStore joins without SQL.",
            "take the table itself: to_df(), to_arrow() or to_polars().",
        )

    def to_remote_storage(self) -> list[str]:
        """Raise Unsupported: an engine elsewhere cannot be given the table.

        Raises:
            Unsupported: always.
        """
        raise Unsupported(
            "PolarsOfflineStore writes tables to no remote storage.",
            "set batch_engine to local in feature_store.yaml, or persist() the table.",
        )
