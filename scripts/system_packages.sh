#!/bin/sh
# The tests drive a real browser, a real Spark and a real token: three programs from Debian's packages.
set -eu
missing=""
command -v chromium >/dev/null 2>&1 || missing="$missing chromium libatomic1"
java -version 2>&1 | grep -q 'version "17' || missing="$missing openjdk-17-jre-headless"
[ -e /usr/lib/softhsm/libsofthsm2.so ] || missing="$missing softhsm2"
[ -z "$missing" ] && exit 0
if [ "$(id -u)" = 0 ]; then
    apt-get update -qq
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $missing >/dev/null
else
    echo "The tests need$missing. Install them once with:"
    echo "    sudo apt-get install --no-install-recommends$missing"
    exit 1
fi
