#!/bin/sh
# Takes what Apache's zkCli.sh takes: [-server HOSTS] [-timeout MS] ... [COMMAND]; bin/zk does the work.
set -eu

self=$0
while [ -L "$self" ]; do
  link=$(readlink "$self")
  case $link in
    /*) self=$link ;;
    *) self=$(dirname "$self")/$link ;;
  esac
done
exec "$(cd "$(dirname "$self")" && pwd -P)/zk" cli "$@"
