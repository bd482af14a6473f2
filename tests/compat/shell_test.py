#!/usr/bin/env python3
"""Hadoop's command-line tools print the same with Cairn as with Apache HDFS, line by line.

A fresh Apache cluster and a fresh Cairn cluster with as many DataNodes run the scripts shell/*.txt,
each through one JVM (java/tools: ShellDriver). What differs between any two clusters (ports, times,
sizes of disks, ids made at random) is masked; block ids are not.
"""
import datetime
import difflib
import glob
import os
import re
import shlex
import threading

import harness
import paths

LEAST_COMMANDS = 80
DATANODES = 3
DRIVER_TIMEOUT_S = 1000

TODAY = datetime.datetime.now(datetime.timezone.utc).date()
DAYS = "|".join(str(TODAY + datetime.timedelta(days=d)) for d in (-1, 0, 1))
# (pattern, what stands for it): only what two clusters of one kind would differ in, too.
MASKS = [
    (rf"({DAYS})([ T])\d\d:\d\d(:\d\d)?", "<time>"),
    (r"\b(Mon|Tue|Wed|Thu|Fri|Sat|Sun) \w{3} \d\d \d\d:\d\d:\d\d \w+ \d{4}", "<time>"),
    (r"BP-\d+-[\d.]+-\d+", "<pool>"),
    (r"DS-[0-9a-f-]{36}", "<storage>"),
    (r"\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b", "<uuid>"),
    (r"(127\.0\.0\.1|localhost):\d+", r"\1:<port>"),
    (r"DFSClient_NONMAPREDUCE_-?\d+_\d+", "<client>"),
    (r"in \d+ milliseconds", "in <n> milliseconds"),
    # Where Apache was when it refused.
    (r"\n  err \tat [^\n]*", ""),
    # The disk below and what is used of it.
    (r"((?:Capacity|DFS Remaining|DFS Used|Remaining)%?:) .*", r"\1 <n>"),
    (r"(<namenode> +)\d+ +\d+ +\d+ +\d+%", r"\1<n>"),
    # Placement chooses at random, and how a DataNode is called is the clusters' set-up.
    (r"(Hostname|Xceivers|Num of Blocks): .*", r"\1: <n>"),
    (r"(New segment starts at txid) \d+", r"\1 <n>"),
    # Paced by the monitors.
    (r"(Waiting for \S+ )\.\.\.[. ]*done", r"\1... done"),
    (r"(Pending deletion blocks:) \d+", r"\1 <n>"),
]


def read_script():
    """The commands of all scripts, as the driver takes them."""
    lines = []
    for path in sorted(glob.glob(os.path.join(paths.HERE, "shell", "[0-9]*.txt"))):
        with open(path, encoding="utf-8") as file:
            for line in file:
                words = shlex.split(line, comments=True)
                if not words:
                    continue
                user, text = "-", ""
                if words[0] == "as":
                    user, words = words[1], words[2:]
                if words[0] == "in":
                    text, words = words[1], words[2:]
                lines.append("\t".join([user, text, *words]))
    return lines


def make_local_files(folder):
    """The files that the scripts put: the same on both sides."""
    os.makedirs(folder)
    with open(os.path.join(folder, "small"), "w", encoding="utf-8") as file:
        file.write("a small file\nof two lines\n")
    with open(os.path.join(folder, "big"), "wb") as file:
        for i in range(40000):
            file.write(b"line %08d: eighty thousand of these are a little more\n" % i)


def mask(text, cluster):
    text = text.replace(cluster.uri, "hdfs://<namenode>").replace(
        f"{cluster.host}:{cluster.port}", "<namenode>").replace(
        f"localhost:{cluster.port}", "<namenode>").replace(cluster.http, "<http>").replace(
        f"localhost:{cluster.http_port}", "<http>")
    for pattern, stand_in in MASKS:
        text = re.sub(pattern, stand_in, text)
    return text.splitlines()


class Transcript(threading.Thread):
    """Runs the script against a cluster."""

    def __init__(self, cluster, script):
        super().__init__(daemon=True)
        self.cluster = cluster
        self.script = script
        self.lines = []
        self.error = None
        self.start()

    def run(self):
        folder = os.path.join(self.cluster.directory, "local")
        make_local_files(folder)
        log = os.path.join(self.cluster.directory, "shell.log")
        try:
            status, out = harness.run_java(self.cluster.conf, "cairn.compat.ShellDriver",
                                           [self.script], log, timeout_s=DRIVER_TIMEOUT_S,
                                           cwd=folder)
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
    commands = read_script()
    with open(script, "w", encoding="utf-8") as file:
        file.write("\n".join(commands) + "\n")
    apache = harness.started(stack, harness.ApacheCluster(work, DATANODES))
    cairn = harness.started(stack, harness.CairnCluster(work, DATANODES))
    running = [Transcript(cluster, script) for cluster in (apache, cairn)]
    expected, got = (transcript.result() for transcript in running)
    harness.check(len(commands) >= LEAST_COMMANDS, f"only {len(commands)} commands")
    ran = sum(line.startswith("$ ") for line in expected)
    harness.check(ran == len(commands), f"{ran} of {len(commands)} commands are in the transcript")
    different = list(difflib.unified_diff(expected, got, "Apache HDFS", "Cairn", lineterm="", n=6))
    harness.check(not different, "the transcripts differ:\n" + "\n".join(different))
    print(f"{len(commands)} commands, {len(expected)} lines, all the same")


harness.main("shell", body)
