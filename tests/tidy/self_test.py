#!/usr/bin/env python3
# Plants one violation of every rule and checks that tidy.py finds exactly it.
import os
import tempfile
import unittest

import cpp
import tidy

GOOD_CMAKE = "cairn_library(x SRCS good.cc)\n"
GOOD_SOURCE = "// A good file.\n#include \"common/good.h\"\n\nint F() { return 1; }\n"
GOOD_HEADER = "// A good header.\n#pragma once\n\n// Says what it is.\nclass Good {};\n"


class TidyTest(unittest.TestCase):
    def setUp(self):
        self.directory = tempfile.TemporaryDirectory()
        self.addCleanup(self.directory.cleanup)
        self.root = self.directory.name
        self.write("common/CMakeLists.txt", GOOD_CMAKE)
        self.write("common/good.cc", GOOD_SOURCE)
        self.write("common/good.h", GOOD_HEADER)

    def write(self, path, text):
        full = os.path.join(self.root, path)
        os.makedirs(os.path.dirname(full), exist_ok=True)
        with open(full, "w", encoding="utf-8") as opened:
            opened.write(text)
        folder, name = os.path.split(path)
        if name.endswith(".cc") and name != "unbuilt.cc":
            with open(os.path.join(self.root, folder, "CMakeLists.txt"), "a",
                      encoding="utf-8") as opened:
                opened.write(f"cairn_library(y SRCS {name})\n")

    def rules_broken(self, excused=None):
        return sorted({v.rule for v in tidy.check(self.root, excused=excused or {})})

    def test_a_good_tree_passes(self):
        self.assertEqual(self.rules_broken(), [])

    def test_long_files(self):
        self.write("common/long.h", GOOD_HEADER + "\n// x\n" * 150)
        self.assertIn("file-length", self.rules_broken())

    def test_long_functions(self):
        body = "".join(f"  a({i});\n" for i in range(70))
        self.write("common/long.cc", f"// Long.\nvoid F(int x) {{\n{body}}}\n")
        self.assertEqual(self.rules_broken(), ["function-length"])

    def test_full_folders(self):
        for i in range(26):
            self.write(f"common/f{i}.cc", "// One.\n")
        self.assertEqual(self.rules_broken(), ["folder-size"])

    def test_long_lines(self):
        self.write("common/wide.cc", "// " + "x" * 100 + "\n")
        self.assertEqual(self.rules_broken(), ["columns"])

    def test_includes_outside_the_table(self):
        for path, header in [("common/a.cc", "namenode/meta/x.h"),
                             ("common/types/b.cc", "wire/x.h"),
                             ("namenode/grpc/a.cc", "namenode/hadoop/x.h"),
                             ("namenode/hadoop/a.cc", "namenode/grpc/x.h"),
                             ("namenode/blocks/a.cc", "namenode/namespace/x.h"),
                             ("datanode/store/a.cc", "wire/transfer/x.h"),
                             ("client/a.cc", "namenode/meta/x.h"),
                             ("nowhere/a.cc", "common/good.h")]:
            with self.subTest(path):
                self.write(path, f'// Strays.\n#include "{header}"\n')
                self.assertEqual(self.rules_broken(), ["include"])
                os.remove(os.path.join(self.root, path))

    def test_includes_inside_the_table(self):
        for path, header in [("namenode/grpc/a.cc", "proto/cairn/v1/x.h"),
                             ("namenode/main.cc", "namenode/grpc/x.h"),
                             ("client/a.cc", "wire/transfer/x.h"),
                             ("tests/cluster/a.cc", "namenode/namenode.h"),
                             ("namenode/meta/a_test.cc", "common/testing/x.h")]:
            with self.subTest(path):
                self.write(path, f'// Fine.\n#include "{header}"\nvoid F() {{ EXPECT_EQ(1, 1); }}\n')
                self.assertEqual(self.rules_broken(), [])

    def test_libraries_outside_their_folders(self):
        for path, header in [("common/a.cc", "rocksdb/db.h"), ("datanode/store/a.cc", "grpcpp/x.h"),
                             ("common/b.cc", "google/protobuf/message.h"),
                             ("datanode/store/b.cc", "proto/x.grpc.pb.h")]:
            with self.subTest(path):
                self.write(path, f"// Uses a library.\n#include <{header}>\n")
                self.assertEqual(self.rules_broken(), ["library"])
                os.remove(os.path.join(self.root, path))

    def test_configuration_below_main(self):
        text = '// Reads.\n#include "common/config/configuration.h"\n'
        for path in ["namenode/main.cc", "namenode/options.cc", "tools/dfs/shell.cc"]:
            self.write(path, text)
        self.assertEqual(self.rules_broken(), [])
        self.write("namenode/blocks/planner.cc", text)
        self.assertEqual(self.rules_broken(), ["configuration"])

    def test_undocumented_classes(self):
        self.write("common/bare.h", "// A header.\n#pragma once\n\nclass Forward;\n\nclass Bare {};\n")
        self.assertEqual(self.rules_broken(), ["documented"])

    def test_files_that_nothing_builds(self):
        self.write("common/unbuilt.cc", "// Forgotten.\n")
        self.assertEqual(self.rules_broken(), ["built"])

    def test_missing_opening_comments(self):
        self.write("common/bare.cc", "int x;\n")
        self.assertEqual(self.rules_broken(), ["opening-comment"])

    def test_bare_todos(self):
        self.write("common/todo.cc", "// A file.\n// TODO: fix\nint x;\n")
        self.assertEqual(self.rules_broken(), ["todo"])

    def test_tests_that_cannot_fail(self):
        self.write("common/x_test.cc", "// A test.\nvoid F() {}\n")
        self.assertEqual(self.rules_broken(), ["asserting"])

    def test_unformatted_code(self):
        self.write("common/ugly.cc", "// Ugly.\nint  x  =  1;\n")
        self.assertEqual(self.rules_broken(), ["format"])

    def test_exceptions_excuse_and_must_be_needed(self):
        self.write("common/bare.cc", "int x;\n")
        key = ("opening-comment", "common/bare.cc")
        self.assertEqual(self.rules_broken({key: "a reason"}), [])
        self.assertEqual(self.rules_broken({key: "a reason", ("todo", "common/bare.cc"): "?"}),
                         ["exceptions"])


class CppTest(unittest.TestCase):
    def names(self, text):
        return [name for name, _, _ in cpp.functions(cpp.blank_out(text))]

    def test_functions_are_found_through_the_syntax_around_them(self):
        text = '''
namespace a {
class C : public B<int> {
 public:
  C() : x_(1), y_{2} {}
  int Get() const { return [&] { return x_; }(); }
};
template <typename T>
T Free(T t) {
  if (t) { return "}"; }
  return 1'000;
}
struct S { int x = 0; };
const int kTable[] = {1, 2, 3};
auto raw = R"(void NotOne() {)";
TEST(Suite, Name) { EXPECT_TRUE(f({1, 2})); }
}  // namespace a
'''
        found = self.names(text)
        for name in ["Get", "Free", "TEST"]:
            self.assertIn(name, found)
        self.assertNotIn("NotOne", found)

    def test_lengths_count_the_signature(self):
        ((_, first, last),) = cpp.functions("int F(int a,\n      int b) {\n  return 1;\n}\n")
        self.assertEqual((first, last), (1, 4))

    def test_literals_and_comments_are_blank(self):
        self.assertEqual(cpp.blank_out('a = "{"; // }\nb = \'{\';').replace(" ", ""), "a=;\nb=;")


if __name__ == "__main__":
    unittest.main()
