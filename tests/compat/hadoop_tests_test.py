#!/usr/bin/env python3
"""More of Hadoop's own tests, of those whose cluster may be a remote one.

usage: hadoop_tests_test.py BUILD_DIR PART. hadoop_tests.txt names the classes of each part and the
tests in them that must pass: all that pass against Apache HDFS, but for those that it lists as
needing what Cairn does not have. The others reach into the process of a daemon or change its
settings, and fail against a remote Apache HDFS too.
"""
import os
import sys
import time

import hadoop_classes
import harness
import paths

DATANODES = 4
SETTINGS = {
    "hadoop.user.group.static.mapping.overrides":
        "dr.who=;super=supergroup;bob=groupY,groupZ;bruce=;diana=;user1=group1,group2;"
        "user2=group2,group3;user3=group3,group4",
    "dfs.namenode.replication.max-streams": "20",
    "dfs.namenode.replication.max-streams-hard-limit": "40",
}


def read_tests(part):
    """{class: (tests that pass, {test that cannot: reason})} of a part."""
    classes = {}
    here = tests = None
    with open(os.path.join(paths.HERE, "hadoop_tests.txt"), encoding="utf-8") as file:
        for line in file:
            words = line.split()
            if not words or line.startswith("#"):
                continue
            if words[0] == "part":
                here = words[1] == part
            elif words[0] == "class" and here:
                tests = classes[words[1]] = (set(), {})
            elif words[0] == "without" and here:
                tests[1][words[1]] = " ".join(words[2:])
            elif here:
                tests[0].update(words)
    return classes


def problems_of(name, results, passing, missing):
    problems = []
    for test in sorted(passing):
        outcome, reason = results.get(test, ("not run", ""))
        if outcome != "pass":
            problems.append(f"{name}.{test}: {outcome}: {reason}")
    for test in missing:
        if results.get(test, ("not run", ""))[0] != "fail":
            problems.append(f"{name}.{test} is said to need {missing[test]} and does not fail")
    return problems


def body(work, stack):
    classes = read_tests(sys.argv[2])
    harness.check(classes, f"there is no part {sys.argv[2]}")
    cluster = harness.started(stack, harness.CairnCluster(work, DATANODES, settings=SETTINGS))
    problems = []
    for name, (passing, missing) in classes.items():
        begin = time.monotonic()
        results = hadoop_classes.run_class(cluster, work, name)
        found = problems_of(name.rsplit(".", 1)[1], results, passing, missing)
        problems += found
        print(f"{name.rsplit('.', 1)[1]}: {len(passing)} tests, {len(found)} problems, "
              f"{time.monotonic() - begin:.0f} s")
    harness.check(not problems, "tests of Hadoop's:\n  " + "\n  ".join(problems))
    print(f"{sum(len(passing) for passing, _ in classes.values())} tests passed")


harness.main("hadoop-tests-" + sys.argv[2], body)
