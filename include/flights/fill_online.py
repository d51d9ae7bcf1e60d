"""An online store as it was at some moment of the data: `python -m include.flights.fill_online`.

The stage materialize_features fills the store to the end of the window, after which this data knows
no schedule. To try the service on flights of the past, its clock is set back, and its store is
filled to the same moment.
"""

import argparse
import sys
from pathlib import Path

from include import step
from include.errors import PlatformError
from include.flights.materialize_features import Params, fill_up_to
from include.serving.clock import read_time


def main(argv: list[str]) -> int:
    """Fill the store; 1 if it cannot be filled."""
    parser = argparse.ArgumentParser(
        prog="python -m include.flights.fill_online", description=__doc__
    )
    parser.add_argument("--at", required=True, help="a time with a zone: 2013-12-31T12:00-05:00")
    parser.add_argument("--online", type=Path, required=True, help="folder of the store")
    parser.add_argument("--feature-repo", type=Path, default=Path("feature_repo"))
    parser.add_argument("--feature-views", type=Path, default=Path("data/feature_views"))
    given = parser.parse_args(argv)
    try:
        step.check_inputs({"feature_views": given.feature_views})
        # Never Redis, which may be that of the service for real.
        held = step.read_params("materialize_features", Params)
        params = held.model_copy(update={"online_store": "sqlite"})
        fill_up_to(
            read_time(given.at), given.feature_repo, given.feature_views, given.online, params
        )
    except PlatformError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
