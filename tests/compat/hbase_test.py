#!/usr/bin/env python3
"""HBase on Cairn loses no acknowledged row: it and a DataNode are killed while rows are written.

HBase runs alone in one JVM (master, region server and ZooKeeper) with its files in Cairn. It writes its
log with a client of its own (asyncfs), which speaks to all DataNodes of a block at once, and after
its death takes the log over by lease recovery.
"""
import os
import re
import signal

import harness

DRIVER = "cairn.compat.HBaseDriver"
DATANODES = 4
ROWS = 1_000_000  # more than are put before HBase is killed
ROWS_BEFORE_DATANODE_DIES = 5000
ROWS_BEFORE_HBASE_DIES = 15000
DRIVER_TIMEOUT_S = 240
SETTINGS = {
    "hbase.cluster.distributed": "false",
    "hbase.wal.provider": "asyncfs",
    "hbase.unsafe.stream.capability.enforce": "true",
    "hbase.zookeeper.quorum": "127.0.0.1",
    "zookeeper.session.timeout": "3000",
    "hbase.client.pause": "100",
    **{f"hbase.{server}.{key}": value for server in ("master", "regionserver")
       for key, value in (("hostname", "localhost"), ("ipc.address", "127.0.0.1"), ("port", "0"),
                          ("info.port", "-1"))},
}


class HBase:
    """HBase's one process and its clients."""

    def __init__(self, work, cluster):
        self.work = work
        self.conf = os.path.join(work, "conf")
        self.log = os.path.join(work, "hbase.log")
        self.process = None
        port = harness.free_port()
        harness.write_conf(self.conf, {
            **SETTINGS,
            "fs.defaultFS": cluster.uri,
            "hbase.rootdir": cluster.uri + "/hbase",
            "hbase.tmp.dir": os.path.join(work, "tmp"),
            "hbase.zookeeper.property.clientPort": str(port),
        }, files=("core-site.xml", "hbase-site.xml"))

    def start(self):
        self.process = harness.start_process(
            harness.java_command(self.conf, "org.apache.hadoop.hbase.master.HMaster", ["start"],
                                 level="INFO", software="hbase"), self.log, cwd=self.work)

    def kill(self):
        harness.check(self.process.poll() is None, f"HBase ended:\n{harness.tail(self.log)}")
        self.process.kill()
        self.process.wait()

    def stop(self):
        if self.process.poll() is None:
            self.kill()

    def run(self, *arguments):
        """What the driver prints."""
        log = os.path.join(self.work, "driver.log")
        status, out = harness.run_java(self.conf, DRIVER, arguments, log, software="hbase",
                                       timeout_s=DRIVER_TIMEOUT_S)
        harness.check(status == 0, f"{arguments} ended with {status}:\n{harness.tail(log)}\n"
                      f"HBase's log:\n{harness.tail(self.log)}")
        return out.strip()


class Load:
    """The driver that puts rows: `acknowledged` grows as it goes on."""

    def __init__(self, hbase):
        self.out = os.path.join(hbase.work, "load.out")
        with open(self.out, "w", encoding="utf-8") as out:
            self.process = harness.start_process(
                harness.java_command(hbase.conf, DRIVER, ["load", str(ROWS)], software="hbase"),
                os.path.join(hbase.work, "load.log"), stdout=out)

    def acknowledged(self):
        with open(self.out, encoding="utf-8") as file:
            return max((int(rows) for rows in re.findall(r"^acknowledged (\d+)\n", file.read(),
                                                         re.MULTILINE)), default=0)

    def wait_for(self, rows):
        harness.wait_for(lambda: self.acknowledged() >= rows or self.process.poll() is not None,
                         f"{rows} rows are put", DRIVER_TIMEOUT_S)
        harness.check(self.process.poll() is None, "the load ended")

    def end(self):
        """Ends it; the number of rows that were acknowledged."""
        self.process.kill()
        self.process.wait()
        return self.acknowledged()


def body(work, stack):
    cluster = harness.started(stack, harness.CairnCluster(work, DATANODES))
    hbase = harness.started(stack, HBase(work, cluster))
    hbase.start()
    load = Load(hbase)
    load.wait_for(ROWS_BEFORE_DATANODE_DIES)
    os.kill(cluster.pid_of("datanode1"), signal.SIGKILL)
    load.wait_for(ROWS_BEFORE_HBASE_DIES)
    hbase.kill()
    rows = load.end()
    hbase.start()
    print(f"after HBase died: {hbase.run('check', str(rows))}")
    print(f"flushed, split and merged: {hbase.run('settle')}")
    print(f"then: {hbase.run('check', str(rows))}")
    harness.check(b"is HEALTHY" in cluster.dfs("fsck", "/"), "fsck finds nothing missing")


harness.main("hbase", body)
