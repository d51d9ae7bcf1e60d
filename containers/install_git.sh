#!/bin/sh
# Install git, and leave nothing of the package manager.
set -eu
if [ -f /inputs/ca-bundle.crt ]; then
  set -- -o Acquire::https::CAInfo=/inputs/ca-bundle.crt
fi
apt-get "$@" update -qq
apt-get "$@" install -y -qq --no-install-recommends git
rm -rf /var/lib/apt/lists/* /var/cache/apt/*.bin /var/log/apt /var/log/dpkg.log
