"""Entities, views and the feature service, made from include/flights/columns.py."""

from feast import Entity, FeatureService, FeatureView, Field, FileSource, ValueType
from feast.types import Float32, Float64

from include.flights.columns import VIEWS, kept

TYPES = {"Float32": Float32, "Float64": Float64}
KEYS = sorted({key for view in VIEWS.values() for key in view.keys})
NUMBERS = ("flight", "dep_minute")
ENTITIES = {
    key: Entity(
        name=key,
        join_keys=[key],
        value_type=ValueType.INT32 if key in NUMBERS else ValueType.STRING,
    )
    for key in KEYS
}

FEATURE_VIEWS = [
    FeatureView(
        name=name,
        entities=[ENTITIES[key] for key in view.keys],
        ttl=view.ttl,
        schema=[
            Field(
                name=kept(column)[0],
                dtype=TYPES[str(kept(column)[1])],
                description=meaning,
                tags={"unit": unit},
            )
            for column, unit, meaning, *_ in view.rows
        ],
        online=view.online,
        source=FileSource(
            name=f"{name}_source",
            path=f"../data/feature_views/{name}",
            timestamp_field="event_timestamp",
        ),
        description=f"Known {view.known}.",
    )
    for name, view in VIEWS.items()
]

# build_features names the version of the service that it joins. A change of columns is a new
# version beside the old one, not a change of the old one.
flight_delays_v1 = FeatureService(name="flight_delays_v1", features=FEATURE_VIEWS)

# `feast apply` finds only what has a name of its own in this module.
globals().update({made.name: made for made in [*ENTITIES.values(), *FEATURE_VIEWS]})
