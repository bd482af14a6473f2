// Owner of the tests' precompiled header; see cmake/cairn.cmake.
