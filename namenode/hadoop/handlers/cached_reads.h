// The reads that are made most, answered from what is cached (CachedRead in front_end.h): requests
// are read where they lie, and responses written, without messages. They answer what the handlers
// of the same names answer (handlers.h), to the byte.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "namenode/frontend/call.h"

namespace cairn::namenode::hadoop_handlers {

std::optional<std::string_view> GetFileInfoFromCache(const FrontEndCore& core, const Caller& caller,
                                                     std::string_view request, std::string& room);
std::optional<std::string_view> GetListingFromCache(const FrontEndCore& core, const Caller& caller,
                                                    std::string_view request, std::string& room);
std::optional<std::string_view> GetBlockLocationsFromCache(const FrontEndCore& core,
                                                           const Caller& caller,
                                                           std::string_view request,
                                                           std::string& room);

}  // namespace cairn::namenode::hadoop_handlers
