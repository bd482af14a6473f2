// Streams of the C library open, write and close by calls of its own, which cannot be hooked: an
// undo log that does not see them would be wrong, so a watched file must not be written that way.
#include <dlfcn.h>
#include <stdio.h>

#include <cstdlib>
#include <cstring>

#include <fcntl.h>

#include "tests/fault/shim/shim_state.h"

using namespace cairn::fault;  // NOLINT: the hooks below have the C library's names

namespace {

FILE* OpenStream(const char* path, const char* mode) {
  const bool writes = std::strpbrk(mode, "wa+") != nullptr;
  if (writes && IsWatched(AbsolutePath(AT_FDCWD, path))) {
    std::fprintf(stderr, "fault shim: %s is written as a stream, the undo log cannot see that\n",
                 path);
    std::abort();
  }
  using Function = FILE* (*)(const char*, const char*);
  static const auto real = reinterpret_cast<Function>(::dlsym(RTLD_NEXT, "fopen64"));
  return real(path, mode);
}

}  // namespace

extern "C" __attribute__((visibility("default"))) FILE* fopen(const char* path, const char* mode) {
  return OpenStream(path, mode);
}
extern "C" __attribute__((visibility("default"))) FILE* fopen64(const char* path,
                                                                const char* mode) {
  return OpenStream(path, mode);
}
// RocksDB's log of what it does is a stream over a descriptor: not worth keeping in a power cut,
// but the descriptor ends here.
extern "C" __attribute__((visibility("default"))) int fclose(FILE* stream) {
  Untrack(::fileno(stream));
  using Function = int (*)(FILE*);
  static const auto real = reinterpret_cast<Function>(::dlsym(RTLD_NEXT, "fclose"));
  return real(stream);
}
