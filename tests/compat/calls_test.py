#!/usr/bin/env python3
"""The calls of Hadoop's protocols are answered as by Apache HDFS: values, exceptions, messages.

A fresh Apache cluster and a fresh Cairn cluster answer the scripts calls/*.txt, each through one
JVM (java/tools: CallDriver), which prints every result in full and of every exception the class and
the first line. What may differ stands in calls_exceptions.txt.
"""
import difflib
import glob
import os
import re
import threading

import harness
import paths
import shell_masks

LEAST_CALLS = 380
MASKS = [
    (r"^  \[\d+, \d+, \d+, (.*), \d+\]$", r"  [<disk>, \1, <pending>]"),  # getStats
    (r"(PendingDeletionBlocks|NamespaceID|namespaceID)( ?=) ?\d+", r"\1\2<n>"),
    (r"ClusterID=[^,}]+", "ClusterID=<id>"),
    (r"(inode) [1-9]\d*", r"\1 <id>"),
]
DATANODES = 3
DRIVER_TIMEOUT_S = 600


def read_script():
    """The calls of all scripts, as the driver takes them."""
    lines = []
    for path in sorted(glob.glob(os.path.join(paths.HERE, "calls", "[0-9]*.txt"))):
        with open(path, encoding="utf-8") as file:
            for line in file:
                words = line.split("#")[0].split()
                if not words:
                    continue
                user, name = "-", "-"
                if words[0] == "as":
                    user, words = words[1], words[2:]
                if words[1:2] == ["="]:
                    name, words = words[0], words[2:]
                lines.append("\t".join([user, name, *words]))
    return lines


def read_exceptions():
    """{a call's line in the transcript: the answer that Cairn gives instead of Apache's}."""
    exceptions = {}
    call = None
    with open(os.path.join(paths.HERE, "calls_exceptions.txt"), encoding="utf-8") as file:
        for line in file:
            if line.startswith("$ "):
                call = line.rstrip("\n")
            elif line.startswith("  ") and call:
                exceptions[call] = line.rstrip("\n")
    return exceptions


def mask(text, cluster):
    """The transcript's lines, without what any two clusters differ in."""
    lines = shell_masks.mask(text, cluster)
    for i, line in enumerate(lines):
        if lines[i - 1].startswith("$ rollEdits") and line.strip().isdigit():
            line = "  <txid>"
        for pattern, stand_in in MASKS:
            line = re.sub(pattern, stand_in, line)
        lines[i] = line
    return lines


class Transcript(threading.Thread):
    """Makes the calls to a cluster."""

    def __init__(self, cluster, script):
        super().__init__(daemon=True)
        self.cluster = cluster
        self.script = script
        self.lines = []
        self.error = None
        self.start()

    def run(self):
        log = os.path.join(self.cluster.directory, "calls.log")
        try:
            status, out = harness.run_java(self.cluster.conf, "cairn.compat.CallDriver",
                                           [self.script], log, timeout_s=DRIVER_TIMEOUT_S)
            with open(os.path.join(self.cluster.directory, "transcript"), "w",
                      encoding="utf-8") as file:
                file.write(out)
            harness.check(status == 0, f"the driver ended with {status}:\n{harness.tail(log)}")
            self.lines = mask(out, self.cluster)
        except Exception as error:  # pylint: disable=broad-except
            self.error = error

    def result(self):
        self.join()
        if self.error is not None:
            raise self.error
        return self.lines


def body(work, stack):
    script = os.path.join(work, "script")
    calls = read_script()
    with open(script, "w", encoding="utf-8") as file:
        file.write("\n".join(calls) + "\n")
    apache = harness.started(stack, harness.ApacheCluster(work, DATANODES))
    cairn = harness.started(stack, harness.CairnCluster(work, DATANODES))
    running = [Transcript(cluster, script) for cluster in (apache, cairn)]
    expected, got = (transcript.result() for transcript in running)
    harness.check(len(calls) >= LEAST_CALLS, f"only {len(calls)} calls")
    harness.check(len(expected) == 2 * len(calls), f"{len(expected)} lines of {len(calls)} calls")
    exceptions = read_exceptions()
    for i in range(0, len(expected), 2):
        if expected[i] in exceptions:
            harness.check(expected[i + 1] != exceptions[expected[i]],
                          f"no longer an exception: {expected[i]}")
            expected[i + 1] = exceptions[expected[i]]
    missing = exceptions.keys() - set(expected)
    harness.check(not missing, f"among the exceptions and not asked: {missing}")
    different = list(difflib.unified_diff(expected, got, "Apache HDFS", "Cairn", lineterm="", n=1))
    harness.check(not different, "the answers differ:\n" + "\n".join(different))
    print(f"{len(calls)} calls, {len(exceptions)} of them explained, the others answered the same")


harness.main("calls", body)
