#!/usr/bin/env python3
"""The Debian packages of this build, unpacked: what is in them, and whether it works from there. Usage: packages_test.py BUILD_DIR"""
import glob
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
BUILD = os.path.abspath(sys.argv.pop(1))
PACKAGES = ("cairn-client", "cairn-datanode", "cairn-namenode", "libcairn-dev")
MAX_INSTALLED_KIB = 60 * 1024
# What a program begins with; every other installed header is there because one of these includes it.
ENTRY_HEADERS = ("client/dfs_client.h", "common/config/generic_options.h", "common/server/logging.h",
                 "common/status_macros.h", "common/types/errors.h")
READY_S = 60


def output(*command, **options):
    return subprocess.run(command, check=True, capture_output=True, text=True, **options).stdout


def package(name):
    (path,) = glob.glob(os.path.join(BUILD, "packages", f"{name}_*.deb"))
    return path


def free_ports(count):
    sockets = [socket.socket() for _ in range(count)]
    try:
        for one in sockets:
            one.bind(("127.0.0.1", 0))
        return [one.getsockname()[1] for one in sockets]
    finally:
        for one in sockets:
            one.close()


class Unit:
    """A systemd unit as far as it says how the daemon is run."""

    def __init__(self, root, daemon):
        self.path = f"{root}/usr/lib/systemd/system/cairn-{daemon}.service"
        with open(self.path, encoding="utf-8") as opened:
            lines = [line.strip() for line in opened if line.strip() and line[0] not in "#["]
        self.settings = [tuple(line.split("=", 1)) for line in lines]

    def get(self, key):
        (value,) = [value for name, value in self.settings if name == key]
        return value


class Unpacked(unittest.TestCase):
    """All packages unpacked into one folder, as into the root of a machine."""
    root = ""

    @classmethod
    def setUpClass(cls):
        if not Unpacked.root:
            Unpacked.root = tempfile.mkdtemp(prefix="cairn-packages-")
            unittest.addModuleCleanup(shutil.rmtree, Unpacked.root)
            for name in PACKAGES:
                subprocess.run(["dpkg-deb", "-x", package(name), Unpacked.root], check=True)


class Contents(Unpacked):
    def test_every_package_has_its_files_and_no_others(self):
        for name in PACKAGES:
            with open(f"{HERE}/contents/{name}.txt", encoding="utf-8") as opened:
                expected = opened.read().split()
            listed = [line.split()[5][1:] for line in output("dpkg-deb", "-c", package(name)).splitlines()
                      if not line.startswith("d")]
            self.assertEqual(sorted(listed), expected, name)

    def test_everything_belongs_to_root_and_is_writable_by_it_alone(self):
        for name in PACKAGES:
            for line in output("dpkg-deb", "-c", package(name)).splitlines():
                mode, owner = line.split()[:2]
                self.assertEqual(owner, "root/root", line)
                self.assertEqual(mode[5] + mode[8], "--", line)

    def test_dependencies(self):
        depends = {name: output("dpkg-deb", "-f", package(name), "Depends") for name in PACKAGES}
        version = output("dpkg-deb", "-f", package("cairn-client"), "Version").strip()
        for name in ("cairn-namenode", "cairn-datanode"):
            self.assertIn(f"cairn-client (= {version})", depends[name])
            self.assertIn("adduser", depends[name])
            self.assertIn("libtcmalloc-minimal4", depends[name])
        for name in ("cairn-client", "cairn-namenode", "cairn-datanode"):
            self.assertRegex(depends[name], r"libgrpc\+\+1\.\d+ \(>= ")
            self.assertNotIn("-dev", depends[name])
        self.assertIn("libgrpc++-dev", depends["libcairn-dev"])

    def test_they_are_small(self):
        size = sum(int(output("dpkg-deb", "-f", package(name), "Installed-Size")) for name in PACKAGES)
        self.assertLess(size, MAX_INSTALLED_KIB)

    def test_programs_are_stripped_and_look_for_libraries_in_the_usual_places(self):
        programs = glob.glob(f"{self.root}/usr/bin/*")
        self.assertEqual(len(programs), 4)
        for program in programs:
            self.assertNotIn(".debug_info", output("readelf", "-SW", program))
            self.assertNotRegex(output("readelf", "-d", program), "RPATH|RUNPATH")

    def test_nothing_of_the_machine_that_built_it_is_left(self):
        source = os.path.dirname(os.path.dirname(HERE)).encode()
        for folder, _, names in os.walk(f"{self.root}/usr/lib"):
            for name in names:
                if not name.endswith(".a"):
                    with open(os.path.join(folder, name), "rb") as opened:
                        self.assertNotIn(source, opened.read(), name)

    def test_maintainer_scripts_are_shell_and_stop_at_errors(self):
        for name in ("cairn-namenode", "cairn-datanode"):
            with tempfile.TemporaryDirectory() as control:
                subprocess.run(["dpkg-deb", "-e", package(name), control], check=True)
                for script in ("postinst", "prerm", "postrm"):
                    path = os.path.join(control, script)
                    self.assertTrue(os.access(path, os.X_OK), script)
                    subprocess.run(["sh", "-n", path], check=True)
                    with open(path, encoding="utf-8") as opened:
                        self.assertIn("\nset -e\n", opened.read())
        self.assertEqual(output("dpkg-deb", "-I", package("cairn-client"), "conffiles").split(),
                         ["/etc/cairn/core-site.xml", "/etc/cairn/hdfs-site.xml"])


class Units(Unpacked):
    def test_they_run_a_packaged_program_as_the_account_that_the_package_makes(self):
        for daemon in ("namenode", "datanode"):
            unit = Unit(self.root, daemon)
            self.assertTrue(os.access(f"{self.root}/usr/bin/{unit.get('ExecStart')}", os.X_OK))
            scripts = output("dpkg-deb", "-I", package(f"cairn-{daemon}"), "postinst")
            self.assertRegex(scripts, rf"adduser --system --group .* {unit.get('User')}\n")
            self.assertEqual(unit.get("StateDirectory"), "cairn")

    def test_they_are_sandboxed(self):
        wanted = {"NoNewPrivileges": "yes", "ProtectSystem": "strict", "ProtectHome": "yes",
                  "PrivateTmp": "yes", "PrivateDevices": "yes", "CapabilityBoundingSet": "",
                  "MemoryDenyWriteExecute": "yes", "RestrictNamespaces": "yes",
                  "SystemCallArchitectures": "native"}
        for daemon in ("namenode", "datanode"):
            unit = Unit(self.root, daemon)
            self.assertEqual({key: unit.get(key) for key in wanted}, wanted)
            self.assertIn(("SystemCallFilter", "@system-service"), unit.settings)


class Running(Unpacked):
    """A cluster from the unpacked programs, configuration and units; ports and places by the environment."""

    def setUp(self):
        self.data = tempfile.mkdtemp(prefix="cairn-packages-data-")
        self.addCleanup(shutil.rmtree, self.data)
        self.daemons = []
        self.addCleanup(self.kill_all)
        for attempt in range(3):  # another process may take a port meanwhile
            try:
                self.start()
                return
            except subprocess.CalledProcessError:
                self.kill_all()
                shutil.rmtree(f"{self.data}/dfs", ignore_errors=True)
                if attempt == 2:
                    raise

    def start(self):
        rpc, grpc = free_ports(2)
        self.environment = {
            "PATH": f"{self.root}/usr/bin:{os.environ['PATH']}", "LANG": "C.UTF-8",
            "CAIRN_CONF_fs_defaultFS": f"hdfs://127.0.0.1:{rpc}",
            "CAIRN_CONF_cairn_namenode_grpc__address": f"127.0.0.1:{grpc}",
            "CAIRN_CONF_dfs_namenode_http__address": "127.0.0.1:0",
            "CAIRN_CONF_dfs_datanode_address": "127.0.0.1:0",
            "CAIRN_CONF_dfs_datanode_ipc_address": "127.0.0.1:0",
            "CAIRN_CONF_dfs_replication": "1",
            "CAIRN_CONF_hadoop_tmp_dir": self.data}
        self.run_daemon("namenode", "-formatIfEmpty")
        self.run_daemon("datanode")
        self.dfs("admin", "wait", "--datanodes", "1", "--timeout", str(READY_S))

    def run_daemon(self, daemon, *arguments):
        unit = Unit(self.root, daemon)
        variable, value = unit.get("Environment").split("=", 1)
        environment = dict(self.environment, **{variable: self.root + value})
        with open(f"{self.data}/{daemon}.log", "ab") as log:
            self.daemons.append(subprocess.Popen([unit.get("ExecStart"), *arguments], env=environment,
                                                 stdout=log, stderr=log))

    def kill_all(self):
        for daemon in self.daemons:
            daemon.kill()
            daemon.wait()
        self.daemons = []

    def dfs(self, *arguments):
        return output("dfs", *arguments, env=dict(self.environment, HADOOP_CONF_DIR=f"{self.root}/etc/cairn"))

    def test_the_daemons_serve_and_stop_and_find_their_data_again(self):
        self.dfs("put", __file__, "/here")
        with open(__file__, encoding="utf-8") as opened:
            text = opened.read()
        self.assertEqual(self.dfs("cat", "/here"), text)
        for daemon in reversed(self.daemons):
            daemon.send_signal(signal.SIGTERM)
            self.assertEqual(daemon.wait(timeout=READY_S), 0)
        self.daemons = []
        self.assertEqual(sorted(os.listdir(f"{self.data}/dfs")), ["data", "name"])
        self.start()
        self.assertEqual(self.dfs("cat", "/here"), text)

    def test_a_program_built_against_the_library_reads_and_counts(self):
        self.dfs("put", f"{self.root}/usr/share/doc/cairn-client/copyright", "/text")
        build = f"{self.data}/example"
        compiler = shutil.which("g++") or "clang++-16"
        subprocess.run(["cmake", "-G", "Ninja", "-B", build,
                        "-S", f"{self.root}/usr/share/cairn/examples/wordcount",
                        f"-DCMAKE_PREFIX_PATH={self.root}/usr", f"-DCMAKE_CXX_COMPILER={compiler}"],
                       check=True, stdout=subprocess.DEVNULL)
        subprocess.run(["cmake", "--build", build], check=True, stdout=subprocess.DEVNULL)
        counted = output(f"{build}/wordcount", "/text", env=self.environment)
        with open(f"{self.root}/usr/share/doc/cairn-client/copyright", encoding="utf-8") as opened:
            self.assertEqual(counted.splitlines()[0], f"words: {len(opened.read().split())}")


class Library(Unpacked):
    def test_the_headers_are_those_that_a_program_needs(self):
        include = f"{self.root}/usr/include/cairn"
        needed, todo = set(), list(ENTRY_HEADERS)
        while todo:
            header = todo.pop()
            if header in needed:
                continue
            needed.add(header)
            with open(f"{include}/{header}", encoding="utf-8") as opened:
                included = re.findall(r'^#include "([^"]+)"', opened.read(), re.M)
            todo += [name for name in included if not name.startswith("absl/")]
        installed = {os.path.relpath(os.path.join(folder, name), include)
                     for folder, _, names in os.walk(include) for name in names}
        self.assertEqual(needed, installed)

    def test_pkg_config_knows_how_to_compile_and_link(self):
        source = f"{self.root}/all.cc"
        with open(source, "w", encoding="utf-8") as opened:
            opened.writelines(f'#include "{header}"\n' for header in ENTRY_HEADERS)
            opened.write("int main() { return cairn::client::DfsClient::Connect({}).ok() ? 1 : 0; }\n")
        environment = dict(os.environ, PKG_CONFIG_PATH=f"{self.root}/usr/lib/pkgconfig")
        flags = output("pkg-config", "--cflags", "--libs", "cairn", env=environment).split()
        compiler = shutil.which("g++") or "clang++-16"
        subprocess.run([compiler, "-std=c++20", source, *flags, "-o", f"{self.root}/all"], check=True)
        subprocess.run([f"{self.root}/all"], check=True)


if __name__ == "__main__":
    unittest.main(verbosity=2)
