#!/usr/bin/env python3
"""hdfs-native, a client in Rust, works on Cairn through its Python package.

Names and attributes, bytes in several blocks, files being written, large folders, threads at
once, refusals with Hadoop's classes, and fsspec; what it wrote is also looked at through Cairn's
own shell.
"""
import concurrent.futures
import hashlib
import os
import random

import harness

from hdfs_native import Client, WriteOptions
from hdfs_native.fsspec import HdfsFileSystem

BLOCK = 1024 * 1024
DATA = random.Random(5).randbytes(5 * BLOCK + 777)
MANY = 2500
THREADS = 12
ACCESS = "org.apache.hadoop.security.AccessControlException"


def refused(call, words, kind=Exception):
    """`call` fails with an error of that kind that has these words."""
    try:
        call()
    except kind as error:
        harness.check(words in str(error), f"refused for another reason than {words}: {error}")
        return
    raise harness.Failure(f"not refused: {words}")


def digest(data):
    return hashlib.sha256(data).hexdigest()


class Claims:
    """What is claimed, a method each, in this order."""

    def __init__(self, cluster):
        self.cluster = cluster
        self.client = Client(cluster.uri)

    def write(self, path, data, **options):
        with self.client.create(path, WriteOptions(**options)) as file:
            for begin in range(0, len(data), 100003):
                file.write(data[begin:begin + 100003])

    def append(self, path, data):
        with self.client.append(path) as file:
            file.write(data)

    def paths(self, folder, recursive=False):
        return [status.path for status in self.client.list_status(folder, recursive)]

    def names(self):
        client = self.client
        client.mkdirs("/names/a/b", create_parent=True)
        client.mkdirs("/names/a/b", create_parent=True)
        refused(lambda: client.mkdirs("/none/a"), "", FileNotFoundError)
        self.write("/names/f", b"abc", permission=0o640, replication=2)
        refused(lambda: self.write("/names/f", b""), "/names/f", FileExistsError)
        refused(lambda: self.write("/names/f/g", b""), "ParentNotDirectoryException")
        refused(lambda: client.get_file_info("/none"), "", FileNotFoundError)
        refused(lambda: self.paths("/none"), "", FileNotFoundError)

        client.set_permission("/names/f", 0o1751)
        client.set_owner("/names/f", "alice", "staff")
        client.set_times("/names/f", 1500000000123, 1400000000456)
        harness.check(client.set_replication("/names/f", 1), "the replication is changed")
        harness.check(not client.set_replication("/names/a", 1), "a folder has no replication")
        status = client.get_file_info("/names/f")
        seen = (status.length, status.isdir, status.permission, status.owner, status.group,
                status.modification_time, status.access_time, status.replication)
        harness.check(seen == (3, False, 0o1751, "alice", "staff", 1500000000123, 1400000000456, 1),
                      f"the status: {seen}")

        client.set_times("/names/a", 1500000000123, 1400000000456)
        status = client.get_file_info("/names/a")
        seen = (status.isdir, status.modification_time, status.access_time)
        harness.check(seen == (True, 1500000000123, 1400000000456), f"a folder's times: {seen}")

        self.write("/names/g", b"second")
        refused(lambda: client.rename("/names/g", "/names/f"), "/names/f", FileExistsError)
        refused(lambda: client.rename("/names/none", "/names/h"), "", FileNotFoundError)
        refused(lambda: client.rename("/names/a", "/names/a/b/c"),
                "Rename destination")
        client.rename("/names/g", "/names/f", overwrite=True)
        harness.check(client.read("/names/f").read() == b"second", "what was renamed over it")
        summary = client.get_content_summary("/names")
        seen = (summary.length, summary.file_count, summary.directory_count, summary.quota,
                summary.space_consumed)
        harness.check(seen[:3] == (6, 1, 3), f"the summary: {seen}")

        refused(lambda: client.delete("/names", False), "PathIsNotEmptyDirectoryException")
        harness.check(client.delete("/names", True) and not client.delete("/names", True),
                      "deleted once")
        client.mkdirs("/ü/日本 x%41#?", create_parent=True)
        harness.check(self.paths("/ü") == ["/ü/日本 x%41#?"], "names of any characters")

    def bytes(self):
        self.write("/bytes", DATA, block_size=BLOCK)
        file = self.client.read("/bytes")
        harness.check(digest(file.read()) == digest(DATA), "the bytes read are those written")
        some = random.Random(7)
        for _ in range(60):
            begin = some.randrange(len(DATA))
            length = min(some.choice([0, 1, 511, 512, 513, 70000, BLOCK, 2 * BLOCK + 5]),
                         len(DATA) - begin)
            harness.check(file.read_range(begin, length) == DATA[begin:begin + length],
                          f"{length} bytes from {begin}")
        file.seek(BLOCK - 3)
        harness.check(file.read(10) == DATA[BLOCK - 3:BLOCK + 7], "a read over a block's end")
        expected = DATA
        for length in (1, 511, 512, 1024, BLOCK, 2 * BLOCK + 3):
            more = some.randbytes(length)
            self.append("/bytes", more)
            expected += more
            harness.check(digest(self.client.read("/bytes").read()) == digest(expected),
                          f"{length} bytes appended")
        harness.check(digest(self.cluster.dfs("cat", "/bytes")) == digest(expected),
                      "Cairn's shell reads the same")

    def being_written(self):
        file = self.client.create("/open", WriteOptions(block_size=BLOCK))
        written = b""
        for part in (b"a" * 1000, b"b" * (BLOCK - 1000), b"c" * 5):
            file.write(part)
            file.hsync()
            written += part
            # Its own reader asks for finished blocks only.
            harness.check(self.cluster.dfs("cat", "/open") == written,
                          f"{len(written)} synced bytes are seen")
        harness.check(self.client.read("/open").read_range(0, BLOCK) == written[:BLOCK],
                      "the finished block is read")
        refused(lambda: Client(self.cluster.uri).append("/open"), "Failed to APPEND_FILE /open")
        file.close()
        harness.check(self.client.recover_lease("/open"), "a closed file needs no recovery")

        left = self.client.create("/left", WriteOptions())
        left.write(b"12345")
        left.hsync()
        harness.wait_for(lambda: self.client.recover_lease("/left"), "the file is recovered")
        harness.check(self.client.read("/left").read() == b"12345", "no byte is lost")

    def many(self):
        self.client.mkdirs("/many")
        with concurrent.futures.ThreadPoolExecutor(5) as pool:
            list(pool.map(lambda i: self.client.mkdirs(f"/many/d{i:04}"), range(MANY)))
        harness.check(self.paths("/many") == [f"/many/d{i:04}" for i in range(MANY)],
                      "all names of a large folder, in order")
        found = [status.path for status in self.client.glob_status("/many/d000[0-2]")]
        harness.check(found == [f"/many/d000{i}" for i in range(3)], f"a pattern: {found}")

    def at_once(self):
        def one(number):
            data = random.Random(number).randbytes(2 * BLOCK + 1000 * number)
            self.write(f"/at-once/{number}", data, block_size=BLOCK)
            return self.client.read(f"/at-once/{number}").read() == data

        with concurrent.futures.ThreadPoolExecutor(THREADS) as pool:
            harness.check(all(pool.map(one, range(THREADS))), "files written by threads")

    def file_system(self):
        files = HdfsFileSystem(self.cluster.host, self.cluster.port)
        files.makedirs("/fsspec/x")
        with files.open("/fsspec/x/1", "wb", block_size=BLOCK) as file:
            file.write(DATA)
        with files.open("/fsspec/x/1", "ab") as file:
            file.write(b"tail")
        harness.check(files.cat_file("/fsspec/x/1", start=-5) == DATA[-1:] + b"tail"
                      and files.du("/fsspec") == len(DATA) + 4, "the bytes and their number")
        files.mv("/fsspec/x/1", "/fsspec/2")
        found = files.find("/fsspec")
        harness.check(found == ["/fsspec/2"] and not files.exists("/fsspec/x/1"), f"found: {found}")
        files.rm("/fsspec", recursive=True)
        harness.check(not files.exists("/fsspec"), "it is deleted")

    def another_user(self):
        self.client.mkdirs("/private/x", create_parent=True)
        self.client.set_permission("/private", 0o700)
        self.write("/public", b"x")
        # Who calls is asked for with the first call.
        os.environ["HADOOP_USER_NAME"] = "bob"
        bob = Client(self.cluster.uri)
        harness.check(bob.read("/public").read() == b"x", "what all may read")
        harness.check(bob.recover_lease("/public"), "what all may ask")
        for call in (lambda: bob.mkdirs("/bob"), lambda: bob.append("/public"),
                     lambda: bob.delete("/public"), lambda: bob.set_permission("/public", 0o777),
                     lambda: list(bob.list_status("/private")),
                     lambda: bob.get_file_info("/private/x"),
                     lambda: bob.get_content_summary("/private")):
            refused(call, ACCESS)
        del os.environ["HADOOP_USER_NAME"]


def body(work, stack):
    os.environ.pop("HADOOP_USER_NAME", None)
    os.environ.pop("HADOOP_CONF_DIR", None)
    claims = Claims(harness.started(stack, harness.CairnCluster(work)))
    for claim in (claims.names, claims.bytes, claims.being_written, claims.many, claims.at_once,
                  claims.file_system, claims.another_user):
        claim()
        print(f"{claim.__name__}: as expected")


harness.main("hdfs_native", body)
