"""A model as a service: rows in, probabilities of one outcome out, and the numbers of /metrics."""

import asyncio
import gc
import os
from collections.abc import Callable, Mapping
from pathlib import Path

import bentoml
import numpy as np
from bentoml._internal.utils.analytics import usage_stats
from numpy.typing import NDArray

from include.errors import PlatformError
from include.serving import openapi
from include.serving.batch import Batch
from include.serving.clock import start_clock
from include.serving.counts import Counts, reserve_room
from include.serving.following import Following, check_model, name_of
from include.serving.gate import read_token
from include.serving.live import Live
from include.serving.manifest import log
from include.serving.record import Record
from include.serving.request import Answered, Asked
from include.serving.rows import unknown_values
from include.serving.served import SAME_PACKAGES, Model, Read
from include.serving.shadow import Shadow

# BentoML reports each start to its maker unless it is told not to, and has asked by now.
os.environ["BENTOML_DO_NOT_TRACK"] = "true"
usage_stats.do_not_track.cache_clear()

# From this many rows on, a prediction leaves the event loop, so that health checks are answered.
MANY_ROWS = 200


class Answers:
    """A packaged model that answers requests: the base of the class that BentoML runs.

    Args:
        own: the folder of the model that came with the code. Another one answers if the file that
            says what is live names one: see following.py.
        read: makes a model of such a folder.
        outcome: what a row is called from the probability on that the manifest holds as
            `OUTCOME_from_probability`.

    Raises:
        PlatformError: there is no model, or the log of predictions cannot be written.
    """

    def __init__(self, own: Path, read: Read, outcome: str) -> None:
        self.outcome, self.limit = outcome, f"{outcome}_from_probability"
        self.now = start_clock()
        self.counts, self.record = Counts(outcome), Record()
        self.following = Following(own, read, self.counts)
        self.shadow = Shadow(self.record.write, self.counts)
        self.following.start()
        champion = self.live.champion
        if champion.fault:
            log.error("%s\n  Next: %s", champion.fault, SAME_PACKAGES)
        else:
            members = champion.manifest["members"]
            log.info("%s is ready, with the members %s", name_of(champion), members)
        if bentoml.server_context.worker_index is not None:
            reserve_room()
            settle()

    @property
    def live(self) -> Live:
        """Who answers now. A request takes the pair once, and keeps it."""
        return self.following.live

    def __is_ready__(self) -> bool:
        return not self.live.champion.fault

    def schema(self) -> dict[str, object]:
        """What to send, and who answers."""
        champion = self.live.champion
        shown = ("name", "version", "members", self.limit, "max_rows", "features")
        about = {key: champion.manifest[key] for key in shown}
        return {**about, "registered": champion.registered or None}

    def openapi(self) -> dict[str, object]:
        """What to send to which path, as OpenAPI."""
        about = self.live.champion.manifest
        name, version = str(about["name"]), str(about["version"])
        return openapi.document(name, version, self.outcome, self.bodies())

    def bodies(self) -> dict[str, Mapping[str, object]]:
        """Each path that answers rows, and the JSON schema of what it takes."""
        return {"/predict/features": self.live.champion.rows.adapter.json_schema()}

    async def read_features(self, live: Live, request_id: str, body: bytes) -> Asked:
        """A request that brings its features with it.

        Raises:
            DataError: the body is not a list of rows with every feature.
        """
        return Asked(request_id, "features", body, live.champion.rows.read(body), self.now())

    async def reply(self, live: Live, asked: Asked) -> tuple[dict[str, object], Answered]:
        """The reply to a request, and what the challenger is asked once it has gone out.

        Raises:
            NotLogged: the answer cannot be put on record.
        """
        champion = live.champion
        probabilities = await self.predict(champion.model, asked.batch)
        answered = Answered(asked, "champion", champion, probabilities)
        self.record.write(answered)
        limit = champion.manifest[self.limit]
        reached = probabilities >= limit
        unknown = {**unknown_values(asked.batch.categories, champion.levels), **asked.unknown}
        self.counts.rows(int(reached.sum()), len(reached), unknown)
        predictions: list[dict[str, object]] = [
            {"probability": value, self.outcome: is_so}
            for value, is_so in zip(probabilities.tolist(), reached.tolist(), strict=True)
        ]
        for prediction, note in zip(predictions, asked.notes or (), strict=False):
            prediction.update(note)
        reply: dict[str, object] = {
            "request_id": asked.request_id,
            "model": champion.version,
            "registered": champion.registered or None,
            self.limit: limit,
            "predictions": predictions,
            "unknown_values": unknown,
        }
        return reply, answered

    async def predict(self, model: Model, batch: Batch) -> NDArray[np.float64]:
        """The probability of each row."""
        if batch.height >= MANY_ROWS:
            return await asyncio.to_thread(model.answer, batch)
        return model.answer(batch)

    async def after(self, live: Live, answered: Answered) -> None:
        """Let the challenger answer too, once the reply has gone out."""
        if live.challenger is not None:
            self.shadow.offer(live.challenger, answered)


def settle() -> None:
    """Let the garbage collector leave alone what is in memory by now.

    A full collection would look at all that was imported, for 300 ms in which nobody is answered; a
    swap makes one likely.
    """
    gc.collect()
    gc.freeze()


def check_start(own: Path, *parts: Callable[[], object]) -> None:
    """Stop before the first worker starts: a worker that fails is started again for ever.

    Args:
        parts: what else a worker makes when it starts.
    """
    try:
        read_token()
        start_clock()
        check_model(own)
        Record().close()
        for part in parts:
            part()
    except PlatformError as error:
        raise bentoml.exceptions.BentoMLException(str(error)) from None
