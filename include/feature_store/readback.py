"""Read an entity of each view as its readers do, before the online store counts as filled."""

from datetime import datetime, timedelta
from math import floor
from typing import TYPE_CHECKING, Any

import polars as pl
import polars.selectors as cs

from include.errors import PipelineError
from include.feature_store.progress import in_file, source_of

if TYPE_CHECKING:
    from feast import FeatureStore
    from feast.feature_view import FeatureView
    from feast.infra.provider import Provider

RECENT = timedelta(days=31)


def see_that_all_is_found(store: "FeatureStore", views: list["FeatureView"], end: datetime) -> None:
    """Raise PipelineError if a view's source has a row whose entity Feast does not find online."""
    from feast.infra.provider import get_provider

    reader = get_provider(store.config)  # with connections of its own
    for view in views:
        row = some_row(store, view, end)
        if row and not is_online(reader, store, view, *row):
            raise PipelineError(
                f"The online store was filled, but Feast does not find {row[0] or 'the row'} of "
                f"{view.name} in it.",
                "report it, with the versions of Feast and of this repository: it is a bug.",
            )


def some_row(
    store: "FeatureStore", view: "FeatureView", end: datetime
) -> tuple[dict[str, Any], datetime] | None:
    """The keys and the time of a row up to a time; None if there is no such row."""
    from include.feature_store import plans, sources, times

    source = source_of(view)
    keys = {key: in_file(source, key) for key in view.join_keys}
    time = in_file(source, source.timestamp_field)
    columns = list(dict.fromkeys([*keys.values(), time]))
    # Most views have a recent row: then the files of all history are not looked at.
    for first in (end - RECENT, None):
        for rows in reversed(plans.rows_between(store.config, source, columns, [time], first, end)):
            found = rows.drop_nulls().head(1).with_columns(times.to_utc(rows, time, view.name))
            found = found.with_columns(cs.date().cast(pl.Datetime("us")))  # Feast asks for no date
            for row in sources.collect(found, view.name).to_dicts():
                return {key: row[name] for key, name in keys.items()}, row[time]
    return None


def is_online(
    reader: "Provider",
    store: "FeatureStore",
    view: "FeatureView",
    entity: dict[str, Any],
    time: datetime,
) -> bool:
    """Whether Feast finds an entity as of a time or later, be it with features that are null.

    `get_online_features` would do the same, but first imports every online store that Feast has.
    """
    from feast import ValueType
    from feast.feature_view import DUMMY_ENTITY_ID, DUMMY_ENTITY_VAL
    from feast.protos.feast.types.EntityKey_pb2 import EntityKey
    from feast.type_map import python_values_to_proto_values

    kinds = {column.name: column.dtype.to_value_type() for column in view.entity_columns}
    kinds[DUMMY_ENTITY_ID] = ValueType.STRING
    entity = entity or {DUMMY_ENTITY_ID: DUMMY_ENTITY_VAL}
    values = [python_values_to_proto_values([v], kinds[key])[0] for key, v in entity.items()]
    key = EntityKey(join_keys=list(entity), entity_values=values)
    names = [feature.name for feature in view.features]
    ((as_of, found),) = reader.online_read(store.config, view, [key], names)
    return bool(found) and as_of is not None and as_of.timestamp() >= floor(time.timestamp())
