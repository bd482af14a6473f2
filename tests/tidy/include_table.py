# Who may include whom: the table of the architecture, one row per folder. The longest matching row
# counts; a folder may always include itself. A trailing slash is part of the prefix.

MAY_INCLUDE = {
    "common/": ["common/"],
    "common/types/": ["common/"],
    "proto/": ["proto/"],
    "wire/": ["common/", "proto/"],
    "ipc/": ["common/", "wire/", "proto/hadoop/"],
    "namenode/": ["common/", "namenode/"],  # main, options and the composition root
    "namenode/meta/": ["common/", "proto/store/"],
    "namenode/blocks/": ["common/", "namenode/meta/"],
    "namenode/namespace/": ["common/", "namenode/meta/", "namenode/blocks/"],
    "namenode/monitors/": ["common/", "namenode/namespace/", "namenode/blocks/"],
    "namenode/fsck/": ["common/", "namenode/namespace/", "namenode/blocks/"],
    "namenode/admin/": ["common/", "namenode/meta/", "namenode/namespace/", "namenode/blocks/"],
    "namenode/frontend/": ["common/", "namenode/namespace/", "namenode/blocks/",
                           "namenode/admin/"],
    "namenode/grpc/": ["common/", "namenode/namespace/", "namenode/blocks/", "namenode/fsck/",
                       "namenode/frontend/", "namenode/admin/", "proto/cairn/", "wire/"],
    "namenode/http/": ["common/", "namenode/namespace/", "namenode/blocks/", "namenode/fsck/",
                       "namenode/frontend/", "namenode/admin/", "ipc/"],
    # A client of its own NameNode: bytes go through the client library only.
    "namenode/salvage/": ["common/", "namenode/namespace/", "namenode/fsck/", "client/"],
    "namenode/hadoop/": ["common/", "namenode/namespace/", "namenode/blocks/", "namenode/fsck/",
                         "namenode/frontend/", "namenode/admin/", "ipc/", "wire/",
                         "proto/hadoop/"],
    "datanode/": ["common/", "datanode/"],  # main, options and the composition root
    "datanode/store/": ["common/"],
    "datanode/shortcircuit/": ["common/", "wire/"],
    "datanode/transfer/": ["common/", "datanode/store/", "datanode/shortcircuit/", "wire/",
                           "proto/hadoop/"],
    "datanode/control/": ["common/", "datanode/store/", "ipc/", "proto/cairn/internal/",
                          "proto/hadoop/", "wire/"],
    "datanode/hadoop/": ["common/", "datanode/store/", "datanode/control/", "ipc/", "wire/",
                         "proto/hadoop/"],
    "client/": ["common/", "ipc/", "proto/", "wire/"],
    "tools/": ["common/", "client/"],
    "tools/meta_dump/": ["common/", "namenode/meta/"],
    "tests/": [""],
    "bench/": [""],
    "cmake/": [],
}

# Only includes of these are judged by the table; others are libraries.
PROJECT_FOLDERS = ("common/", "proto/", "wire/", "ipc/", "namenode/", "datanode/", "client/", "tools/",
                   "tests/", "bench/")

# Libraries whose types stay in some folders: how their headers begin, and where they may be used.
LIBRARIES = {
    "RocksDB": (("rocksdb/",), ("namenode/meta/",)),
    "gRPC": (("grpc/", "grpcpp/", ".grpc.pb.h"),
             ("proto/", "ipc/grpc/", "namenode/grpc/", "client/", "datanode/control/")),
    "Protocol Buffers": (("google/protobuf/", ".pb.h"),
                         ("proto/", "wire/", "ipc/", "namenode/meta/", "namenode/grpc/",
                          "namenode/hadoop/", "client/", "datanode/")),
}

# Configuration is read where a process is put together, and nowhere below.
CONFIGURATION = "common/config/"
READS_CONFIGURATION = ("common/config/", "tools/", "tests/", "bench/", "client/examples/")
COMPOSITION_FOLDERS = ("namenode", "datanode")  # files directly in them
