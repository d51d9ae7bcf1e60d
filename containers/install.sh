#!/bin/sh
# Install /inputs/environments into /opt/leeway: install.sh cpu|gpu|kept
# cpu and gpu choose the build of torch; kept leaves the one that is there.
# In closed networks, /inputs holds ca-bundle.crt and wheels as well.
set -eu
torch=$1
cd /inputs
set --
for file in environments/*.txt; do
  set -- "$@" -r "$file"
done
if [ -f ca-bundle.crt ]; then
  export SSL_CERT_FILE=/inputs/ca-bundle.crt PIP_CERT=/inputs/ca-bundle.crt
fi
python3 -m venv /tmp/uv
/tmp/uv/bin/pip install --quiet --no-cache-dir --disable-pip-version-check uv==0.13.9
[ -x /opt/leeway/bin/python ] || python3 -m venv --without-pip /opt/leeway
# From the public index, torch comes with CUDA: a machine without a GPU takes the build without.
# Its CUDA libraries are those that torch itself pins.
if [ "$torch" = cpu ] && ! ls torch-*.whl >/dev/null 2>&1; then
  export UV_TORCH_BACKEND=cpu
fi
UV_LINK_MODE=copy /tmp/uv/bin/uv pip install --quiet --python /opt/leeway --compile-bytecode \
  --find-links /inputs "$@"
# XGBoost opens this library only to train on several GPUs. Its metadata stays: the files name it.
if [ "$torch" = cpu ]; then
  rm -rf /opt/leeway/lib/python3.11/site-packages/nvidia/nccl/lib
fi
# A stage runs where its environment is installed only: see include/pipeline/child/reproducing.py.
# What an image below this one installed is still there.
note=/opt/leeway/environments.sha256
touch $note
sha256sum environments/*.txt | sort -u -k 2 -o $note - $note
rm -rf /tmp/uv /tmp/uv-*.lock
