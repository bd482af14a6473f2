// Has tcmalloc take its memory from the system in huge pages: a NameNode touches inodes all over
// its heap, and every other touch of a small page misses the TLB. Part of every daemon that is
// linked with tcmalloc (cmake/cairn.cmake).
#include <gperftools/malloc_extension.h>
#include <sys/mman.h>

#include <cstddef>
#include <cstdint>
#include <mutex>
#include <new>

namespace {

constexpr size_t kHugePageBytes = 2 << 20;
// Address space is taken in pieces of this size; memory only where it is used.
constexpr size_t kRegionBytes = 64 << 20;

size_t RoundUp(size_t value, size_t multiple) {
  return (value + multiple - 1) / multiple * multiple;
}

// tcmalloc calls it under a lock of its own and never gives memory back to it. Must not allocate.
class HugePageAllocator final : public SysAllocator {
 public:
  void* Alloc(size_t size, size_t* actual_size, size_t alignment) override {
    const std::lock_guard lock(mu_);
    size = RoundUp(size, kHugePageBytes);
    uintptr_t begin = RoundUp(next_, alignment);
    if (begin + size > end_) {
      const size_t region = RoundUp(size + alignment, kRegionBytes);
      void* const mapped = ::mmap(nullptr, region + kHugePageBytes, PROT_READ | PROT_WRITE,
                                  MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
      if (mapped == MAP_FAILED) return nullptr;
      next_ = RoundUp(reinterpret_cast<uintptr_t>(mapped), kHugePageBytes);
      end_ = next_ + region;
      // A system without huge pages refuses; small ones do as well.
      (void)::madvise(reinterpret_cast<void*>(next_), region, MADV_HUGEPAGE);
      begin = RoundUp(next_, alignment);
    }
    next_ = begin + size;
    if (actual_size != nullptr) *actual_size = size;
    return reinterpret_cast<void*>(begin);
  }

 private:
  std::mutex mu_;
  uintptr_t next_ = 0;  // of the region's address space
  uintptr_t end_ = 0;
};

// Never destroyed: memory is allocated until the very end.
[[maybe_unused]] const bool installed = [] {
  alignas(HugePageAllocator) static char memory[sizeof(HugePageAllocator)];
  MallocExtension::instance()->SetSystemAllocator(new (memory) HugePageAllocator);
  return true;
}();

}  // namespace
