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

import harness
import paths
import shell_masks
import transcripts

LEAST_CALLS = 380
MASKS = [
    (r"^  \[\d+, \d+, \d+, (.*), \d+\]$", r"  [<disk>, \1, <pending>]"),  # getStats
    (r"(PendingDeletionBlocks|NamespaceID|namespaceID)( ?=) ?\d+", r"\1\2<n>"),
    (r"ClusterID=[^,}]+", "ClusterID=<id>"),
    (r"(inode) [1-9]\d*", r"\1 <id>"),
]
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


def body(work, stack):
    calls = read_script()
    expected, got = transcripts.of_both(work, stack, calls, "cairn.compat.CallDriver", mask=mask,
                                        timeout_s=DRIVER_TIMEOUT_S)
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
