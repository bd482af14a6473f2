#!/usr/bin/env python3
"""Hadoop's balancer evens out Cairn's DataNodes: blocks move to one that joined empty.

Each DataNode has a small file system of its own (a tmpfs in a namespace of its own, which needs no
root), so that what is stored is a good part of its capacity.
"""
import os
import random
import re
import signal

import harness

VOLUME_BYTES = 128 << 20
FILES = 24
FILE_BYTES = 2 << 20
BLOCK_BYTES = 1 << 20
REPLICATION = 2
THRESHOLD_PERCENT = 5
MOUNT = 'mount -t tmpfs -o size=$1,mode=700 cairn "$2" && shift 2 && exec "$@"'


class SmallVolumes(harness.Cluster):
    """A NameNode, and DataNodes that are added one by one."""

    def __init__(self, work):
        super().__init__(work, "cairn")
        self.choose_ports()
        self.settings = {
            **harness.COMMON_SETTINGS,
            "fs.defaultFS": self.uri,
            "cairn.namenode.grpc-address": f"{self.host}:{self.port + 1}",
            "dfs.namenode.http-address": self.http,
            "dfs.namenode.name.dir": os.path.join(self.directory, "name"),
        }
        self.daemons = []
        namenode = self.command("namenode", {})
        formatting = harness.start_process([*namenode, "-format", "-nonInteractive"], self.log)
        harness.check(formatting.wait() == 0, f"formatting failed:\n{harness.tail(self.log)}")
        self.start("namenode", namenode)
        self.write_client_conf()

    def command(self, program, settings):
        command = [os.path.join(harness.BUILD, "bin", program)]
        for key, value in {**self.settings, **settings}.items():
            command += ["-D", f"{key}={value}"]
        return command

    def start(self, name, command):
        log = os.path.join(self.directory, name + ".log")
        self.daemons.append((name, harness.start_process(command, log)))

    def add_datanode(self):
        name = f"datanode{len(self.daemons)}"
        volume = os.path.join(self.directory, name)
        os.makedirs(volume)
        datanode = self.command("datanode", {
            "dfs.datanode.data.dir": volume, "dfs.datanode.address": "127.0.0.1:0",
            "dfs.datanode.ipc.address": "127.0.0.1:0", "dfs.datanode.http.address": "127.0.0.1:0",
            "dfs.datanode.hostname": "localhost"})
        self.start(name, ["unshare", "--user", "--map-root-user", "--mount", "sh", "-c", MOUNT,
                          "sh", str(VOLUME_BYTES), volume, *datanode])
        self.dfs("admin", "wait", "--datanodes", str(len(self.daemons) - 1), "--timeout", "60")

    def used(self):
        """Bytes used on each DataNode, smallest first."""
        report = self.dfs("admin", "report").decode()
        live = report[report.index("Live datanodes"):]
        return sorted(int(used) for used in re.findall(r"^DFS Used: (\d+)", live, re.MULTILINE))

    def stop(self):
        for name, process in reversed(self.daemons):
            harness.stop_process(process, name, signal.SIGTERM)


def body(work, stack):
    cluster = harness.started(stack, SmallVolumes(work))
    for _ in range(REPLICATION):
        cluster.add_datanode()
    contents = {f"/f{i}": random.Random(i).randbytes(FILE_BYTES) for i in range(FILES)}
    for name, content in contents.items():
        cluster.dfs("-D", f"dfs.blocksize={BLOCK_BYTES}", "-D", f"dfs.replication={REPLICATION}",
                    "put", "-", name, text=content)
    cluster.add_datanode()
    total = REPLICATION * FILES * FILE_BYTES
    harness.wait_for(lambda: sum(cluster.used()) >= total, "the heartbeats tell what is stored")
    before = cluster.used()
    harness.check(before[0] < FILE_BYTES, f"the new DataNode is empty: {before}")

    log = os.path.join(work, "balancer.log")
    status, out = harness.run_java(
        cluster.conf, "cairn.compat.BalancerMain",
        [f"-Ddfs.blocksize={BLOCK_BYTES}", "-Ddfs.balancer.getBlocks.min-block-size=1",
         "-Ddfs.heartbeat.interval=1", "-Ddfs.namenode.redundancy.interval.seconds=1",
         "-threshold", str(THRESHOLD_PERCENT)],
        log, level="INFO", timeout_s=400)
    harness.check(status == 0 and "The cluster is balanced" in out,
                  f"the balancer ended with {status}:\n{out}\n{harness.tail(log)}")

    def even():
        used = cluster.used()
        # Replicas that have moved are still to be deleted where they came from.
        return sum(used) < total * 1.1 and used[-1] - used[0] < 0.1 * VOLUME_BYTES and used
    after = harness.wait_for(even, "what was moved is gone where it was")
    print(f"used by each DataNode: {before}, then {after}")
    for name, content in contents.items():
        harness.check(cluster.dfs("cat", name) == content, f"{name} reads back the same")
    blocks = re.findall(r"Live_repl=(\d+)", cluster.dfs("fsck", "/", "-files", "-blocks").decode())
    harness.check(blocks == [str(REPLICATION)] * (FILES * FILE_BYTES // BLOCK_BYTES),
                  f"replicas of the blocks: {blocks}")


harness.main("balancer", body)
