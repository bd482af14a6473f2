#!/usr/bin/env python3
"""The Go client (github.com/colinmarc/hdfs) works on Cairn: its own tests, of the library and of
its command `hdfs`, run against a cluster. What may not pass stands in go_exceptions.txt.
"""
import os
import re
import shutil
import subprocess

import expectations
import harness
import paths

LIBRARY_TIMEOUT_S = 300
COMMAND_TIMEOUT_S = 300
# Fewer means that the tests were not found.
LEAST_PASSED = {"library": 100, "command": 90}
OUTCOMES = {"PASS": "pass", "FAIL": "fail", "SKIP": "skip"}


def prepare(cluster):
    """What the tests expect to find: a folder for everybody, one small file, one of two blocks."""
    data = os.path.join(paths.GO_CLIENT, "testdata")
    cluster.dfs("mkdir", "/_test")
    cluster.dfs("chmod", "777", "/_test")
    cluster.dfs("put", os.path.join(data, "foo.txt"), "/_test/foo.txt")
    cluster.dfs("-D", "dfs.blocksize=1048576", "put", os.path.join(data, "mobydick.txt"),
                "/_test/mobydick.txt")


def run(command, cluster, work, name, timeout_s):
    """What a test program of the client prints; a Failure when it does not end."""
    environment = {
        **os.environ,
        "HADOOP_CONF_DIR": cluster.conf,
        "HADOOP_FS": f"{os.path.join(harness.BUILD, 'bin', 'dfs')} -fs {cluster.uri}",
        "TMPDIR": work,
    }
    environment.pop("HADOOP_USER_NAME", None)
    log = os.path.join(work, name + ".log")
    with open(log, "wb") as out:
        try:
            subprocess.run(command, cwd=paths.GO_CLIENT, stdout=out, stderr=subprocess.STDOUT,
                           stdin=subprocess.DEVNULL, env=environment, timeout=timeout_s,
                           check=False)
        except subprocess.TimeoutExpired:
            raise harness.Failure(
                f"{name} not within {timeout_s} s:\n{harness.tail(log)}") from None
    with open(log, encoding="utf-8", errors="replace") as file:
        return file.read()


def library(cluster, work):
    out = run([os.path.join(paths.GO_CLIENT, "hdfs.test"), "-test.v"], cluster, work, "library",
              LIBRARY_TIMEOUT_S)
    found = re.findall(r"^--- (PASS|FAIL|SKIP): (\w+) ", out, re.MULTILINE)
    return {test: (OUTCOMES[outcome], "see library.log") for outcome, test in found}


def command(cluster, work):
    tests = os.path.join(paths.GO_CLIENT, "cmd", "hdfs", "test")
    scripts = sorted(name for name in os.listdir(tests) if name.endswith(".bats"))
    out = run([shutil.which("bats"), "--tap", *(os.path.join(tests, name) for name in scripts)],
              cluster, work, "command", COMMAND_TIMEOUT_S)
    found = re.findall(r"^(ok|not ok) \d+ (.*?)( # skip.*)?$", out, re.MULTILINE)
    return {test.replace(" ", "_"): ("skip" if skipped else "pass" if outcome == "ok" else "fail",
                                     "see command.log") for outcome, test, skipped in found}


def body(work, stack):
    cluster = harness.started(stack, harness.CairnCluster(work))
    prepare(cluster)
    exceptions = expectations.read_exceptions("go_exceptions.txt")
    problems = []
    for name, tests in (("library", library), ("command", command)):
        results = tests(cluster, work)
        passed = expectations.compare(name, results, exceptions, problems)
        print(f"{name}: {passed} of {len(results)} passed")
        if passed < LEAST_PASSED[name]:
            problems.append(f"{name}: only {passed} tests passed")
    harness.check(not problems, "the Go client's tests:\n  " + "\n  ".join(problems))


harness.main("go_client", body)
