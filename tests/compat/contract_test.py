#!/usr/bin/env python3
"""Hadoop's file-system contract tests for HDFS, unmodified, as remote tests of a Cairn cluster.

usage: contract_test.py BUILD_DIR PART, PART being a key of PARTS. The class before the jars
(java/standin) makes the tests' in-process cluster the running one. A JVM for each class: some
change who is logged in for good. What may fail or be skipped stands in contract_exceptions.txt.
"""
import sys
import time

import expectations
import hadoop_classes
import harness

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
        results = hadoop_classes.run_class(
            cluster, work, name if "." in name else PACKAGE + name)
        short = name.rsplit(".", 1)[-1]
        passed = expectations.compare(short, results, exceptions, problems)
        total += passed
        print(f"{short}: {passed} of {len(results)} passed, {time.monotonic() - begin:.0f} s")
    harness.check(not problems, "contract tests:\n  " + "\n  ".join(problems))
    harness.check(total >= LEAST_PASSED[part], f"only {total} tests were run")
    print(f"{total} tests passed")


harness.main("contract-" + sys.argv[2], body)
