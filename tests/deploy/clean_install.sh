#!/usr/bin/env bash
# Run as root in a container that has nothing but Debian's base, systemd as its first process, and /packages: takes the README's path of the
# packages, looks at the sandbox, kills, upgrades and stops the daemons, builds the example against the library in both ways, removes everything.
# Fails at the first thing that is not as it should be.
set -euo pipefail
export DEBIAN_FRONTEND=noninteractive

say() { printf '== %s\n' "$*"; }
fail() {
  echo "clean install: $*" >&2
  tail -n 20 /tmp/*.log >&2 || true
  journalctl --no-pager --lines 40 -u cairn-namenode -u cairn-datanode >&2 || true
  exit 1
}
install() { apt-get install -y -qq --no-install-recommends "$@" > /tmp/install.log 2>&1 || fail "apt-get install $*"; }
property() { systemctl show --property "$2" --value "cairn-$1"; }  # DAEMON PROPERTY
dfs() { sudo -u cairn HADOOP_CONF_DIR=/etc/cairn dfs -D dfs.replication=1 "$@"; }
await_cluster() { dfs admin wait --datanodes 1 --timeout 120 || fail "the cluster is not ready"; }
check_file() { dfs cat /program | cmp - /usr/bin/namenode || fail "other bytes came back"; }

say "install"
install /packages/*.deb
[ "$(id -un cairn):$(stat -c %U:%a /var/lib/cairn)" = cairn:cairn:750 ] || fail "the account or its directory"

say "format and start"
printf '%s\n' CAIRN_CONF_dfs_client_read_shortcircuit=true CAIRN_CONF_dfs_domain_socket_path=/var/run/cairn/dn._PORT > /etc/default/cairn-datanode
sudo -u cairn HADOOP_CONF_DIR=/etc/cairn namenode -format -nonInteractive > /tmp/format.log 2>&1 || fail "namenode -format"
systemctl enable --now cairn-namenode cairn-datanode || fail "systemctl enable --now"
await_cluster
dfs put /usr/bin/namenode /program
check_file
[ -S /run/cairn/dn.9866 ] || fail "no socket for short-circuit reads"

say "the sandbox"
for daemon in namenode datanode; do
  pid=$(property "$daemon" MainPID)
  [ "$(stat -c %U "/proc/$pid")" = cairn ] || fail "the $daemon runs as $(stat -c %U "/proc/$pid")"
  for line in 'NoNewPrivs:\s1' 'Seccomp:\s2' 'CapBnd:\s0000000000000000' 'CapEff:\s0000000000000000'; do
    grep -Pq "^$line\$" "/proc/$pid/status" || fail "the $daemon: $(grep "^${line%%:*}:" "/proc/$pid/status")"
  done
  for folder in /usr /etc /var /root; do
    ! touch "/proc/$pid/root$folder/written" 2> /dev/null || fail "$folder can be written where the $daemon runs"
  done
  # 10 is no sandbox at all, 0 nothing but computing.
  systemd-analyze verify "/usr/lib/systemd/system/cairn-$daemon.service" || fail "cairn-$daemon.service"
  systemd-analyze security --offline=true --no-pager --threshold=25 "/usr/lib/systemd/system/cairn-$daemon.service" | tail -n 1
done

say "a daemon that is killed comes back"
for daemon in namenode datanode; do
  before=$(property "$daemon" MainPID)
  kill -KILL "$before"
  for _ in $(seq 60); do
    [ "$(property "$daemon" NRestarts):$(property "$daemon" ActiveState)" != 1:active ] || break
    sleep 0.5
  done
  [ "$(property "$daemon" NRestarts)" = 1 ] || fail "the $daemon was not started again"
done
await_cluster
check_file

say "an upgrade restarts the daemons"
before=$(property namenode MainPID):$(property datanode MainPID)
apt-get install -y -qq --reinstall /packages/*.deb > /tmp/install.log 2>&1 || fail "apt-get install --reinstall"
[ "${before%:*}" != "$(property namenode MainPID)" ] || fail "the NameNode is the old one"
[ "${before#*:}" != "$(property datanode MainPID)" ] || fail "the DataNode is the old one"
await_cluster
check_file

say "build against the library"
install cmake g++ make pkg-config
cmake -S /usr/share/cairn/examples/wordcount -B /tmp/example > /tmp/example.log
cmake --build /tmp/example >> /tmp/example.log 2>&1 || fail "the example with find_package"
sources=/usr/share/cairn/examples/wordcount
# shellcheck disable=SC2046
g++ -std=c++20 -I "$sources" "$sources"/client/examples/*.cc $(pkg-config --cflags --libs cairn fmt) -o /tmp/wordcount \
  > /tmp/pkg-config.log 2>&1 || fail "the example with pkg-config"
dfs put /usr/share/doc/cairn-client/copyright /text
words=$(wc -w < /usr/share/doc/cairn-client/copyright)
for program in /tmp/example/wordcount /tmp/wordcount; do
  HADOOP_CONF_DIR=/etc/cairn sudo -E -u cairn "$program" /text | grep -qx "words: $words" || fail "$program counts other words"
done

say "stop"
for daemon in datanode namenode; do
  systemctl stop "cairn-$daemon"
  # Result is "success" for a clean exit only: not for one that SIGKILL had to end.
  [ "$(property "$daemon" Result):$(property "$daemon" ExecMainStatus)" = success:0 ] ||
    fail "the $daemon ended with $(property "$daemon" Result), status $(property "$daemon" ExecMainStatus)"
done

say "remove"
apt-get purge -y -qq cairn-namenode cairn-datanode cairn-client libcairn-dev > /tmp/install.log 2>&1 || fail "apt-get purge"
[ ! -e /etc/cairn ] || fail "/etc/cairn is left"
[ -n "$(ls -A /var/lib/cairn/dfs/name)" ] || fail "the data is gone"
say "done"
