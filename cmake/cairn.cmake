# The three ways a target is declared. Warnings, the thread-safety analysis and sanitizers are set here once.

add_library(cairn_options INTERFACE)
target_include_directories(cairn_options INTERFACE ${CMAKE_SOURCE_DIR} ${CMAKE_BINARY_DIR}/gen)
target_compile_options(cairn_options INTERFACE
  -Wall -Wextra -Wno-unused-parameter -Werror=thread-safety -Werror=unused-result -Werror=return-type
  -fno-omit-frame-pointer -pthread)  # -pthread: as gRPC's targets, or the precompiled header does not fit
if(CAIRN_SANITIZE STREQUAL "address")
  target_compile_options(cairn_options INTERFACE -fsanitize=address,undefined -fno-sanitize-recover=all)
  target_link_options(cairn_options INTERFACE -fsanitize=address,undefined)
elseif(CAIRN_SANITIZE STREQUAL "thread")
  target_compile_options(cairn_options INTERFACE -fsanitize=thread)
  target_link_options(cairn_options INTERFACE -fsanitize=thread)
endif()
if(CAIRN_FUZZ)
  target_compile_options(cairn_options INTERFACE -fsanitize=fuzzer-no-link)
endif()
target_link_options(cairn_options INTERFACE -fuse-ld=lld)

# The allocator of the daemons (docs/decisions/0010-tcmalloc.md). Sanitizers bring their own.
add_library(cairn_malloc INTERFACE)
if(NOT CAIRN_SANITIZE)
  target_link_libraries(cairn_malloc INTERFACE ${TCMALLOC_LIBRARY})
  target_sources(cairn_malloc INTERFACE ${CMAKE_SOURCE_DIR}/common/malloc/huge_pages.cc)
endif()

# One precompiled header for the whole project: what nearly every source includes anyway.
add_library(cairn_pch OBJECT ${CMAKE_SOURCE_DIR}/cmake/pch.cc)
target_link_libraries(cairn_pch PRIVATE cairn_options absl::status absl::statusor fmt::fmt)
target_compile_options(cairn_pch PRIVATE -Xclang -fno-pch-timestamp)
target_precompile_headers(cairn_pch PRIVATE
  <algorithm> <atomic> <cstdint> <functional> <map> <memory> <optional> <string> <string_view>
  <utility> <vector> <absl/status/status.h> <absl/status/statusor.h> <fmt/format.h>)

# The same for tests, which also all include gtest and gmock.
add_library(cairn_test_pch OBJECT ${CMAKE_SOURCE_DIR}/cmake/test_pch.cc)
target_link_libraries(cairn_test_pch PRIVATE cairn_options absl::status absl::statusor fmt::fmt GTest::gmock)
target_compile_options(cairn_test_pch PRIVATE -Xclang -fno-pch-timestamp)
target_precompile_headers(cairn_test_pch PRIVATE
  <algorithm> <atomic> <cstdint> <functional> <map> <memory> <optional> <string> <string_view>
  <utility> <vector> <absl/status/status.h> <absl/status/statusor.h> <fmt/format.h>
  <gmock/gmock.h> <gtest/gtest.h>)

# cairn_library(NAME SRCS a.cc … DEPS lib … [PRIVATE_DEPS lib …])
function(cairn_library name)
  cmake_parse_arguments(ARG "" "" "SRCS;DEPS;PRIVATE_DEPS" ${ARGN})
  add_library(${name} STATIC ${ARG_SRCS})
  target_link_libraries(${name} PUBLIC cairn_options ${ARG_DEPS} PRIVATE ${ARG_PRIVATE_DEPS})
  target_precompile_headers(${name} REUSE_FROM cairn_pch)
endfunction()

# cairn_binary(NAME SRCS … DEPS …): an executable in build/bin.
function(cairn_binary name)
  cmake_parse_arguments(ARG "" "" "SRCS;DEPS" ${ARGN})
  add_executable(${name} ${ARG_SRCS})
  target_link_libraries(${name} PRIVATE cairn_options ${ARG_DEPS})
  target_precompile_headers(${name} REUSE_FROM cairn_pch)
endfunction()

# What the sanitizer builds build: see build_sanitizers in ./dev.
add_custom_target(core_tests)
add_custom_target(fuzzers)

# cairn_test(NAME SRCS foo_test.cc … DEPS … [LABELS unit] [TIMEOUT seconds]): one gtest binary per folder,
# one ctest entry per binary (gtest's own output names the failing case). Label "core" = also run under sanitizers.
function(cairn_test name)
  cmake_parse_arguments(ARG "" "TIMEOUT" "SRCS;DEPS;LABELS" ${ARGN})
  if(NOT ARG_LABELS)
    set(ARG_LABELS unit core)
  endif()
  if(NOT ARG_TIMEOUT)
    set(ARG_TIMEOUT 120)
  endif()
  add_executable(${name} ${ARG_SRCS})
  set_target_properties(${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/tests)
  target_link_libraries(${name} PRIVATE cairn_options ${ARG_DEPS} GTest::gmock GTest::gtest_main)
  target_precompile_headers(${name} REUSE_FROM cairn_test_pch)
  if("core" IN_LIST ARG_LABELS)
    add_dependencies(core_tests ${name})
  endif()
  add_test(NAME ${name} COMMAND ${name} --gtest_brief=1)
  set_tests_properties(${name} PROPERTIES LABELS "${ARG_LABELS}" TIMEOUT ${ARG_TIMEOUT})
endfunction()

# cairn_fuzzer(NAME SRCS … DEPS …): a libFuzzer target, run for a bounded time by ./dev test (label fuzz).
function(cairn_fuzzer name)
  if(NOT CAIRN_FUZZ)
    return()
  endif()
  cmake_parse_arguments(ARG "" "" "SRCS;DEPS" ${ARGN})
  add_executable(${name} ${ARG_SRCS})
  set_target_properties(${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/fuzz)
  target_link_libraries(${name} PRIVATE cairn_options ${ARG_DEPS} -fsanitize=fuzzer)
  target_precompile_headers(${name} REUSE_FROM cairn_pch)
  add_dependencies(fuzzers ${name})
  add_test(NAME ${name} COMMAND ${name} -max_total_time=10 -rss_limit_mb=1024 -timeout=10 -print_final_stats=0)
  set_tests_properties(${name} PROPERTIES LABELS fuzz TIMEOUT 60)
endfunction()

# cairn_proto(NAME PROTOS a.proto … [GRPC] [DEPS lib …]): C++ from protos in the current folder, generated below build/gen so that
# includes read "proto/…/a.pb.h".
function(cairn_proto name)
  cmake_parse_arguments(ARG "GRPC" "" "PROTOS;DEPS" ${ARGN})
  set(srcs)
  foreach(proto ${ARG_PROTOS})
    file(RELATIVE_PATH rel ${CMAKE_SOURCE_DIR} ${CMAKE_CURRENT_SOURCE_DIR}/${proto})
    string(REGEX REPLACE "\\.proto$" "" stem ${rel})
    set(outs ${CMAKE_BINARY_DIR}/gen/${stem}.pb.cc ${CMAKE_BINARY_DIR}/gen/${stem}.pb.h)
    set(args --cpp_out=${CMAKE_BINARY_DIR}/gen)
    if(ARG_GRPC)
      list(APPEND outs ${CMAKE_BINARY_DIR}/gen/${stem}.grpc.pb.cc ${CMAKE_BINARY_DIR}/gen/${stem}.grpc.pb.h)
      list(APPEND args --grpc_out=${CMAKE_BINARY_DIR}/gen --plugin=protoc-gen-grpc=${GRPC_CPP_PLUGIN})
    endif()
    file(MAKE_DIRECTORY ${CMAKE_BINARY_DIR}/gen)
    add_custom_command(OUTPUT ${outs}
      COMMAND ${PROTOC} -I ${CMAKE_SOURCE_DIR} ${args} ${CMAKE_SOURCE_DIR}/${rel}
      DEPENDS ${CMAKE_SOURCE_DIR}/${rel} COMMENT "protoc ${rel}")
    list(APPEND srcs ${outs})
  endforeach()
  add_library(${name} STATIC ${srcs})
  set(libs protobuf::libprotobuf)
  if(ARG_GRPC)
    list(APPEND libs gRPC::grpc++)
  endif()
  target_link_libraries(${name} PUBLIC cairn_options ${libs} ${ARG_DEPS})
  target_compile_options(${name} PRIVATE -w)
endfunction()
