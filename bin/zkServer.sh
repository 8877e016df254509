#!/bin/sh
# Takes what Apache's zkServer.sh takes: [--config DIR] VERB [CFG]; bin/zk does the work.
set -eu

self=$0
while [ -L "$self" ]; do
  link=$(readlink "$self")
  case $link in
    /*) self=$link ;;
    *) self=$(dirname "$self")/$link ;;
  esac
done
bin=$(cd "$(dirname "$self")" && pwd -P)

# Without a file conf/zoo.cfg beside this script is meant, and its relative directories with it.
if [ $# -lt 2 ] && [ "${1:-}" != init ] && [ -z "${ZOOCFGDIR:-}" ]; then
  cd "$bin/.."
fi
exec "$bin/zk" server "$@"
