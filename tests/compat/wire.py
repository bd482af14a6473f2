"""Hadoop's two protocols, cut into frames and decoded with the descriptors from Hadoop's own jars.

A frame is (kind, bytes). Kinds say how a frame ends, and with that how to read one from a socket:
  preamble   the first seven bytes of an RPC connection
  rpc        a length and that many bytes: a request, or the reply to one
  text       all there is until the end of the stream
  two        two bytes: what ends the copy of a block
  op         version, code and message of a DataTransferProtocol operation
  TYPE       a delimited message of that type, such as BlockOpResponseProto
  packet     a packet of data or the empty one that ends a block
"""
import os
import re
import struct

import harness
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

OP_MESSAGES = {80: "OpWriteBlockProto", 81: "OpReadBlockProto", 83: "OpReplaceBlockProto",
               84: "OpCopyBlockProto", 85: "OpBlockChecksumProto", 86: "OpTransferBlockProto",
               87: "OpRequestShortCircuitAccessProto",
               88: "ReleaseShortCircuitAccessRequestProto", 89: "ShortCircuitShmRequestProto"}
DATA_TRANSFER_VERSION = 28
CALL_CONTEXT, CALL_PING, CALL_SASL = -3, -4, -33
_DESCRIPTOR_CLASSES = [
    "hdfs.protocol.proto.ClientNamenodeProtocolProtos",
    "hdfs.protocol.proto.ClientDatanodeProtocolProtos",
    "hdfs.protocol.proto.DataTransferProtos",
    "ipc.protobuf.RpcHeaderProtos", "ipc.protobuf.IpcConnectionContextProtos",
    "ipc.protobuf.ProtobufRpcEngine2Protos",
]


class Messages:
    """Message classes of Hadoop's, made from the descriptors in its jars."""

    def __init__(self, work):
        target = os.path.join(work, "hadoop.desc")
        conf = os.path.join(work, "descriptor-conf")
        harness.write_conf(conf, {})
        log = os.path.join(work, "descriptors.log")
        status, _ = harness.run_java(conf, "cairn.compat.Descriptors",
                                     [target, *_DESCRIPTOR_CLASSES], log)
        harness.check(status == 0, f"reading Hadoop's descriptors failed:\n{harness.tail(log)}")
        files = descriptor_pb2.FileDescriptorSet()
        with open(target, "rb") as file:
            files.ParseFromString(file.read())
        self._pool = descriptor_pool.DescriptorPool()
        self._methods = {}
        for file in files.file:
            self._pool.Add(file)
            for service in file.service:
                for method in service.method:
                    self._methods[method.name] = (method.input_type[1:], method.output_type[1:])

    def new(self, name):
        """An empty message; `name` has its package or is looked for in those of HDFS."""
        for full in (name, "hadoop.hdfs." + name, "hadoop.common." + name):
            try:
                return message_factory.GetMessageClass(self._pool.FindMessageTypeByName(full))()
            except KeyError:
                continue
        raise KeyError(name)

    def types_of(self, method):
        """The names of a call's request and reply messages; None for a method nobody has."""
        return self._methods.get(method)


def varint(value):
    out = b""
    while value > 0x7f:
        out += bytes([value & 0x7f | 0x80])
        value >>= 7
    return out + bytes([value])


def delimited(message):
    data = message.SerializeToString()
    return varint(len(data)) + data


class Bytes:
    """Reads from bytes as from a stream; EOFError when they end."""

    def __init__(self, data):
        self.data = data
        self.position = 0

    def take(self, count):
        if self.position + count > len(self.data):
            raise EOFError
        self.position += count
        return self.data[self.position - count:self.position]

    def rest(self):
        return self.take(len(self.data) - self.position)


class SocketBytes:
    """Reads from a socket; EOFError when it ends."""

    def __init__(self, connection):
        self.connection = connection

    def take(self, count):
        data = b""
        while len(data) < count:
            more = self.connection.recv(count - len(data))
            if not more:
                raise EOFError
            data += more
        return data

    def rest(self):
        data = b""
        while more := self.connection.recv(65536):
            data += more
        return data


def _take_delimited(source):
    head = source.take(1)
    while head[-1] & 0x80:
        head += source.take(1)
    length = sum((byte & 0x7f) << (7 * i) for i, byte in enumerate(head))
    return head + source.take(length)


def take_frame(source, kind):
    """The bytes of the next frame of a stream."""
    if kind == "preamble":
        return source.take(7)
    if kind == "text":
        return source.rest()
    if kind == "two":
        return source.take(2)
    if kind == "rpc":
        head = source.take(4)
        return head + source.take(struct.unpack(">i", head)[0])
    if kind == "op":
        return source.take(3) + _take_delimited(source)
    if kind == "packet":
        head = source.take(6)
        length, header = struct.unpack(">ih", head)
        return head + source.take(header + length - 4)
    return _take_delimited(source)


def message_in(messages, name, source):
    """The next delimited message of `source`; it must be whole and without unknown fields."""
    data = Bytes(_take_delimited(source))
    while data.take(1)[0] & 0x80:
        pass
    message = messages.new(name)
    message.ParseFromString(data.rest())
    known = messages.new(name)
    known.CopyFrom(message)
    known.DiscardUnknownFields()
    harness.check(known.ByteSize() == message.ByteSize(), f"{name} has fields Hadoop does not know")
    return message


class Decoder:
    """Turns frames into lists of (label, value); value is a message, bytes or a number.

    Decoding requests first tells what the replies with the same call ids are.
    """

    def __init__(self, messages):
        self.messages = messages
        self.calls = {}  # call id -> method

    def request(self, kind, data):
        if kind == "rpc":
            return self._rpc_request(data)
        return self.other(kind, data)

    def reply(self, kind, data):
        if kind == "rpc":
            return self._rpc_reply(data)
        return self.other(kind, data)

    def other(self, kind, data):
        source = Bytes(data)
        if kind in ("preamble", "text", "two"):
            return [(kind, data)]
        if kind == "op":
            version, code = struct.unpack(">hB", source.take(3))
            parts = [("version", version), ("code", code)]
            name = OP_MESSAGES.get(code)
            if name is not None:
                parts.append(("message", message_in(self.messages, name, source)))
        elif kind == "packet":
            length, header_length = struct.unpack(">ih", source.take(6))
            header = self.messages.new("PacketHeaderProto")
            header.ParseFromString(source.take(header_length))
            parts = [("length", length), ("header", header),
                     ("checksums", source.take(length - 4 - header.dataLen))]
        else:
            parts = [("message", message_in(self.messages, kind, source))]
        return parts + [("rest", source.rest())]

    def _rpc_request(self, data):
        source = Bytes(data[4:])
        header = message_in(self.messages, "RpcRequestHeaderProto", source)
        parts = [("header", header)]
        if header.callId == CALL_CONTEXT:
            parts.append(("context", message_in(self.messages, "IpcConnectionContextProto",
                                                source)))
        elif header.callId == CALL_SASL:
            parts.append(("sasl", message_in(self.messages, "RpcSaslProto", source)))
        elif header.callId >= 0:
            call = message_in(self.messages, "RequestHeaderProto", source)
            parts.append(("call", call))
            types = self.messages.types_of(call.methodName)
            self.calls[header.callId] = types
            if types is not None:
                parts.append(("message", message_in(self.messages, types[0], source)))
        return parts + [("rest", source.rest())]

    def _rpc_reply(self, data):
        source = Bytes(data[4:])
        header = message_in(self.messages, "RpcResponseHeaderProto", source)
        parts = [("header", header)]
        # The call id of a reply is unsigned, that of a request is not.
        call_id = struct.unpack("<i", struct.pack("<I", header.callId))[0]
        if header.status == 0:
            if call_id == CALL_SASL:
                parts.append(("sasl", message_in(self.messages, "RpcSaslProto", source)))
            elif self.calls.get(call_id) is not None:
                parts.append(("message", message_in(self.messages, self.calls[call_id][1],
                                                    source)))
        return parts + [("rest", source.rest())]


def encoded(kind, parts):
    """The bytes of a frame with these parts: what decoding gave, perhaps with other values."""
    values = dict(parts)
    if kind == "rpc":
        body = b"".join(delimited(value) for label, value in parts if label != "rest")
        return struct.pack(">i", len(body + values["rest"])) + body + values["rest"]
    if kind == "op" and "message" in values:
        return struct.pack(">hB", values["version"], values["code"]) + delimited(values["message"])
    if "message" in values:
        return delimited(values["message"])
    raise ValueError(f"frames of the kind {kind} have no values to change")


class Recording:
    """Connections and the frames on them, in order, as a text file.

    A line is "open CONNECTION namenode|transfer|ipc PORT", "> CONNECTION KIND HEX" (from the
    client), "< CONNECTION KIND HEX" (from the server), "eof CONNECTION" (the server closes) or
    "close CONNECTION" (the client does). A # begins a comment.
    """

    def __init__(self, title):
        self.title = title
        self.events = []

    def write(self, path):
        with open(path, "w", encoding="utf-8") as file:
            file.write(f"# {self.title}\n")
            for event in self.events:
                file.write(" ".join(x.hex() if isinstance(x, bytes) else str(x)
                                    for x in event).rstrip() + "\n")

    @staticmethod
    def read(path):
        with open(path, encoding="utf-8") as file:
            lines = file.read().splitlines()
        recording = Recording(lines[0].lstrip("# "))
        for line in lines[1:]:
            words = re.sub("#.*", "", line).split()
            if not words:
                continue
            if words[0] in "<>":
                recording.events.append((words[0], int(words[1]), words[2],
                                         bytes.fromhex(words[3] if len(words) > 3 else "")))
            elif words[0] == "open":
                recording.events.append(("open", int(words[1]), words[2], int(words[3])))
            else:
                recording.events.append((words[0], int(words[1])))
        return recording
