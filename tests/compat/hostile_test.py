#!/usr/bin/env python3
"""Peers that send nonsense, stop half way, dawdle or never speak leave Cairn's servers serving.

On the ports of Hadoop RPC (NameNode and DataNode) and of data: recorded streams that were damaged,
connections that end in the middle of a frame and stay, lengths announced and not sent, requests
that arrive byte by byte, replies that nobody takes, and a thousand silent connections. Meanwhile and
after it files can be written and read, memory stays bounded, and closed connections leave nothing
behind.
"""
import contextlib
import glob
import os
import random
import resource
import select
import socket
import struct
import time

import frame_scenarios
import harness
import paths
import wire

SEED = int(os.environ.get("CAIRN_COMPAT_SEED", "1"))
DAMAGED_STREAMS = 150        # to each port
HALF_OPEN = 100              # on each port, of each kind
IDLE = 1000                  # on each port
SLOW = 20
UNREAD_BYTES = 256 << 20
GROWTH_MEGABYTES = 128       # of a daemon, over the whole test
WAIT_S = 60


class Target:
    """A port of a daemon and the client streams that were recorded for its kind."""

    def __init__(self, daemon, role, port, streams):
        self.daemon = daemon
        self.role = role
        self.port = port
        self.streams = streams

    def connect(self):
        return socket.create_connection(("127.0.0.1", self.port), timeout=WAIT_S)


def recorded_streams():
    """What clients sent on each connection, by the role of the port."""
    streams = {"namenode": [], "ipc": [], "transfer": []}
    for path in sorted(glob.glob(os.path.join(paths.HERE, "frames", "*.txt"))):
        roles, sent = {}, {}
        for event in wire.Recording.read(path).events:
            if event[0] == "open":
                roles[event[1]] = event[2]
            elif event[0] == ">":
                sent.setdefault(event[1], []).append(event[3])
        for number, frames in sent.items():
            streams[roles[number]].append(frames)
    return streams


def damage(generator, frames):
    """A recorded stream with one to three things wrong."""
    frames = [bytearray(frame) for frame in frames]
    for _ in range(generator.randrange(1, 4)):
        frame = generator.choice(frames)
        kind = generator.randrange(5)
        if not frame:
            continue
        place = generator.randrange(len(frame))
        if kind == 0:
            frame[place] ^= 1 << generator.randrange(8)
        elif kind == 1:
            del frame[place:]
        elif kind == 2:
            frame[place:place] = generator.randbytes(generator.randrange(1, 40))
        elif kind == 3:
            frame[:4] = generator.randbytes(4)
        else:
            generator.shuffle(frames)
    return b"".join(frames)


def drained(connection):
    """Takes what the peer sends until it closes or is silent for a moment."""
    connection.settimeout(0.05)
    with contextlib.suppress(OSError):
        while connection.recv(65536):
            pass


class Siege:
    """The cluster, and what is asked of it all the time."""

    def __init__(self, cluster, work):
        self.cluster = cluster
        self.messages = wire.Messages(work)
        self.generator = random.Random(SEED)
        self.rounds = 0
        self.content = random.Random(SEED).randbytes(300000)
        self.dialogue = wire.Recording("")  # frame_scenarios want one
        streams = recorded_streams()
        node = self.datanode()
        self.targets = [
            Target("namenode", "namenode", cluster.port, streams["namenode"]),
            Target("datanode1", "ipc", node.id.ipcPort, streams["ipc"] + streams["namenode"]),
            Target("datanode1", "transfer", node.id.xferPort, streams["transfer"])]
        self.before = self.memory()

    def rpc(self):
        peer = frame_scenarios.RpcPeer(self.dialogue, self.messages, "namenode",
                                       self.cluster.port)
        peer.greet()
        return peer

    def datanode(self):
        """The only DataNode."""
        peer = self.rpc()
        node = peer.ask(0, "getDatanodeReport", type=1).di[0]
        peer.close()
        return node

    def memory(self):
        """Resident megabytes of each daemon."""
        result = {}
        for daemon in ("namenode", "datanode1"):
            with open(f"/proc/{self.cluster.pid_of(daemon)}/statm", encoding="utf-8") as file:
                result[daemon] = int(file.read().split()[1]) * resource.getpagesize() >> 20
        return result

    def files_open(self, daemon):
        return len(os.listdir(f"/proc/{self.cluster.pid_of(daemon)}/fd"))

    def serves(self, meanwhile):
        """A file can be written, read and removed; memory is as it should be."""
        self.rounds += 1
        name = f"/siege-{self.rounds}"
        self.cluster.dfs("put", "-", name, text=self.content)
        harness.check(self.cluster.dfs("cat", name) == self.content, f"{name} reads back the same")
        self.cluster.dfs("rm", "-skipTrash", name)
        grown = {daemon: now - self.before[daemon] for daemon, now in self.memory().items()}
        print(f"{meanwhile}: serves; megabytes more than at first: {grown}")
        harness.check(max(grown.values()) < GROWTH_MEGABYTES, f"{meanwhile}: memory grows: {grown}")

    def damaged_streams(self):
        for target in self.targets:
            for _ in range(DAMAGED_STREAMS):
                stream = damage(self.generator, self.generator.choice(target.streams))
                with target.connect() as connection, contextlib.suppress(OSError):
                    connection.sendall(stream)
                    drained(connection)
        self.serves("damaged streams")

    def half_open(self):
        """Connections that stop within a frame and stay."""
        with contextlib.ExitStack() as stack:
            for target in self.targets:
                for _ in range(HALF_OPEN):
                    stream = b"".join(self.generator.choice(target.streams))
                    connection = stack.enter_context(target.connect())
                    with contextlib.suppress(OSError):
                        connection.sendall(stream[:self.generator.randrange(1, len(stream))])
            for target in self.targets[:2]:
                for _ in range(HALF_OPEN):
                    connection = stack.enter_context(target.connect())
                    # A request of 127 MB, of which only the beginning comes.
                    connection.sendall(b"hrpc\x09\0\0" + struct.pack(">i", 127 << 20) + bytes(1000))
            self.serves("half-open connections")

    def slow_requests(self):
        """Requests whose bytes come one by one are answered once they are whole."""
        whole = wire.Recording("")
        peer = frame_scenarios.RpcPeer(whole, self.messages, "namenode", self.cluster.port)
        peer.greet()
        peer.ask(0, "getFileInfo", src="/")
        peer.close()
        request = b"".join(event[3] for event in whole.events if event[0] == ">")
        answer = next(event[3] for event in whole.events if event[0] == "<")
        with contextlib.ExitStack() as stack:
            connections = [stack.enter_context(self.targets[0].connect()) for _ in range(SLOW)]
            for connection in connections:
                connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            for place, byte in enumerate(request):
                for connection in connections:
                    connection.sendall(bytes([byte]))
                if place == len(request) // 2:
                    self.serves("requests that arrive byte by byte")
                if place < len(request) - 1:
                    # Nobody may be answered, nor sent away, before the end.
                    early, _, _ = select.select(connections, [], [], 0.001)
                    harness.check(not early, "answered before the request was whole")
            for connection in connections:
                got = wire.take_frame(wire.SocketBytes(connection), "rpc")
                harness.check(len(got) == len(answer), "a slow request is answered like a fast one")

    def unread_replies(self):
        """A peer that asks and asks and takes no reply is not read from for long."""
        call = wire.Recording("")
        peer = frame_scenarios.RpcPeer(call, self.messages, "namenode", self.cluster.port)
        peer.greet()
        before = len(call.events)
        peer.call(0, "getStoragePolicies", peer.request("getStoragePolicies"))
        request = call.events[before][3] * 100
        peer.connection.setblocking(False)
        sent, stuck_since = 0, time.monotonic()
        while sent < UNREAD_BYTES and time.monotonic() - stuck_since < 2:
            _, writable, _ = select.select([], [peer.connection], [], 0.1)
            if writable:
                with contextlib.suppress(BlockingIOError):
                    sent += peer.connection.send(request)
                    stuck_since = time.monotonic()
        harness.check(sent < UNREAD_BYTES, "all requests were read though no reply was taken")
        self.serves("replies that nobody takes")
        peer.close()

    def idle_connections(self):
        with contextlib.ExitStack() as stack:
            for target in self.targets:
                for _ in range(IDLE):
                    connection = stack.enter_context(target.connect())
                    if target.role != "transfer":
                        connection.sendall(b"hrpc\x09\0\0")
            for daemon in ("namenode", "datanode1"):
                harness.wait_for(lambda d=daemon: self.files_open(d) > IDLE,
                                 f"{daemon} has the connections")
            self.serves(f"{IDLE} idle connections to each port")

    def nothing_is_left(self, files_before):
        for daemon, before in files_before.items():
            harness.wait_for(lambda d=daemon, b=before: self.files_open(d) < b + 50,
                             f"{daemon} has closed what its peers have closed")


def body(work, stack):
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))  # for the daemons, too
    print(f"seed {SEED} (CAIRN_COMPAT_SEED)")
    cluster = harness.started(stack, harness.CairnCluster(work, datanodes=1))
    siege = Siege(cluster, work)
    siege.serves("before")
    files = {daemon: siege.files_open(daemon) for daemon in ("namenode", "datanode1")}
    siege.damaged_streams()
    siege.half_open()
    siege.slow_requests()
    siege.unread_replies()
    siege.idle_connections()
    siege.nothing_is_left(files)
    siege.serves("afterwards")


harness.main("hostile", body)
