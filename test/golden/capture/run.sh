#!/bin/bash
# Makes the files of test/golden again from Apache ZooKeeper 3.8.0 (Debian's zookeeper packages).
#
#   run.sh [records|conversations|data|state|damaged|rawFrames|cli|words|elections]...   all of them without an argument
#
# Needs a JDK, the jars in JAVA_SHARE (/usr/share/java), python3, and Debian's python3-kazoo.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
golden=$(dirname "$here")
share=${JAVA_SHARE:-/usr/share/java}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

jars=
for name in zookeeper zookeeper-jute slf4j-api slf4j-log4j12 log4j-1.2 netty-buffer netty-common \
    netty-transport netty-handler netty-codec commons-cli snappy-java metrics-core; do
    jars+=:$share/$name.jar
done

cat >"$work/log4j.properties" <<'LOG'
log4j.rootLogger=ERROR, E
log4j.appender.E=org.apache.log4j.ConsoleAppender
log4j.appender.E.Target=System.err
log4j.appender.E.layout=org.apache.log4j.PatternLayout
log4j.appender.E.layout.ConversionPattern=%-5p %C{1} %m%n
LOG

echo log4j.rootLogger=OFF >"$work/quiet.properties"

export CAPTURE_CLASSPATH=$work$jars CAPTURE_SOURCE=$here CAPTURE_JLINE=$share/jline2.jar:$share/jansi1.jar
export PYTHONDONTWRITEBYTECODE=1 CAPTURE_QUIET=file:$work/quiet.properties
javac -nowarn -d "$work" -cp "$CAPTURE_CLASSPATH" "$here"/*.java
java_main() { java -XX:TieredStopAtLevel=1 -XX:+UseSerialGC -cp "$CAPTURE_CLASSPATH" "$@"; }

records() { java_main capture.Records "$share/zookeeper-jute.jar" "$golden/records.json"; }
conversations() { java_main capture.Conversations "$golden" ${CAPTURE_ONLY:-}; }
data() { java_main capture.Data "$golden" ${CAPTURE_ONLY:-}; }
state() { java_main capture.States "$golden/state.json"; }
damaged() { java_main capture.Damaged "$golden"; }
rawFrames() { python3 "$here/rawFrames.py" "$golden/rawFrames.json"; }
cli() { python3 "$here/cli.py" "$golden/cli"; }
elections() { java_main capture.Elections "$golden/elections.json"; }
words() { python3 "$here/words.py" "$golden/words.json"; }
quorum() { ${CAPTURE_PYTHON:-/usr/bin/python3} "$here/quorum.py" "$golden/quorum"; }

[ $# -gt 0 ] || set -- records conversations data state damaged rawFrames cli words elections
for part in "$@"; do
    echo "$part" >&2
    "$part"
done
