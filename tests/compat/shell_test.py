#!/usr/bin/env python3
"""Hadoop's command-line tools print the same with Cairn as with Apache HDFS, line by line.

A fresh Apache cluster and a fresh Cairn cluster with as many DataNodes run the scripts shell/*.txt,
each through one JVM (java/tools: ShellDriver). What differs between any two clusters (ports, times,
sizes of disks, ids made at random) is masked; block ids are not.
"""
import difflib
import glob
import os
import shlex

import harness
import paths
import shell_masks
import transcripts

LEAST_COMMANDS = 80
DRIVER_TIMEOUT_S = 1000


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
    with open(os.path.join(folder, "small"), "w", encoding="utf-8") as file:
        file.write("a small file\nof two lines\n")
    with open(os.path.join(folder, "big"), "wb") as file:
        for i in range(40000):
            file.write(b"line %08d: eighty thousand of these are a little more\n" % i)


def body(work, stack):
    commands = read_script()
    expected, got = transcripts.of_both(work, stack, commands, "cairn.compat.ShellDriver",
                                        mask=shell_masks.mask, timeout_s=DRIVER_TIMEOUT_S,
                                        make_folder=make_local_files)
    harness.check(len(commands) >= LEAST_COMMANDS, f"only {len(commands)} commands")
    ran = sum(line.startswith("$ ") for line in expected)
    harness.check(ran == len(commands), f"{ran} of {len(commands)} commands are in the transcript")
    different = list(difflib.unified_diff(expected, got, "Apache HDFS", "Cairn", lineterm="", n=6))
    harness.check(not different, "the transcripts differ:\n" + "\n".join(different))
    print(f"{len(commands)} commands, {len(expected)} lines, all the same")


harness.main("shell", body)
