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
# Node takes hang-ups anew, also where nohup has turned them off: the server is told about that.
if { sh -c 'kill -s HUP $$'; } 2>/dev/null; then
  ZK_NOHUP=1
  export ZK_NOHUP
fi
exec "$bin/zk" server "$@"
