# The Debian packages: one for each component of the install rules.
set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_NAME cairn)
set(CPACK_PACKAGE_VENDOR "The Cairn authors")
set(CPACK_PACKAGE_CONTACT "The Cairn authors <cairn@localhost>")
set(CPACK_PACKAGE_VERSION ${PROJECT_VERSION})
set(CPACK_OUTPUT_FILE_PREFIX packages)
set(CPACK_STRIP_FILES ON)
set(CPACK_COMPONENTS_ALL namenode datanode client dev)
# The prefix is /usr whatever this build's is, and /etc is not below it.
set(CPACK_SET_DESTDIR ON)
set(CPACK_INSTALL_PREFIX /usr)

set(CPACK_DEB_COMPONENT_INSTALL ON)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)

set(CPACK_DEBIAN_CLIENT_PACKAGE_NAME cairn-client)
set(CPACK_DEBIAN_CLIENT_PACKAGE_SECTION utils)
set(CPACK_COMPONENT_CLIENT_DESCRIPTION "Shell of the Cairn distributed file system
The dfs command: copies files into and out of a cluster, lists, checks and
administers it. Also the configuration files in /etc/cairn.")
set(CPACK_DEBIAN_CLIENT_PACKAGE_CONTROL_EXTRA ${CMAKE_CURRENT_SOURCE_DIR}/debian/client/conffiles)

foreach(daemon namenode datanode)
  string(TOUPPER ${daemon} upper)
  set(CPACK_DEBIAN_${upper}_PACKAGE_NAME cairn-${daemon})
  set(CPACK_DEBIAN_${upper}_PACKAGE_SECTION net)
  set(CPACK_DEBIAN_${upper}_PACKAGE_DEPENDS "adduser, cairn-client (= ${PROJECT_VERSION})")
  set(CPACK_DEBIAN_${upper}_PACKAGE_CONTROL_EXTRA
    ${CMAKE_CURRENT_SOURCE_DIR}/debian/${daemon}/postinst
    ${CMAKE_CURRENT_SOURCE_DIR}/debian/${daemon}/prerm
    ${CMAKE_CURRENT_SOURCE_DIR}/debian/${daemon}/postrm)
endforeach()
set(CPACK_COMPONENT_NAMENODE_DESCRIPTION "NameNode of the Cairn distributed file system
Keeps the names, permissions and block locations of a cluster, and serves
Hadoop RPC and gRPC. With meta_dump, the inspector of its directories.")
set(CPACK_COMPONENT_DATANODE_DESCRIPTION "DataNode of the Cairn distributed file system
Keeps the blocks of files on the disks of its machine.")

set(CPACK_DEBIAN_DEV_PACKAGE_NAME libcairn-dev)
set(CPACK_DEBIAN_DEV_PACKAGE_SECTION libdevel)
set(CPACK_DEBIAN_DEV_PACKAGE_SHLIBDEPS OFF)
# The compilers because gRPC's CMake files insist on them.
set(CPACK_DEBIAN_DEV_PACKAGE_DEPENDS
  "libabsl-dev, libfmt-dev, libgrpc++-dev, libisal-dev, libprotobuf-dev, libpugixml-dev, libspdlog-dev, libssl-dev, protobuf-compiler, protobuf-compiler-grpc")
set(CPACK_DEBIAN_DEV_PACKAGE_SUGGESTS "cmake, pkg-config")
set(CPACK_COMPONENT_DEV_DESCRIPTION "Client library of the Cairn distributed file system
Headers and the static library for C++20 programs that use a Cairn cluster,
for find_package(Cairn) and pkg-config, with an example.")
include(CPack)
