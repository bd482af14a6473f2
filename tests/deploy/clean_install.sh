#!/usr/bin/env bash
# Run as root in a container that has nothing but Debian's base and /packages: installs them, does what the units say, stores a file, builds the
# example against the library in both ways, stops, removes. Fails at the first thing that is not as it should be.
set -euo pipefail
export DEBIAN_FRONTEND=noninteractive

say() { printf '== %s\n' "$*"; }
fail() { echo "clean install: $*" >&2; tail -n 20 /tmp/*.log >&2 || true; exit 1; }

say "install"
apt-get update -qq
apt-get install -y -qq --no-install-recommends /packages/*.deb > /tmp/install.log 2>&1 || fail "apt-get install"
[ "$(id -un cairn):$(stat -c %U:%a /var/lib/cairn)" = cairn:cairn:750 ] || fail "the account or its directory"

say "run what the units say"
# As systemd does: the unit's Environment and ExecStart, as its User.
run_unit() {  # NAME [ARGUMENT…]
  local unit=/usr/lib/systemd/system/cairn-$1.service name=$1
  shift
  local user command environment
  user=$(sed -n 's/^User=//p' "$unit")
  command=$(sed -n 's/^ExecStart=//p' "$unit")
  environment=$(sed -n 's/^Environment=//p' "$unit")
  cd /
  exec setpriv --reuid="$user" --regid="$user" --init-groups env "$environment" "$command" "$@" > "/tmp/$name.log" 2>&1
}
export HADOOP_CONF_DIR=/etc/cairn
(run_unit namenode -format -nonInteractive) || fail "formatting"
(run_unit namenode) & namenode=$!
(run_unit datanode) & datanode=$!
dfs admin wait --datanodes 1 --timeout 120 || fail "the cluster is not ready"

say "store a file"
dfs() { setpriv --reuid=cairn --regid=cairn --init-groups dfs "$@"; }
dfs -D dfs.replication=1 put /usr/bin/namenode /program
dfs cat /program | cmp - /usr/bin/namenode || fail "other bytes came back"

say "build against the library"
apt-get install -y -qq --no-install-recommends cmake g++ make pkg-config > /tmp/install.log 2>&1 || fail "apt-get install"
cmake -S /usr/share/cairn/examples/wordcount -B /tmp/example > /tmp/example.log
cmake --build /tmp/example >> /tmp/example.log 2>&1 || fail "the example with find_package"
sources=/usr/share/cairn/examples/wordcount
# shellcheck disable=SC2046
g++ -std=c++20 -I "$sources" "$sources"/client/examples/*.cc $(pkg-config --cflags --libs cairn fmt) -o /tmp/wordcount \
  > /tmp/pkg-config.log 2>&1 || fail "the example with pkg-config"
dfs -D dfs.replication=1 put /usr/share/doc/cairn-client/copyright /text
words=$(wc -w < /usr/share/doc/cairn-client/copyright)
for program in /tmp/example/wordcount /tmp/wordcount; do
  "$program" /text | grep -qx "words: $words" || fail "$program counts other words"
done

say "stop"
kill -TERM "$datanode" && wait "$datanode" || fail "the DataNode ended with $?"
kill -TERM "$namenode" && wait "$namenode" || fail "the NameNode ended with $?"

say "what systemd says of the units"
apt-get install -y -qq --no-install-recommends systemd > /tmp/install.log 2>&1 || fail "apt-get install"
for daemon in namenode datanode; do
  systemd-analyze verify "/usr/lib/systemd/system/cairn-$daemon.service" || fail "cairn-$daemon.service"
  # 10 is no sandbox at all, 0 nothing but computing.
  systemd-analyze security --offline=true --no-pager --threshold=25 "/usr/lib/systemd/system/cairn-$daemon.service" | tail -n 1
done

say "remove"
apt-get purge -y -qq cairn-namenode cairn-datanode cairn-client libcairn-dev > /tmp/install.log 2>&1 || fail "apt-get purge"
[ ! -e /etc/cairn ] || fail "/etc/cairn is left"
[ -n "$(ls -A /var/lib/cairn/dfs/name)" ] || fail "the data is gone"
say "done"
