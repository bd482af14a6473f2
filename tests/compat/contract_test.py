#!/usr/bin/env python3
"""Hadoop's file-system contract tests for HDFS, unmodified, as remote tests of a Cairn cluster.

usage: contract_test.py BUILD_DIR PART, PART being a key of PARTS. The class before the jars
(java/standin) makes the tests' in-process cluster the running one. A JVM for each class: some
change who is logged in for good. What may fail or be skipped stands in contract_exceptions.txt.
"""
import os
import sys
import time

import expectations
import harness
import paths

PACKAGE = "org.apache.hadoop.fs.contract.hdfs."
# Halves that take about the same time.
PARTS = {
    "streams": ["TestHDFSContractVectoredRead", "TestHDFSContractAppend", "TestHDFSContractSeek",
                "TestHDFSContractOpen", "TestHDFSContractUnbuffer", "TestHDFSContractConcat",
                "TestHDFSContractMultipartUploader", "TestHDFSContractPathHandle",
                "TestDFSWrappedIO", "TestHDFSContractBulkDelete"],
    "names": ["TestHDFSContractCreate", "TestHDFSContractDelete", "TestHDFSContractGetFileStatus",
              "TestHDFSContractLeaseRecovery", "TestHDFSContractMkdir", "TestHDFSContractRename",
              "TestHDFSContractRootDirectory", "TestHDFSContractSafeMode",
              "TestHDFSContractSetTimes", "org.apache.hadoop.hdfs.TestHDFSFileSystemContract",
              "cairn.compat.ContentSummaryContract", "cairn.compat.CopyFromLocalContract"],
}
# Fewer means that the tests were not found.
LEAST_PASSED = {"streams": 150, "names": 120}
CLASS_TIMEOUT_S = 800


def run_class(cluster, work, name):
    """{TEST: (outcome, reason)} of a class."""
    full = name if "." in name else PACKAGE + name
    scratch = os.path.join(work, "scratch")
    os.makedirs(scratch, exist_ok=True)
    log = os.path.join(work, full.rsplit(".", 1)[1] + ".log")
    status, out = harness.run_java(
        cluster.conf, "cairn.compat.SuiteRunner", [full], log, timeout_s=CLASS_TIMEOUT_S,
        cwd=scratch, heap_mb=1024, first=[paths.classes(harness.BUILD, "standin")],
        options=[f"-Dcairn.compat.uri={cluster.uri}", f"-Dtest.build.data={scratch}",
                 f"-Djava.io.tmpdir={scratch}"])
    harness.check(status == 0, f"{name} ended with {status}:\n{harness.tail(log)}")
    results = {}
    for line in out.splitlines():
        outcome, test, reason = (line + "  ").split(" ", 2)
        results[test.removesuffix("()")] = (outcome, reason.strip())
    return results


def body(work, stack):
    part = sys.argv[2]
    cluster = harness.started(stack, harness.CairnCluster(work))
    exceptions = expectations.read_exceptions("contract_exceptions.txt")
    known = {name.rsplit(".", 1)[-1] for names in PARTS.values() for name in names}
    problems = [f"{test}: no such class is run" for test in exceptions
                if test.split(".", 1)[0] not in known]
    total = 0
    for name in PARTS[part]:
        begin = time.monotonic()
        results = run_class(cluster, work, name)
        short = name.rsplit(".", 1)[-1]
        passed = expectations.compare(short, results, exceptions, problems)
        total += passed
        print(f"{short}: {passed} of {len(results)} passed, {time.monotonic() - begin:.0f} s")
    harness.check(not problems, "contract tests:\n  " + "\n  ".join(problems))
    harness.check(total >= LEAST_PASSED[part], f"only {total} tests were run")
    print(f"{total} tests passed")


harness.main("contract-" + sys.argv[2], body)
