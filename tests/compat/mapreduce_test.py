#!/usr/bin/env python3
"""Hadoop's MapReduce jobs on files in Cairn, with the local job runner; results are verified.

The results are read back through Cairn's own shell.
"""
import collections
import os
import random
import re

import harness

JOB_TIMEOUT_S = 300
TERA_ROWS = 30000
TERA_ROW_BYTES = 100
IO_FILES = 4
IO_MEGABYTES = 8


class Jobs:
    """Runs jobs against a cluster; each claim is a method."""

    def __init__(self, cluster, work):
        self.cluster = cluster
        self.work = work
        self.log = os.path.join(work, "jobs.log")
        cluster.dfs("mkdir", "-p", "/mr")

    def run(self, main, *arguments):
        status, out = harness.run_java(
            self.cluster.conf, main, arguments, self.log, timeout_s=JOB_TIMEOUT_S, cwd=self.work,
            heap_mb=768, options=[f"-Djava.io.tmpdir={self.work}"])
        harness.check(status == 0, f"{main} {' '.join(arguments)} ended with {status}:\n"
                      f"{harness.tail(self.log)}")
        return out

    def example(self, name, *arguments):
        return self.run("org.apache.hadoop.examples." + name, *arguments)

    def lines(self, path):
        return self.cluster.dfs("cat", path).decode().splitlines()

    def word_count(self):
        generator = random.Random(7)
        words = [f"w{int(generator.random() * generator.random() * 900)}" for _ in range(160000)]
        text = "\n".join(" ".join(words[i:i + 8]) for i in range(0, len(words), 8)) + "\n"
        self.cluster.dfs("-D", "dfs.blocksize=262144", "put", "-", "/mr/text", text=text.encode())
        self.example("WordCount", "-Dmapreduce.job.reduces=2", "/mr/text", "/mr/counts")
        counted = dict(line.split("\t") for line in self.lines("/mr/counts/part-r-*"))
        expected = {word: str(n) for word, n in collections.Counter(words).items()}
        harness.check(counted == expected, "the counts of the words")
        harness.check(self.cluster.dfs("cat", "/mr/counts/_SUCCESS") == b"", "_SUCCESS is there")

        self.example("Grep", "/mr/text", "/mr/grep", r"w1[0-9]\b")
        found = sum(int(line.split("\t")[0]) for line in self.lines("/mr/grep/part-r-00000"))
        harness.check(found == len(re.findall(r"\bw1[0-9]\b", text)), "the matches of Grep")

    def tera_sort(self):
        self.example("terasort.TeraGen", "-Dmapreduce.job.maps=3", str(TERA_ROWS), "/mr/tera")
        size = sum(int(line.split()[0]) for line in
                   self.cluster.dfs("du", "/mr/tera").decode().splitlines())
        harness.check(size == TERA_ROWS * TERA_ROW_BYTES, f"TeraGen wrote {size} bytes")
        self.example("terasort.TeraSort", "-Dmapreduce.job.reduces=2", "/mr/tera", "/mr/sorted")
        self.example("terasort.TeraValidate", "/mr/sorted", "/mr/report")
        self.example("terasort.TeraChecksum", "/mr/tera", "/mr/checksum")
        # TeraValidate reports rows out of order as "error"; the checksum is that of all rows.
        report = dict(line.split("\t") for line in self.lines("/mr/report/part-r-00000"))
        checksum = self.lines("/mr/checksum/part-r-00000")
        harness.check(list(report) == ["checksum"], f"TeraValidate reports {report}")
        harness.check([report["checksum"]] == checksum, "the sorted rows are those generated")

        rows = b"".join(self.cluster.dfs("cat", f"/mr/sorted/part-r-0000{i}") for i in range(2))
        keys = [rows[i:i + 10] for i in range(0, len(rows), TERA_ROW_BYTES)]
        harness.check(len(keys) == TERA_ROWS and keys == sorted(keys), "the keys are in order")

    def dfs_io(self, mode):
        result = os.path.join(self.work, f"dfsio{mode}.txt")
        self.run("org.apache.hadoop.fs.TestDFSIO", "-Dtest.build.data=/mr/dfsio", mode, "-nrFiles",
                 str(IO_FILES), "-size", f"{IO_MEGABYTES}MB", "-resFile", result)
        with open(result, encoding="utf-8") as file:
            total = re.search(r"Total MBytes processed: *(\d+)", file.read())
        harness.check(total and int(total.group(1)) == IO_FILES * IO_MEGABYTES,
                      f"TestDFSIO {mode} processed {total}")

    def test_dfs_io(self):
        for mode, size in (("-write", IO_MEGABYTES), ("-read", IO_MEGABYTES),
                           ("-append", 2 * IO_MEGABYTES)):
            self.dfs_io(mode)
            counts = self.cluster.dfs("count", "/mr/dfsio/io_data").decode().split()
            harness.check(counts[1:3] == [str(IO_FILES), str(IO_FILES * size << 20)],
                          f"after TestDFSIO {mode}: {counts}")

    def dist_cp(self):
        tree = os.path.join(self.work, "tree")
        contents = {f"a/b/f{i}": random.Random(i).randbytes(i * 40000) for i in range(21)}
        for name, content in contents.items():
            path = os.path.join(tree, name)
            os.makedirs(os.path.dirname(path), exist_ok=True)
            with open(path, "wb") as file:
                file.write(content)
        os.makedirs(os.path.join(tree, "empty"))
        distcp = "org.apache.hadoop.tools.DistCp"
        self.run(distcp, f"file://{tree}", "/mr/up")
        self.run(distcp, "-update", "-p", self.cluster.uri + "/mr/up",
                 self.cluster.uri + "/mr/copy")
        # What is the same already is known by its checksum and left alone.
        self.cluster.dfs("put", "-f", "-", "/mr/copy/a/b/f3", text=b"changed")
        self.cluster.dfs("put", "-", "/mr/copy/extra", text=b"not in the source")
        self.run(distcp, "-update", "-delete", self.cluster.uri + "/mr/up",
                 self.cluster.uri + "/mr/copy")
        for name, content in contents.items():
            harness.check(self.cluster.dfs("cat", "/mr/copy/" + name) == content, f"copy of {name}")
        self.cluster.dfs("test", "-d", "/mr/copy/empty")
        self.cluster.dfs("test", "-e", "/mr/copy/extra", status=1)


def body(work, stack):
    jobs = Jobs(harness.started(stack, harness.CairnCluster(work)), work)
    for job in (jobs.word_count, jobs.tera_sort, jobs.test_dfs_io, jobs.dist_cp):
        job()
        print(f"{job.__name__}: as expected")


harness.main("mapreduce", body)
