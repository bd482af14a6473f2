// What every FileSystem can do on top of its basic calls.
#include "common/file_system.h"

#include <filesystem>

#include "common/status_macros.h"

namespace cairn {

absl::StatusOr<std::string> FileSystem::ReadFile(const std::string& path, int64_t limit_bytes) {
  ASSIGN_OR_RETURN(const std::unique_ptr<File> file, Open(path, OpenMode::kRead));
  ASSIGN_OR_RETURN(const int64_t size, file->Size());
  if (size > limit_bytes) {
    return absl::ResourceExhaustedError(
        fmt::format("{} has {} bytes, more than the {} allowed here", path, size, limit_bytes));
  }
  std::string content(static_cast<size_t>(size), '\0');
  ASSIGN_OR_RETURN(const size_t got, file->ReadAt(0, content.size(), content.data()));
  content.resize(got);
  return content;
}

absl::Status FileSystem::WriteFileAtomically(const std::string& path, std::string_view content) {
  const std::string temporary = path + ".tmp";
  {
    ASSIGN_OR_RETURN(const std::unique_ptr<File> file,
                     Open(temporary, OpenMode::kCreateOrTruncate));
    RETURN_IF_ERROR(file->Append(content));
    RETURN_IF_ERROR(file->Sync());
  }
  RETURN_IF_ERROR(Rename(temporary, path));
  const std::string directory = std::filesystem::path(path).parent_path().string();
  return SyncDirectory(directory.empty() ? "." : directory);
}

}  // namespace cairn
