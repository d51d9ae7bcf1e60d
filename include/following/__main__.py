"""Follow the registry for servers elsewhere: `python -m include.following --live FOLDER`.

FOLDER is one that the workers of a server read, as LEEWAY_SERVE_LIVE names it to them. What is
live is unpacked there within seconds of a promotion, and `live.json` says which it is.
"""

import argparse
import sys
import time
from pathlib import Path

from include.errors import PlatformError
from include.following.follower import alone
from include.following.words import add_to, ended_by_signals, follower_of

EVERY_S = 1.0


def main(argv: list[str] | None = None) -> int:
    """Follow until told to stop; 1 if there is nothing to follow."""
    parser = argparse.ArgumentParser(prog="python -m include.following", description=__doc__)
    add_to(parser)
    parser.add_argument("--live", type=Path, required=True, help="the folder that workers read")
    words = parser.parse_args(argv)
    try:
        with ended_by_signals(), alone(words.live):
            follower = follower_of(words, words.live)
            while True:
                follower.follow()
                time.sleep(EVERY_S)
    except PlatformError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
