// Owner of the project-wide precompiled header; see cmake/cairn.cmake.
