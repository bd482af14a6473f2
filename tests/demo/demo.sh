#!/usr/bin/env bash
# What Cairn promises, shown on one machine in under a minute: a NameNode and four DataNodes as separate processes store a file three times over,
# lose a DataNode, repair what it held, restart the NameNode after a SIGKILL, and give every byte back. Exits non-zero when a claim is false.
# usage: demo.sh BIN_DIR [MEGABYTES]
set -euo pipefail

bin=$(cd "$1" && pwd)
megabytes=${2:-320}
dir=$(mktemp -d "${TMPDIR:-/tmp}/cairn-demo-XXXXXX")
declare -A pids=()

say() { printf '\n\033[1m== %s\033[0m\n' "$*"; }
fail() { echo "demo: FALSE: $*" >&2; tail -n 20 "$dir"/*.log >&2 || true; exit 1; }
cleanup() {
  for name in "${!pids[@]}"; do kill "${pids[$name]}" 2>/dev/null || true; done
  wait 2>/dev/null || true
  rm -rf "$dir"
}
trap cleanup EXIT

free_ports() {  # COUNT: so many different free ports, one a line
  python3 - "$1" <<'PY'
import socket, sys
sockets = [socket.socket() for _ in range(int(sys.argv[1]))]
for s in sockets:
    s.bind(("127.0.0.1", 0))
for s in sockets:
    print(s.getsockname()[1])
PY
}
mapfile -t ports < <(free_ports 6)
common=(-D "fs.defaultFS=hdfs://127.0.0.1:${ports[0]}" -D "cairn.namenode.grpc-address=127.0.0.1:${ports[1]}"
        -D dfs.namenode.http-address=127.0.0.1:0 -D dfs.heartbeat.interval=1 -D dfs.namenode.heartbeat.recheck-interval=500
        -D dfs.namenode.redundancy.interval.seconds=1 -D dfs.namenode.safemode.extension=1000
        -D dfs.namenode.stale.datanode.interval=3000)
dfs() { "$bin/dfs" "${common[@]}" "$@"; }

start_namenode() {
  "$bin/namenode" "${common[@]}" -D "dfs.namenode.name.dir=$dir/name" >> "$dir/namenode.log" 2>&1 &
  pids[namenode]=$!
}
start_datanode() {  # INDEX
  "$bin/datanode" "${common[@]}" -D "dfs.datanode.data.dir=$dir/data$1" -D "dfs.datanode.address=127.0.0.1:${ports[$(($1 + 1))]}" \
    -D dfs.datanode.ipc.address=127.0.0.1:0 -D dfs.datanode.http.address=127.0.0.1:0 >> "$dir/datanode$1.log" 2>&1 &
  pids[datanode$1]=$!
}
kill_hard() {  # NAME
  kill -9 "${pids[$1]}"
  wait "${pids[$1]}" 2>/dev/null || true
  unset "pids[$1]"
}
# Block lines of fsck: "0. BP-…:blk_… len=… Live_repl=3  [DatanodeInfoWithStorage[127.0.0.1:PORT,…], …]"
blocks() { dfs fsck /demo/text.txt -files -blocks -locations 2>> "$dir/fsck.log" | grep -E '^[0-9]+\. '; }

say "One NameNode and four DataNodes"
"$bin/namenode" "${common[@]}" -D "dfs.namenode.name.dir=$dir/name" -format -nonInteractive >> "$dir/namenode.log" 2>&1 || fail "formatting"
start_namenode
for i in 1 2 3 4; do start_datanode "$i"; done
dfs admin wait --datanodes 4 --timeout 30 || fail "four DataNodes are live"

say "A text file of $megabytes MB, three replicas of each 64 MB block"
lines=$((megabytes * 1000000 / 66))
seq -f 'line %09.0f: a cairn is a pile of stones that marks the way ok' 1 "$lines" > "$dir/text.txt"
size=$(stat -c %s "$dir/text.txt")
[ "$size" -ge 300000000 ] || [ "$megabytes" -lt 300 ] || fail "the file has 300 MB, it has $size bytes"
sum=$(sha256sum < "$dir/text.txt")
dfs mkdir -p /demo
begin=$(date +%s%N)
dfs -D dfs.replication=3 -D dfs.blocksize=67108864 put "$dir/text.txt" /demo/text.txt
echo "stored $((size / 1000000)) MB three times in $((($(date +%s%N) - begin) / 1000000)) ms"

say "Which DataNode holds which block"
blocks | tee "$dir/blocks"
[ "$(wc -l < "$dir/blocks")" -ge 2 ] || [ "$megabytes" -lt 128 ] || fail "the file has several blocks"
grep -vq 'Live_repl=3' "$dir/blocks" && fail "every block has three live replicas"

say "SIGKILL to a DataNode that holds replicas"
victim_port=$(grep -oE '127\.0\.0\.1:[0-9]+' "$dir/blocks" | head -n 1 | cut -d: -f2)
for i in 1 2 3 4; do [ "${ports[$((i + 1))]}" != "$victim_port" ] || victim=$i; done
held=$(grep -c ":$victim_port," "$dir/blocks")
kill_hard "datanode$victim"
echo "datanode$victim (port $victim_port) is gone; it held replicas of $held blocks"
[ "$(dfs cat /demo/text.txt | sha256sum)" = "$sum" ] || fail "reads go on without it"
echo "the file was read meanwhile: same SHA-256"

say "The blocks go back to three live replicas"
begin=$(date +%s%N)
until blocks > "$dir/blocks" && ! grep -vq 'Live_repl=3' "$dir/blocks" && ! grep -q ":$victim_port," "$dir/blocks"; do
  [ $((($(date +%s%N) - begin) / 1000000000)) -lt 30 ] || { cat "$dir/blocks"; fail "re-replicated within 30 s"; }
  sleep 0.2
done
cat "$dir/blocks"
echo "re-replicated in $((($(date +%s%N) - begin) / 1000000)) ms, the time to declare the DataNode dead included"

say "SIGKILL to the NameNode, restart, read back"
kill_hard namenode
begin=$(date +%s%N)
start_namenode
dfs admin wait --datanodes 3 --timeout 30 || fail "the NameNode is back"
echo "back and out of safe mode after $((($(date +%s%N) - begin) / 1000000)) ms"
dfs get /demo/text.txt "$dir/back.txt"
[ "$(sha256sum < "$dir/back.txt")" = "$sum" ] || fail "the file read back has the same SHA-256"
echo "same SHA-256: ${sum%% *}"

say "Its words, counted in parallel through the client library"
"$bin/wordcount" "${common[@]}" /demo/text.txt | tee "$dir/words"
counted=$(awk '$1 == "words:" {print $2}' "$dir/words")
[ "$counted" = "$((lines * 14))" ] || fail "counted $counted words, the file has $((lines * 14))"

say "Stopping"
for name in "${!pids[@]}"; do
  kill "${pids[$name]}"
  wait "${pids[$name]}" || fail "$name stops cleanly"
  unset "pids[$name]"
done
echo "demo: everything above was checked and is true"
