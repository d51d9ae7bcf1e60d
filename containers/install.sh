#!/bin/sh
# Install parts of the lock into /opt/leeway: install.sh cpu|gpu|kept PART ...
# cpu and gpu choose the build of torch; kept leaves the one that is there.
# /inputs holds a PART.txt each and the lock, and in closed networks ca-bundle.crt and wheels.
set -eu
torch=$1
shift
for part; do
  set -- "$@" -r "/inputs/$part.txt"
  shift
done
if [ -f /inputs/ca-bundle.crt ]; then
  export SSL_CERT_FILE=/inputs/ca-bundle.crt PIP_CERT=/inputs/ca-bundle.crt
fi
python3 -m venv /tmp/uv
/tmp/uv/bin/pip install --quiet --no-cache-dir --disable-pip-version-check uv==0.13.9
[ -x /opt/leeway/bin/python ] || python3 -m venv --without-pip /opt/leeway
# From the public index, torch comes with CUDA: a machine without a GPU takes the build without.
# Its CUDA libraries are those that torch itself pins.
if [ "$torch" = cpu ] && ! ls /inputs/torch-*.whl >/dev/null 2>&1; then
  export UV_TORCH_BACKEND=cpu
fi
UV_LINK_MODE=copy /tmp/uv/bin/uv pip install --quiet --python /opt/leeway --compile-bytecode \
  --find-links /inputs --constraint /inputs/requirements.lock "$@"
# XGBoost opens this library only to train on several GPUs. Its metadata stays: the lock names it.
if [ "$torch" = cpu ]; then
  rm -rf /opt/leeway/lib/python3.11/site-packages/nvidia/nccl/lib
fi
# A stage runs in an image of its own lock only: see include/pipeline/child.py.
sha256sum /inputs/requirements.lock | cut -c1-64 > /opt/leeway/lock.sha256
rm -rf /tmp/uv /tmp/uv-*.lock
