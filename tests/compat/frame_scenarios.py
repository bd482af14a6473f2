"""Exchanges that Hadoop's client never begins, sent by hand to a real server and recorded."""
import hashlib
import socket
import struct
import zlib

import harness
import wire

CLIENT_PROTOCOL = "org.apache.hadoop.hdfs.protocol.ClientProtocol"
CLIENT_NAME = "DFSClient_by_hand_1"
BLOCK_BYTES = 2000
CHUNK_BYTES = 512
WAIT_S = 30


class Peer:
    """One connection to a server; what passes is added to the recording."""

    def __init__(self, recording, messages, role, port):
        self.recording = recording
        self.messages = messages
        self.number = 1 + sum(event[0] == "open" for event in recording.events)
        self.connection = socket.create_connection(("127.0.0.1", port), timeout=WAIT_S)
        self.source = wire.SocketBytes(self.connection)
        recording.events.append(("open", self.number, role, port))

    def send(self, kind, data):
        self.recording.events.append((">", self.number, kind, data))
        self.connection.sendall(data)

    def receive(self, kind):
        data = wire.take_frame(self.source, kind)
        self.recording.events.append(("<", self.number, kind, data))
        return data

    def end(self):
        """The server must close."""
        harness.check(self.connection.recv(1) == b"", "the server goes on")
        self.recording.events.append(("eof", self.number))
        self.connection.close()

    def close(self):
        self.recording.events.append(("close", self.number))
        self.connection.close()


class RpcPeer(Peer):
    """A connection to a port of Hadoop RPC."""

    def __init__(self, recording, messages, role, port):
        super().__init__(recording, messages, role, port)
        # Another recording must not be taken for a repetition of this one.
        self.client_id = hashlib.md5(recording.title.encode()).digest()

    def header(self, call_id, **fields):
        header = self.messages.new("RpcRequestHeaderProto")
        header.rpcKind, header.rpcOp = 2, 0
        header.callId, header.clientId, header.retryCount = call_id, self.client_id, 0
        for name, value in fields.items():
            if value is None:
                header.ClearField(name)
            else:
                setattr(header, name, value)
        return header

    def preamble(self, version=9, service=0, auth=0, magic=b"hrpc"):
        self.send("preamble", magic + bytes([version, service, auth]))

    def frame(self, *parts):
        body = b"".join(part if isinstance(part, bytes) else wire.delimited(part)
                        for part in parts)
        self.send("rpc", struct.pack(">i", len(body)) + body)

    def context(self, protocol=CLIENT_PROTOCOL, user=harness.USER, real_user=None):
        context = self.messages.new("IpcConnectionContextProto")
        context.userInfo.effectiveUser = user
        if real_user is not None:
            context.userInfo.realUser = real_user
        context.protocol = protocol
        self.frame(self.header(wire.CALL_CONTEXT, retryCount=-1), context)

    def greet(self):
        self.preamble()
        self.context()

    def call(self, call_id, method, message, protocol=CLIENT_PROTOCOL, version=1, **fields):
        call = self.messages.new("RequestHeaderProto")
        call.methodName = method
        call.declaringClassProtocolName = protocol
        call.clientProtocolVersion = version
        self.frame(self.header(call_id, **fields), call, message)

    def request(self, method, **fields):
        """A request message with these fields set."""
        message = self.messages.new(self.messages.types_of(method)[0])
        for name, value in fields.items():
            if hasattr(value, "SerializeToString"):
                getattr(message, name).CopyFrom(value)
            elif isinstance(value, list):
                getattr(message, name).extend(value)
            else:
                setattr(message, name, value)
        return message

    def ask(self, call_id, method, **fields):
        """Calls and returns the reply's message."""
        self.call(call_id, method, self.request(method, **fields))
        source = wire.Bytes(self.receive("rpc")[4:])
        header = wire.message_in(self.messages, "RpcResponseHeaderProto", source)
        harness.check(header.status == 0, f"{method}: {header.errorMsg[:200]}")
        return wire.message_in(self.messages, self.messages.types_of(method)[1], source)


def rpc_errors(recording, messages, port):
    """Every way in which an RPC connection or call can be wrong."""
    def peer():
        return RpcPeer(recording, messages, "namenode", port)

    web = peer()
    web.send("preamble", b"GET / H")
    web.send("two", b"\r\n")
    web.receive("text")
    web.end()

    def fatal(act):
        wrong = peer()
        act(wrong)
        wrong.receive("rpc")
        wrong.end()

    exists = {"src": "/"}
    fatal(lambda p: p.preamble(version=10))
    fatal(lambda p: p.preamble(auth=7))
    fatal(lambda p: (p.preamble(), p.call(0, "getFileInfo", p.request("getFileInfo", **exists))))
    fatal(lambda p: (p.greet(), p.context()))
    fatal(lambda p: (p.preamble(), p.frame(p.header(wire.CALL_SASL, retryCount=-1),
                                           p.messages.new("RpcSaslProto").FromString(b"\x10\x01"))))
    fatal(lambda p: (p.preamble(), p.context(user="alice", real_user="bob")))
    fatal(lambda p: (p.greet(), p.frame(p.header(-7))))
    fatal(lambda p: (p.greet(), p.frame(p.header(1, rpcOp=None))))
    fatal(lambda p: (p.greet(), p.frame(p.header(1, rpcOp=1))))
    fatal(lambda p: (p.greet(), p.frame(p.header(1, rpcKind=None))))
    fatal(lambda p: (p.greet(), p.frame(p.header(1, rpcKind=1))))

    for length in (b"\xff\xff\xff\xff", b"\x7f\xff\xff\xff"):
        dropped = peer()
        dropped.greet()
        dropped.send("two", length)
        dropped.end()

    # The connection outlives what is wrong with a call.
    good = peer()
    good.greet()
    good.call(0, "noSuchMethod", good.request("getFileInfo", **exists))
    good.receive("rpc")
    good.call(1, "getFileInfo", good.request("getFileInfo", **exists), protocol="no.such.Protocol")
    good.receive("rpc")
    good.call(2, "getFileInfo", good.request("getFileInfo", **exists), version=2)
    good.receive("rpc")
    good.frame(good.header(wire.CALL_PING, retryCount=-1))
    good.ask(3, "getFileInfo", **exists)
    good.ask(2147483647, "getFileInfo", **exists)
    good.close()


def packet(messages, offset, number, data, *, last=False, sync=False, wrong=False):
    header = messages.new("PacketHeaderProto")
    header.offsetInBlock, header.seqno = offset, number
    header.lastPacketInBlock, header.dataLen = last, len(data)
    if sync:
        header.syncBlock = True
    sums = b"".join(struct.pack(">I", zlib.crc32(data[i:i + CHUNK_BYTES]) ^ wrong)
                    for i in range(0, len(data), CHUNK_BYTES))
    encoded = header.SerializeToString()
    return struct.pack(">ih", 4 + len(sums) + len(data), len(encoded)) + encoded + sums + data


class DataPeer(Peer):
    """A connection to a DataNode's data port."""

    def __init__(self, recording, messages, node):
        super().__init__(recording, messages, "transfer", node.id.xferPort)

    def op(self, code, message, version=wire.DATA_TRANSFER_VERSION):
        self.send("op", struct.pack(">hB", version, code) + wire.delimited(message))

    def answer(self, kind="BlockOpResponseProto"):
        return wire.message_in(self.messages, kind, wire.Bytes(self.receive(kind)))

    def packets(self):
        """Receives packets up to the last one."""
        while True:
            data = self.receive("packet")
            length = struct.unpack(">h", data[4:6])[0]
            header = self.messages.new("PacketHeaderProto")
            header.ParseFromString(data[6:6 + length])
            if header.lastPacketInBlock:
                return


class DataScenario:
    """Operations on one block, of which two of three DataNodes have a replica."""

    def __init__(self, recording, messages, port, path):
        self.recording = recording
        self.messages = messages
        self.path = path
        self.namenode = RpcPeer(recording, messages, "namenode", port)
        self.block = None    # LocatedBlockProto, as the NameNode gave it
        self.nodes = []      # DatanodeInfoProto: two that have it, one that has not
        self.storages = []

    def peer(self, index=0):
        return DataPeer(self.recording, self.messages, self.nodes[index])

    def header(self, message, *, missing=False, stamp=0):
        """Fills in the `header` of an operation."""
        base = message.header
        if hasattr(base, "baseHeader"):
            base.clientName = CLIENT_NAME
            base = base.baseHeader
        base.block.CopyFrom(self.block.b)
        base.block.numBytes = BLOCK_BYTES
        base.token.CopyFrom(self.block.blockToken)
        if missing:
            base.block.blockId = 77
        base.block.generationStamp += stamp
        return message

    def allocate(self):
        mode = self.messages.new("FsPermissionProto")
        mode.perm = 0o644
        nn = self.namenode
        nn.greet()
        nn.ask(0, "create", src=self.path, masked=mode, clientName=CLIENT_NAME, createFlag=1,
               createParent=True, replication=2, blockSize=1 << 20)
        self.block = nn.ask(1, "addBlock", src=self.path, clientName=CLIENT_NAME).block
        third = nn.ask(2, "getAdditionalDatanode", src=self.path, blk=self.block.b,
                       existings=list(self.block.locs),
                       existingStorageUuids=list(self.block.storageIDs), numAdditionalNodes=1,
                       clientName=CLIENT_NAME).block
        self.nodes = list(self.block.locs)
        self.storages = list(self.block.storageIDs)
        known = {node.id.datanodeUuid for node in self.nodes}
        for node, storage in zip(third.locs, third.storageIDs):
            if node.id.datanodeUuid not in known:
                self.nodes.append(node)
                self.storages.append(storage)
        harness.check(len(self.nodes) == 3, "there are three DataNodes")

    def write_op(self, targets, stage=6):
        write = self.header(self.messages.new("OpWriteBlockProto"))
        write.targets.extend(self.nodes[i] for i in targets)
        write.stage, write.pipelineSize = stage, 1 + len(targets)
        write.minBytesRcvd = write.maxBytesRcvd = write.latestGenerationStamp = 0
        write.requestedChecksum.type = 1  # CRC32
        write.requestedChecksum.bytesPerChecksum = CHUNK_BYTES
        write.storageType, write.storageId = 1, self.storages[0]
        write.targetStorageTypes.extend(1 for _ in targets)
        write.targetStorageIds.extend(self.storages[i] for i in targets)
        return write

    def write(self):
        """A pipeline of two, with a heartbeat, a synced packet and an acknowledgement of each."""
        data = bytes(i // 100 for i in range(BLOCK_BYTES))
        peer = self.peer()
        peer.op(80, self.write_op([1]))
        peer.answer()
        half = 2 * CHUNK_BYTES
        for made in (packet(self.messages, 0, 0, data[:half]),
                     packet(self.messages, 0, -1, b""),
                     packet(self.messages, half, 1, data[half:], sync=True),
                     packet(self.messages, BLOCK_BYTES, 2, b"", last=True)):
            peer.send("packet", made)
            peer.receive("PipelineAckProto")
        peer.end()
        done = self.namenode.messages.new("ExtendedBlockProto")
        done.CopyFrom(self.block.b)
        done.numBytes = BLOCK_BYTES

        def complete():
            recorded = len(self.recording.events)
            answer = self.namenode.ask(3, "complete", src=self.path, clientName=CLIENT_NAME,
                                       last=done)
            if not answer.result:
                del self.recording.events[recorded:]  # the reports were on their way
            return answer.result
        harness.wait_for(complete, "the file is complete")

    def read_op(self, offset=0, length=BLOCK_BYTES, **header):
        read = self.header(self.messages.new("OpReadBlockProto"), **header)
        read.offset, read.len = offset, length
        return read

    def reads(self):
        peer = self.peer()
        status = self.messages.new("ClientReadStatusProto")
        for offset, length, outcome in ((0, BLOCK_BYTES, 6), (700, 100, 0), (1999, 1, 6)):
            peer.op(81, self.read_op(offset, length))
            peer.answer()
            peer.packets()
            status.status = outcome
            peer.send("ClientReadStatusProto", wire.delimited(status))
        peer.close()
        for wrong in (self.read_op(missing=True), self.read_op(stamp=1),
                      self.read_op(BLOCK_BYTES + 1, 1), self.read_op(0, BLOCK_BYTES + 1)):
            peer = self.peer()
            peer.op(81, wrong)
            peer.answer()
            peer.end()
        peer = self.peer()
        without = self.read_op()
        without.sendChecksums = False
        peer.op(81, without)
        peer.answer()
        peer.packets()
        peer.close()

    def checksums(self):
        for kind in (1, 2):
            checksum = self.header(self.messages.new("OpBlockChecksumProto"))
            checksum.blockChecksumOptions.blockChecksumType = kind
            peer = self.peer()
            peer.op(85, checksum)
            peer.answer()
            peer.end()
        peer = self.peer()
        peer.op(85, self.header(self.messages.new("OpBlockChecksumProto"), missing=True))
        peer.end()

    def copies(self):
        """The block leaves a DataNode in each way there is."""
        peer = self.peer()
        peer.op(84, self.header(self.messages.new("OpCopyBlockProto")))
        peer.answer()
        peer.packets()
        peer.receive("two")
        peer.close()

        replace = self.header(self.messages.new("OpReplaceBlockProto"))
        replace.delHint = self.nodes[0].id.datanodeUuid
        replace.source.CopyFrom(self.nodes[1])
        replace.storageType, replace.storageId = 1, self.storages[2]
        peer = self.peer(2)
        peer.op(83, replace)
        while peer.answer().status == 12:  # IN_PROGRESS: now and then, until it is done
            self.recording.events.pop()
        peer.end()

        transfer = self.header(self.messages.new("OpTransferBlockProto"))
        transfer.targets.extend([self.nodes[0]])
        transfer.targetStorageTypes.extend([1])
        transfer.targetStorageIds.extend([self.storages[0]])
        transfer.header.baseHeader.block.blockId = 77
        peer = self.peer(1)
        peer.op(86, transfer)
        peer.end()

    def transfer(self):
        """A DataNode sends a whole replica to one that has none."""
        transfer = self.header(self.messages.new("OpTransferBlockProto"))
        transfer.targets.extend([self.nodes[2]])
        transfer.targetStorageTypes.extend([1])
        transfer.targetStorageIds.extend([self.storages[2]])
        peer = self.peer()
        peer.op(86, transfer)
        peer.answer()
        peer.end()

    def short_circuit(self):
        """What needs a domain socket, asked for over TCP."""
        slot = self.messages.new("ShortCircuitShmSlotProto")
        slot.shmId.hi, slot.shmId.lo, slot.slotIdx = 1, 2, 3
        access = self.messages.new("OpRequestShortCircuitAccessProto")
        access.header.block.CopyFrom(self.block.b)
        access.header.token.CopyFrom(self.block.blockToken)
        access.maxVersion = 1
        peer = self.peer()
        peer.op(87, access)
        peer.answer()
        peer.close()
        release = self.messages.new("ReleaseShortCircuitAccessRequestProto")
        release.slotId.CopyFrom(slot)
        peer = self.peer()
        peer.op(88, release)
        peer.answer("ReleaseShortCircuitAccessResponseProto")
        peer.close()
        memory = self.messages.new("ShortCircuitShmRequestProto")
        memory.clientName = CLIENT_NAME
        peer = self.peer()
        peer.op(89, memory)
        peer.answer("ShortCircuitShmResponseProto")
        peer.close()

    def nonsense(self):
        for code, version in ((81, 27), (99, wire.DATA_TRANSFER_VERSION)):
            peer = self.peer()
            peer.op(code, self.read_op(), version)
            peer.end()
        # The replica is there.
        peer = self.peer()
        peer.op(80, self.write_op([]))
        peer.end()


def data_by_hand(recording, messages, port):
    """Each operation of DataTransferProtocol, with its replies, packets and refusals."""
    scenario = DataScenario(recording, messages, port, "/by-hand")
    scenario.allocate()
    scenario.write()
    scenario.reads()
    scenario.checksums()
    scenario.nonsense()
    scenario.copies()  # the last: the NameNode deletes a replica then
    scenario.namenode.close()


def short_circuit(recording, messages, port):
    """Short-circuit reads are refused over TCP."""
    scenario = DataScenario(recording, messages, port, "/short-circuit")
    scenario.allocate()
    scenario.write()
    scenario.short_circuit()
    scenario.namenode.close()


def transfer(recording, messages, port):
    """A finished replica is transferred to a third DataNode."""
    scenario = DataScenario(recording, messages, port, "/transfer")
    scenario.allocate()
    scenario.write()
    scenario.transfer()
    scenario.namenode.close()


def wrong_checksum(recording, messages, port):
    """A packet whose checksums do not fit, and what the writer is told."""
    scenario = DataScenario(recording, messages, port, "/wrong-checksum")
    scenario.allocate()
    peer = scenario.peer()
    peer.op(80, scenario.write_op([]))
    peer.answer()
    peer.send("packet", packet(messages, 0, 0, bytes(CHUNK_BYTES), wrong=True))
    peer.receive("PipelineAckProto")
    peer.end()
    scenario.namenode.close()


BY_HAND = {"rpc-errors": rpc_errors, "data-by-hand": data_by_hand,
           "short-circuit": short_circuit, "transfer": transfer, "wrong-checksum": wrong_checksum}
