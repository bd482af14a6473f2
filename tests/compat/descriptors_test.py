#!/usr/bin/env python3
"""Our .proto files say the same as the descriptors inside Hadoop's jars.

Every message, enum, field and value of proto/hadoop must be there with the same number, type, label
and default, and no required field may be missing from ours. What Cairn adds stands in
EXTENSIONS with its reason; an entry that is not needed is an error.
"""
import glob
import os
import subprocess

import harness
import paths
from google.protobuf import descriptor_pb2

# Outer classes of the generated code, below org.apache.hadoop.
HADOOP_CLASSES = [
    "hdfs.protocol.proto." + name + "Protos" for name in (
        "ClientNamenodeProtocol", "ClientDatanodeProtocol", "ReconfigurationProtocol",
        "DataTransfer", "DatanodeProtocol", "InterDatanodeProtocol", "NamenodeProtocol",
        "DatanodeLifelineProtocol", "EncryptionZones", "ErasureCoding", "Acl", "XAttr", "Inotify")
] + [
    "ipc.protobuf.RpcHeaderProtos", "ipc.protobuf.IpcConnectionContextProtos",
    "ipc.protobuf.ProtobufRpcEngine2Protos", "ipc.protobuf.ProtocolInfoProtos",
    "ipc.proto.RefreshCallQueueProtocolProtos", "ipc.proto.GenericRefreshProtocolProtos",
    "security.proto.SecurityProtos", "security.proto.RefreshAuthorizationPolicyProtocolProtos",
    "security.proto.RefreshUserMappingsProtocolProtos", "tools.proto.GetUserMappingsProtocolProtos",
    "ha.proto.HAServiceProtocolProtos", "fs.FSProtos",
]

# Full name of a message, enum, field or value of ours that Hadoop does not have -> why it is there.
EXTENSIONS = {
    "hadoop.hdfs.InitReplicaRecoveryResponseProto.mayHaveLostBytes":
        "a recovery must know which replicas have every acknowledged byte (decision 6)",
}

Field = descriptor_pb2.FieldDescriptorProto


def index(files):
    """Messages and enums of a FileDescriptorSet by full name, nested ones included."""
    messages, enums = {}, {}

    def add(prefix, message):
        name = f"{prefix}.{message.name}"
        messages[name] = message
        for nested in message.nested_type:
            add(name, nested)
        for nested in message.enum_type:
            enums[f"{name}.{nested.name}"] = nested

    for file in files.file:
        for message in file.message_type:
            add(file.package, message)
        for enum in file.enum_type:
            enums[f"{file.package}.{enum.name}"] = enum
    return messages, enums


def hadoops(work):
    target = os.path.join(work, "hadoop.desc")
    conf = os.path.join(work, "conf")
    harness.write_conf(conf, {})
    log = os.path.join(work, "descriptors.log")
    status, _ = harness.run_java(conf, "cairn.compat.Descriptors", [target, *HADOOP_CLASSES], log)
    harness.check(status == 0, f"reading Hadoop's descriptors failed:\n{harness.tail(log)}")
    return read(target)


def ours(work):
    target = os.path.join(work, "cairn.desc")
    sources = sorted(glob.glob(os.path.join(paths.ROOT, "proto", "hadoop", "*.proto")))
    subprocess.run(["protoc", f"-I{paths.ROOT}", f"--descriptor_set_out={target}",
                    "--include_imports", *sources], check=True)
    return read(target)


def read(path):
    files = descriptor_pb2.FileDescriptorSet()
    with open(path, "rb") as file:
        files.ParseFromString(file.read())
    return files


def described(field):
    label = {Field.LABEL_OPTIONAL: "optional", Field.LABEL_REQUIRED: "required",
             Field.LABEL_REPEATED: "repeated"}[field.label]
    kind = field.type_name.lstrip(".") or Field.Type.Name(field.type)[5:].lower()
    packed = " packed" if field.options.packed else ""
    default = f" default={field.default_value}" if field.HasField("default_value") else ""
    return f"{label}{packed} {kind} {field.name} = {field.number}{default}"


class Comparison:
    """Collects the differences and which extensions explained one."""

    def __init__(self):
        self.problems = []
        self.used = set()
        self.compared = 0

    def missing(self, name, what):
        if name in EXTENSIONS:
            self.used.add(name)
        else:
            self.problems.append(f"{name}: {what} that Hadoop does not have; give the reason in "
                                 "EXTENSIONS if it is meant")

    def message(self, name, mine, theirs):
        by_number = {field.number: field for field in theirs.field}
        by_name = {field.name: field for field in theirs.field}
        for field in mine.field:
            self.compared += 1
            other = by_number.get(field.number)
            if other is None and field.name not in by_name:
                self.missing(f"{name}.{field.name}", f"a field ({field.number})")
            elif other is None or described(field) != described(other):
                other = other or by_name[field.name]
                self.problems.append(f"{name}: ours is [{described(field)}], Hadoop's is "
                                     f"[{described(other)}]")
        numbers = {field.number for field in mine.field}
        for field in theirs.field:
            if field.label == Field.LABEL_REQUIRED and field.number not in numbers:
                self.problems.append(f"{name}: lacks [{described(field)}]")

    def enum(self, name, mine, theirs):
        names = {value.number: value.name for value in theirs.value}
        for value in mine.value:
            self.compared += 1
            if value.number not in names:
                self.missing(f"{name}.{value.name}", f"a value ({value.number})")
            elif names[value.number] != value.name:
                self.problems.append(f"{name}: {value.number} is {value.name}, with Hadoop "
                                     f"{names[value.number]}")

    def all(self, mine, theirs, compare, what):
        for name, item in sorted(mine.items()):
            if name in theirs:
                compare(name, item, theirs[name])
            else:
                self.missing(name, what)


def body(work, _):
    hadoop_messages, hadoop_enums = index(hadoops(work))
    messages, enums = index(ours(work))
    found = Comparison()
    found.all(messages, hadoop_messages, found.message, "a message")
    found.all(enums, hadoop_enums, found.enum, "an enum")
    for name in sorted(set(EXTENSIONS) - found.used):
        found.problems.append(f"{name}: stands in EXTENSIONS and is no extension")
    print(f"{len(messages)} messages and {len(enums)} enums of ours, {found.compared} fields and "
          f"values, against {len(hadoop_messages)} and {len(hadoop_enums)} of Hadoop")
    harness.check(len(messages) > 200 and found.compared > 500, "the comparison saw too little")
    harness.check(not found.problems, "differences:\n  " + "\n  ".join(found.problems))


harness.main("descriptors", body)
