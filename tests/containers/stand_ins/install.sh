#!/bin/sh
# Install Debian packages.
set -eu
packages=$*
set --
if [ -f /inputs/ca-bundle.crt ]; then
  set -- -o Acquire::https::CAInfo=/inputs/ca-bundle.crt
fi
export DEBIAN_FRONTEND=noninteractive
apt-get "$@" update -qq
apt-get "$@" install -y -qq --no-install-recommends $packages
rm -rf /var/lib/apt/lists/*
