"""Hadoop's own test classes, unmodified, as remote tests of a running cluster.

The class before the jars (java/standin) makes the tests' in-process cluster the running one. A JVM
for each class: some change who is logged in for good.
"""
import os

import harness
import paths

CLASS_TIMEOUT_S = 800


def run_class(cluster, work, full):
    """{TEST: (outcome, reason)} of a class."""
    scratch = os.path.join(work, "scratch")
    os.makedirs(scratch, exist_ok=True)
    log = os.path.join(work, full.rsplit(".", 1)[1] + ".log")
    status, out = harness.run_java(
        cluster.conf, "cairn.compat.SuiteRunner", [full], log, timeout_s=CLASS_TIMEOUT_S,
        cwd=scratch, heap_mb=1024, first=[paths.classes(harness.BUILD, "standin")],
        options=[f"-Dcairn.compat.uri={cluster.uri}", f"-Dtest.build.data={scratch}",
                 f"-Djava.io.tmpdir={scratch}"])
    harness.check(status == 0, f"{full} ended with {status}:\n{harness.tail(log)}")
    results = {}
    for line in out.splitlines():
        outcome, test, reason = (line + "  ").split(" ", 2)
        results[test.removesuffix("()")] = (outcome, reason.strip())
    return results
