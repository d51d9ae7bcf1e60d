"""Say whether the process of this container does its work: exit 0 if so. For health checks.

health.py url http://127.0.0.1:8080/api/v2/version ...
health.py airflow scheduler
health.py worker
health.py model
health.py follower
"""

import json
import os
import socket
import sys
import time
import urllib.request
from pathlib import Path

API = "http://api-server:8080/api/v2/monitor/health"


def main(kind: str, *names: str) -> bool:
    """One check, without importing Airflow: `airflow jobs check` costs seconds of a core."""
    if kind == "url":
        return all(answers(url) for url in names)
    if kind == "airflow":
        return beats(names[0])
    if kind == "model":
        return Path("/tmp/waiting-for-a-model").exists() or answers("http://127.0.0.1:3000/readyz")
    if kind == "follower":
        return time.time() - Path("/live/lock").stat().st_mtime < 60
    return listens()


def answers(url: str) -> bool:
    """Whether the URL answers with success."""
    with urllib.request.urlopen(url, timeout=5) as answer:
        return 200 <= int(answer.status) < 300


def beats(part: str) -> bool:
    """Whether Airflow's API knows of a recent heartbeat of one of its parts."""
    with urllib.request.urlopen(API, timeout=5) as answer:
        return bool(json.load(answer)[part]["status"] == "healthy")


def listens() -> bool:
    """Whether the Celery worker of this container answers a ping over the broker."""
    from celery import Celery

    app = Celery(broker=os.environ["AIRFLOW__CELERY__BROKER_URL"])
    host = f"celery@{socket.gethostname()}"
    return bool(app.control.ping(destination=[host], timeout=5, limit=1))


if __name__ == "__main__":
    try:
        raise SystemExit(0 if main(*sys.argv[1:]) else 1)
    except (OSError, KeyError) as error:
        print(error, file=sys.stderr)
        raise SystemExit(1) from None
