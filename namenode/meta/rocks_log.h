// RocksDB's own messages.
#pragma once

#include <rocksdb/env.h>

#include <cstdarg>

namespace cairn::namenode {

// Passes warnings and errors on to the daemon's log. RocksDB has no log file then: a write to it
// that failed would end the process, though nothing of worth is lost. Thread-safe.
class RocksLog : public rocksdb::Logger {
 public:
  RocksLog();
  void Logv(const char* format, va_list arguments) override;
  void Logv(rocksdb::InfoLogLevel level, const char* format, va_list arguments) override;
};

}  // namespace cairn::namenode
