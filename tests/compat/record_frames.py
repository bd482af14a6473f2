#!/usr/bin/env python3
"""Records what Hadoop's real client and real servers say to each other, into frames/*.txt.

usage: record_frames.py BUILD_DIR [NAME…]. Run by hand when a scenario is added; the recordings
are part of the sources. Hadoop's client goes through a relay to every server; what it never does
is sent by hand (frame_scenarios.py).
"""
import bisect
import os
import sys

import frame_scenarios
import harness
import paths
import relay
import wire

# Scenario of FrameDriver -> (title, how long servers' bytes are held back, the client's settings).
DRIVEN = {
    "names": ("Names: preamble, context, calls and replies", 0.0, {}),
    "refusals": ("Calls that are refused, with the class and text of each exception", 0.0, {}),
    "data": ("A file is written, read while it is open, synced, read, checked and appended to",
             0.0, {"dfs.replication": "1", "dfs.client-write-packet-size": "2048"}),
    "token": ("A client that holds a token begins with SASL and falls back to SIMPLE", 0.0, {}),
    "ping": ("A client pings while it waits for a reply", 0.5, {"ipc.ping.interval": "200"}),
}


def without_waiting(messages, events):
    """Leaves out the calls of complete that were answered with "not yet": how many is chance."""
    decoders, asked, left_out = {}, {}, set()
    for place, event in enumerate(events):
        if event[0] not in "<>" or event[2] != "rpc":
            continue
        decoder = decoders.setdefault(event[1], wire.Decoder(messages))
        if event[0] == ">":
            parts = dict(decoder.request(*event[2:]))
            asked[event[1], parts["header"].callId] = place
            continue
        parts = dict(decoder.reply(*event[2:]))
        message = parts.get("message")
        if message is not None and message.DESCRIPTOR.name == "CompleteResponseProto" and (
                not message.result):
            left_out |= {place, asked[event[1], parts["header"].callId]}
    return [event for place, event in enumerate(events) if place not in left_out]


class Cut:
    """Cuts one direction of a connection into frames with the order in which they were whole."""

    def __init__(self, chunks):
        self.source = wire.Bytes(b"".join(data for _, data in chunks))
        self.ends, self.orders, total = [], [], 0
        for order, data in chunks:
            total += len(data)
            self.ends.append(total)
            self.orders.append(order)

    def take(self, kind):
        data = wire.take_frame(self.source, kind)
        return self.orders[bisect.bisect_left(self.ends, self.source.position)], kind, data

    def left(self):
        return len(self.source.data) - self.source.position

    def peek(self):
        return self.source.data[self.source.position:self.source.position + 1]


def cut_rpc(sent, received):
    frames = [(">", sent.take("preamble"))]
    while sent.left():
        frames.append((">", sent.take("rpc")))
    while received.left():
        frames.append(("<", received.take("rpc")))
    return frames


def cut_transfer(messages, sent, received):
    frames = []

    def last_of(direction, cut):
        frame = cut.take("packet")
        frames.append((direction, frame))
        parts = dict(wire.Decoder(messages).other("packet", frame[2]))
        return parts["header"].lastPacketInBlock

    while sent.left():
        op = sent.take("op")
        frames.append((">", op))
        answer = received.take("BlockOpResponseProto")
        frames.append(("<", answer))
        response = dict(wire.Decoder(messages).other(*answer[1:]))["message"]
        code = op[2][2]
        if response.status != 0:
            continue
        if code == 81:
            while received.left() and not last_of("<", received):
                pass
            if sent.left() and sent.peek() != b"\0":
                frames.append((">", sent.take("ClientReadStatusProto")))
        elif code == 80:
            while sent.left() and not last_of(">", sent):
                pass
            while received.left():
                frames.append(("<", received.take("PipelineAckProto")))
    return frames


def events_of(connection, cluster, messages):
    sent, received = Cut(connection.sent), Cut(connection.received)
    if connection.port == cluster.port:
        role, frames = "namenode", cut_rpc(sent, received)
    elif connection.sent[0][1][:4] == b"hrpc":
        role, frames = "ipc", cut_rpc(sent, received)
    else:
        role, frames = "transfer", cut_transfer(messages, sent, received)
    number = connection.number
    events = [(connection.opened, ("open", number, role, connection.port))]
    events += [(order, (direction, number, kind, data))
               for direction, (order, kind, data) in frames]
    client, server = (connection.closed.get(who, 0) for who in ("client", "server"))
    events.append((min(client, server), ("close" if client < server else "eof", number)))
    return events


def record_driven(name, cluster, messages, work):
    title, delay_s, settings = DRIVEN[name]
    between = relay.Relay(delay_s)
    conf = os.path.join(work, "conf-" + name)
    harness.write_conf(conf, {
        "fs.defaultFS": cluster.uri, "hadoop.tmp.dir": os.path.join(work, "tmp"),
        "hadoop.rpc.socket.factory.class.default": "cairn.compat.RelaySocketFactory",
        "cairn.compat.relay": str(between.port), **settings})
    log = os.path.join(work, name + ".log")
    status, _ = harness.run_java(conf, "cairn.compat.FrameDriver", [name], log)
    harness.check(status == 0, f"{name} ended with {status}:\n{harness.tail(log)}")
    recording = wire.Recording(title)
    events = [event for connection in between.stop()
              for event in events_of(connection, cluster, messages)]
    recording.events = without_waiting(
        messages, [event for _, event in sorted(events, key=lambda pair: pair[0])])
    return recording


def body(work, stack):
    wanted = sys.argv[2:] or [*DRIVEN, *frame_scenarios.BY_HAND]
    messages = wire.Messages(work)
    cluster = harness.started(stack, harness.ApacheCluster(work))
    for name in wanted:
        if name in DRIVEN:
            recording = record_driven(name, cluster, messages, work)
        else:
            act = frame_scenarios.BY_HAND[name]
            recording = wire.Recording(act.__doc__)
            act(recording, messages, cluster.port)
        recording.write(os.path.join(paths.HERE, "frames", name + ".txt"))
        frames = [event for event in recording.events if event[0] in "<>"]
        print(f"{name}: {len(frames)} frames")


harness.main("record-frames", body)
