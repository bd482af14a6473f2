#!/usr/bin/env python3
"""Cairn answers, frame by frame, what Apache's servers answered when frames/*.txt were recorded.

The client's bytes are sent as they were; where an answer had to give them something of its own (a
block pool, ids, ports), the recorded value is replaced by the one that Cairn gave in its place, and
Cairn must stay with it. Times and sizes of disks are masked. Everything else in a frame must be
equal: which fields are there, their values, the first line of an exception's text, when a connection
ends.
"""
import glob
import os
import re
import socket
import time

import harness
import paths
import wire

WAIT_S = 60
RECORDED_USER = "root"
# What each cluster chooses: bound to Cairn's value when it is first seen, by field.
BOUND = {"poolId", "datanodeUuid", "storageUuid", "storageID", "storageIDs", "storageId", "delHint",
         "xferPort", "ipcPort", "blockId", "generationStamp", "fileId"}
# How the DataNodes are called, the web port that Cairn's have not, times; loads and sizes of disks,
# which Cairn tells in reports only.
MASKED = {"hostName", "infoPort", "modification_time", "access_time", "capacity", "dfsUsed",
          "remaining", "nonDfsUsed",
          "blockPoolUsed", "lastUpdate", "lastUpdateMonotonic", "xceiverCount", "numBlocks",
          "lastBlockReportTime", "lastBlockReportMonotonic", "downstreamAckTimeNanos",
          "softwareVersion"}
LEAST_FRAMES = 300
# Differences that are meant, by message and field, some in one recording only: why. One that is not
# met is an error.
KNOWN = {
    "RpcSaslProto.state": "without tokens there is nothing to negotiate: SUCCESS at once",
    "RpcSaslProto.auths": "as above; clients go on in the same way",
    "short-circuit:BlockOpResponseProto.status":
        "over TCP files cannot be passed: ERROR_UNSUPPORTED, where Apache has the plain ERROR",
    "short-circuit:BlockOpResponseProto.message": "as above, in other words",
    "short-circuit:ReleaseShortCircuitAccessResponseProto.status":
        "recorded without Hadoop's native library, which Apache's DataNode needs to know slots",
    "short-circuit:ReleaseShortCircuitAccessResponseProto.error": "as above",
    "short-circuit:ShortCircuitShmResponseProto.error": "Apache names the Java class of its socket",
}
# What a DataNode says only after Apache's has closed without a word, and why.
REFUSALS = {"OpBlockChecksumProto": "the client learns why before the connection ends",
            "OpTransferBlockProto": "as above"}


class Binder:
    """Which value of Cairn's stands for which recorded one."""

    def __init__(self, recording, met):
        self.recording = recording  # its name
        self.met = met    # entries of KNOWN and REFUSALS that have been of use
        self.values = {}  # recorded -> Cairn's; numbers and strings
        if harness.USER != RECORDED_USER:
            self.values[RECORDED_USER] = harness.USER

    def of(self, value):
        """The value with what is bound replaced; within texts, too."""
        if value in self.values:
            return self.values[value]
        if isinstance(value, str):
            for recorded in sorted((v for v in self.values if isinstance(v, str)), key=len,
                                   reverse=True):
                value = re.sub(rf"(?<![\w-]){re.escape(recorded)}(?![\w-])",
                               self.values[recorded], value)
            value = re.sub(r"\d+", lambda m: str(self.values.get(int(m[0]), m[0])), value)
        return value

    def matches(self, name, recorded, got):
        if name in MASKED:
            return True
        if name == "flag":  # the low bits are the status, the others hints on congestion
            return recorded & 15 == got & 15
        if name == "errorMsg":
            recorded, got = recorded.split("\n")[0], got.split("\n")[0]
        if name == "message":  # of a DataNode: what failed and the exception's class
            recorded, got = (re.sub(r"(received exception [\w.$]+).*", r"\1", text, flags=re.S)
                             for text in (recorded, got))
        if name in BOUND and recorded and recorded not in self.values and (
                type(recorded) is type(got)):
            if got in self.values.values() and name != "generationStamp":
                return False  # stands for another one
            self.values[recorded] = got
        return self.of(recorded) == got

    def substitute(self, message):
        """Replaces in a message what is bound; returns whether anything was."""
        changed = False
        for field, value in message.ListFields():
            repeated = field.label == field.LABEL_REPEATED
            if field.message_type is not None:
                for item in value if repeated else [value]:
                    changed |= self.substitute(item)
            elif repeated:
                new = [self.of(item) for item in value]
                if new != list(value):
                    del value[:]
                    value.extend(new)
                    changed = True
            elif field.type != field.TYPE_BOOL and self.of(value) != value:
                setattr(message, field.name, self.of(value))
                changed = True
        return changed


    def align(self, recorded, got):
        """Brings the nodes of a reply whose order says nothing into that of the recorded ones."""
        if recorded.DESCRIPTOR.name != "GetAdditionalDatanodeResponseProto":
            return
        bound = [self.values.get(node.id.datanodeUuid) for node in recorded.block.locs]
        places = {node.id.datanodeUuid: i for i, node in enumerate(got.block.locs)}
        others = [i for uuid, i in places.items() if uuid not in bound]
        order = [places[uuid] if uuid in places else others.pop(0) for uuid in bound]
        for name in ("locs", "storageIDs", "storageTypes", "isCached"):
            items = list(getattr(got.block, name))
            got.block.ClearField(name)
            getattr(got.block, name).extend(items[i] for i in order)


def differences(binder, recorded, got, path):
    """What differs between two messages of one type, as texts."""
    found = []
    binder.align(recorded, got)
    for field in recorded.DESCRIPTOR.fields:
        known = f"{recorded.DESCRIPTOR.name}.{field.name}"
        known = known if known in KNOWN else f"{binder.recording}:{known}"
        if known in KNOWN and getattr(recorded, field.name) != getattr(got, field.name):
            binder.met.add(known)
            continue
        name = f"{path}.{field.name}"
        if field.label == field.LABEL_REPEATED:
            one, other = list(getattr(recorded, field.name)), list(getattr(got, field.name))
            if len(one) != len(other):
                found.append(f"{name}: {len(one)} recorded, got {len(other)}")
                continue
            pairs = list(zip(one, other))
        else:
            one, other = recorded.HasField(field.name), got.HasField(field.name)
            if one != other and field.name in MASKED or not (one or other):
                continue
            if one != other and field.message_type is None and (
                    getattr(recorded, field.name) == getattr(got, field.name)):
                continue  # a default value, told by one of them
            if one != other:
                found.append(f"{name}: {'recorded' if one else 'not recorded'}, "
                             f"{'got' if other else 'not got'}: "
                             f"{getattr(recorded if one else got, field.name)!r}")
                continue
            pairs = [(getattr(recorded, field.name), getattr(got, field.name))]
        for one, other in pairs:
            if field.message_type is not None:
                found += differences(binder, one, other, name)
            elif not binder.matches(field.name, one, other):
                found.append(f"{name}: recorded {str(one)[:300]!r}, got {str(other)[:300]!r}")
    return found


class Replay:
    """One recording against a cluster."""

    def __init__(self, messages, cluster, name, met):
        self.messages = messages
        self.cluster = cluster
        self.binder = Binder(name, met)
        self.connections = {}  # number -> (socket, stream, decoder)
        self.asked = {}        # number -> the frame sent last
        self.operations = {}   # number -> the kind of the operation that has no answer yet
        self.problems = []
        self.frames = 0

    def run(self, recording):
        for place, event in enumerate(recording.events):
            try:
                getattr(self, {">": "send", "<": "receive"}.get(event[0], event[0]))(*event[1:])
            except (OSError, EOFError, harness.Failure) as error:
                self.problems.append(f"event {place} {event[:3]}: {error or 'the server closed'}")
                return
            self.problems = [p if p.startswith("event") else f"event {place} {event[:3]}: {p}"
                             for p in self.problems]

    def open(self, number, role, port):
        to = self.cluster.port if role == "namenode" else self.binder.of(port)
        connection = socket.create_connection((self.cluster.host, to), timeout=WAIT_S)
        self.connections[number] = (connection, wire.SocketBytes(connection),
                                    wire.Decoder(self.messages))

    def send(self, number, kind, data):
        connection, _, decoder = self.connections[number]
        self.frames += 1
        if kind in ("rpc", "op"):
            try:
                parts = decoder.request(kind, data)
            except EOFError:
                parts = []  # malformed on purpose
            changed = [self.binder.substitute(value) for label, value in parts
                       if hasattr(value, "ListFields") and label != "header"]
            if any(changed):
                data = wire.encoded(kind, parts)
            if kind == "op" and "message" in dict(parts):
                self.operations[number] = dict(parts)["message"].DESCRIPTOR.name
        self.asked[number] = data
        connection.sendall(data)

    def answer(self, number, kind):
        """The next frame; "not complete yet" is asked again, as clients do."""
        connection, stream, decoder = self.connections[number]
        end = time.monotonic() + WAIT_S
        while True:
            got = wire.take_frame(stream, kind)
            message = dict(decoder.reply(kind, got)).get("message")
            if message is None or message.DESCRIPTOR.name != "CompleteResponseProto" or (
                    message.result) or time.monotonic() > end:
                return got
            connection.sendall(self.asked[number])

    def receive(self, number, kind, recorded):
        _, _, decoder = self.connections[number]
        self.frames += 1
        self.operations.pop(number, None)
        got = self.answer(number, kind)
        for (label, one), (other_label, other) in zip(decoder.reply(kind, recorded),
                                                      decoder.reply(kind, got)):
            if label != other_label:
                self.problems.append(f"recorded a {label}, got a {other_label}")
            elif hasattr(one, "ListFields"):
                self.problems += differences(self.binder, one, other, label)
            elif label == "text":  # the words of a web page are our own
                if one.split(b"\r\n\r\n")[0] != other.split(b"\r\n\r\n")[0]:
                    self.problems.append(f"recorded {one!r}, got {other!r}")
            elif one != other:
                self.problems.append(f"{label}: recorded {one!r}, got {other!r}")

    def eof(self, number):
        connection, stream, _ = self.connections[number]
        try:
            if self.operations.get(number) in REFUSALS:
                self.binder.met.add(self.operations[number])
                refusal = wire.message_in(self.messages, "BlockOpResponseProto", wire.Bytes(
                    wire.take_frame(stream, "BlockOpResponseProto")))
                if refusal.status == 0:
                    self.problems.append("what the recorded server refused succeeds")
            more = connection.recv(1)
        except ConnectionResetError:
            more = b""
        if more:
            self.problems.append("the recorded server closed, this one goes on")
        connection.close()

    def close(self, number):
        self.connections[number][0].close()


def body(work, stack):
    messages = wire.Messages(work)
    cluster = harness.started(stack, harness.CairnCluster(work))
    problems, frames, met = [], 0, set()
    for path in sorted(glob.glob(os.path.join(paths.HERE, "frames", "*.txt"))):
        name = os.path.basename(path).removesuffix(".txt")
        replay = Replay(messages, cluster, name, met)
        replay.run(wire.Recording.read(path))
        frames += replay.frames
        problems += [f"{name}: {problem}" for problem in replay.problems]
        print(f"{name}: {replay.frames} frames, {len(replay.problems)} differences")
    problems += [f"{name} is no difference any more" for name in {*KNOWN, *REFUSALS} - met]
    harness.check(not problems, "differences:\n  " + "\n  ".join(problems))
    harness.check(frames >= LEAST_FRAMES, f"only {frames} frames were replayed")


harness.main("frames", body)
