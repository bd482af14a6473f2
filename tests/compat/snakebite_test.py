#!/usr/bin/env python3
"""snakebite-py3, a client in pure Python that speaks Hadoop RPC and DataTransferProtocol itself.

Names, attributes, totals and refusals, and the bytes of files over several blocks with checksums
verified, next to what Cairn's own shell sees.
"""
import os
import random

import harness

os.environ["PROTOCOL_BUFFERS_PYTHON_IMPLEMENTATION"] = "python"  # its messages are of an old protoc

# pylint: disable=wrong-import-position
from snakebite import client, errors  # noqa: E402

BLOCK_BYTES = 1 << 20


def refused(kind, words, work):
    """`work` ends with this exception of snakebite's, which has the words."""
    try:
        list(work())
    except kind as error:
        harness.check(words in str(error), f"{words!r} is not in {error}")
        return
    raise harness.Failure(f"was not refused: {words}")


def names(snake, cluster):
    made = list(snake.mkdir(["/s/a/b"], create_parent=True))
    harness.check(made == [{"path": "/s/a/b", "result": True}], made)
    lost = list(snake.mkdir(["/s/q/w"], create_parent=False))
    harness.check(not lost[0]["result"] and
                  "Parent directory doesn't exist: /s/q" in lost[0]["error"], lost)
    harness.check(list(snake.touchz(["/s/f"]))[0]["result"], "touchz")
    found = [(entry["path"], entry["file_type"]) for entry in snake.ls(["/s"], recurse=True)]
    harness.check(found == [("/s/a", "d"), ("/s/a/b", "d"), ("/s/f", "f")], found)
    for change in (snake.chmod(["/s/f"], 0o640), snake.chown(["/s/f"], "alice:staff"),
                   snake.chgrp(["/s/f"], "users"), snake.setrep(["/s/f"], 2)):
        harness.check(all(done["result"] for done in change), "an attribute is set")
    status = snake.stat(["/s/f"])
    harness.check((status["owner"], status["group"], status["permission"],
                   status["block_replication"]) == ("alice", "users", 0o640, 2), status)
    harness.check(list(snake.rename(["/s/f"], "/s/g"))[0]["result"], "rename")
    snake.rename2("/s/g", "/s/h", overwriteDest=False)
    harness.check(b"/s/h" in cluster.dfs("ls", "/s"), "Cairn's shell sees the new name")
    count = list(snake.count(["/s"]))[0]
    harness.check((count["fileCount"], count["directoryCount"]) == (1, 3), count)
    harness.check(snake.test("/s/h", exists=True) and snake.test("/s", directory=True) and
                  not snake.test("/s/nope", exists=True), "test")
    refused(errors.FileNotFoundException, "/missing", lambda: snake.ls(["/missing"]))
    refused(errors.DirectoryException, "/s", lambda: snake.delete(["/s"], recurse=False))
    harness.check(snake.df()["capacity"] > 0, "df")
    harness.check(snake.serverdefaults()["checksumType"] == 2, "CRC32C is the default")


def contents(snake, cluster, work):
    """Files of Cairn's are read byte for byte, by one replica or another."""
    data = random.Random(5).randbytes(3 * BLOCK_BYTES + 12345)
    local = os.path.join(work, "data")
    with open(local, "wb") as file:
        file.write(data)
    cluster.dfs("-D", f"dfs.blocksize={BLOCK_BYTES}", "put", local, "/s/data")
    read = b"".join(part for file in snake.cat(["/s/data"], check_crc=True) for part in file)
    harness.check(read == data, f"{len(read)} bytes are not what was written")
    end = b"".join(snake.tail("/s/data", tail_length=700))
    harness.check(end == data[-700:], "tail")
    copy = os.path.join(work, "copy")
    harness.check(list(snake.copyToLocal(["/s/data"], copy))[0]["result"], "copyToLocal")
    with open(copy, "rb") as file:
        harness.check(file.read() == data, "the copy differs")
    sizes = list(snake.du(["/s/data"], include_toplevel=True, include_children=False))
    harness.check(sizes[0]["length"] == len(data), sizes)


def body(work, stack):
    cluster = harness.started(stack, harness.CairnCluster(work))
    snake = client.Client(cluster.host, cluster.port, effective_user=harness.USER)
    names(snake, cluster)
    contents(snake, cluster, work)
    somebody = client.Client(cluster.host, cluster.port, effective_user="carol")
    refused(errors.RequestError, "Permission denied: user=carol",
            lambda: somebody.delete(["/s"], recurse=True))
    harness.check(list(snake.delete(["/s"], recurse=True))[0]["result"], "delete")


harness.main("snakebite", body)
