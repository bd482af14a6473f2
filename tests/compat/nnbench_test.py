#!/usr/bin/env python3
"""Hadoop's NNThroughputBenchmark drives Cairn's NameNode as a remote client, with its operations.

Left out are blockReport, which speaks the protocol of Hadoop's DataNodes, and replication, which
looks into a NameNode in its own process.
"""
import os
import re

import harness

THREADS = 4
FILES = 400
OPERATIONS = ["create", "mkdirs", "open", "fileStatus", "rename", "append", "delete"]


def run(cluster, work, operation, options):
    """How many operations the benchmark tells, and how many a second."""
    log = os.path.join(work, operation + ".log")
    status, _ = harness.run_java(
        cluster.conf, "org.apache.hadoop.hdfs.server.namenode.NNThroughputBenchmark",
        ["-fs", cluster.uri, "-op", operation, *options], log, level="INFO",
        timeout_s=200, cwd=work, heap_mb=768)
    with open(log, encoding="utf-8", errors="replace") as file:
        said = file.read()
    rate = re.search(r"Ops per sec: ([\d.]+)", said)
    done = re.search(r"# operations: (\d+)", said)
    harness.check(status == 0 and "Exception" not in said, f"{operation} failed with {status}:\n"
                  f"{harness.tail(log)}")
    return int(done.group(1)) if done else 0, float(rate.group(1)) if rate else 0.0


def body(work, stack):
    cluster = harness.started(stack, harness.CairnCluster(work))
    sized = ["-files", str(FILES), "-threads", str(THREADS), "-blockSize", "16"]
    for operation in OPERATIONS:
        options = ["-dirs", *sized[1:4]] if operation == "mkdirs" else sized
        count, rate = run(cluster, work, operation, options)
        harness.check(count >= FILES and rate > 0, f"{operation} did {count} operations")
        print(f"{operation:12} {rate:10.0f} operations a second")
    folder = "/nnThroughputBenchmark"
    run(cluster, work, "create", [*sized, "-keepResults"])
    files = cluster.dfs("count", folder).decode().split()[1]
    harness.check(files == str(FILES), f"create left {files} files")
    run(cluster, work, "clean", [])
    cluster.dfs("test", "-e", folder, status=1)


harness.main("nnbench", body)
