// RocksDB formats as printf does.
#include "namenode/meta/rocks_log.h"

#include <spdlog/spdlog.h>

#include <array>
#include <cstdio>

namespace cairn::namenode {

RocksLog::RocksLog() : Logger(rocksdb::WARN_LEVEL) {}

void RocksLog::Logv(const char* format, va_list arguments) {
  Logv(rocksdb::WARN_LEVEL, format, arguments);
}

void RocksLog::Logv(rocksdb::InfoLogLevel level, const char* format, va_list arguments) {
  if (level < GetInfoLogLevel() || level == rocksdb::HEADER_LEVEL) return;
  std::array<char, 1024> text;
  (void)std::vsnprintf(text.data(), text.size(), format, arguments);
  if (level >= rocksdb::ERROR_LEVEL) {
    spdlog::error("RocksDB: {}", text.data());
  } else {
    spdlog::warn("RocksDB: {}", text.data());
  }
}

}  // namespace cairn::namenode
