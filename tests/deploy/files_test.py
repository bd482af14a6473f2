#!/usr/bin/env python3
"""What of deploy/ can be judged without an engine: the Dockerfile, the compose files, the configuration they give to the daemons.

Usage: files_test.py BUILD_DIR
"""
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
import unittest

import yaml

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
DOCKER = os.path.join(ROOT, "deploy", "docker")
COMPOSE_FILES = {name: os.path.join(ROOT, "deploy", name)
                 for name in ("docker-compose.yml", "docker-compose.host.yml")}
COMPOSE_FILES["compose.test.yml"] = os.path.join(HERE, "compose.test.yml")
BUILD = os.path.abspath(sys.argv.pop(1))
# Keys of a service that mean something to compose; a misspelt one is ignored by some of its versions.
SERVICE_KEYS = {"image", "build", "environment", "volumes", "restart", "stop_grace_period", "deploy", "depends_on",
                "profiles", "command", "healthcheck", "ports", "extends", "init", "configs", "tmpfs"}


def load(name):
    with open(COMPOSE_FILES[name], encoding="utf-8") as opened:
        # ${NAME:-default} as in a shell without these variables.
        return yaml.safe_load(re.sub(r"\$\{(\w+)(?::-([^}]*))?\}", r"\2", opened.read()))


def stages():
    """{name of a stage: [(instruction, its operands)]}, as the Dockerfile has them."""
    with open(os.path.join(DOCKER, "Dockerfile"), encoding="utf-8") as opened:
        text = re.sub(r"^\s*#.*\n", "", opened.read(), flags=re.M).replace("\\\n", " ")
    found, lines = {}, []
    for line in filter(str.strip, text.splitlines()):
        instruction, operands = line.split(None, 1)
        if instruction == "FROM":
            base, _, name = operands.split()
            found[name] = lines = []
        lines.append((instruction, operands))
    return found


class Dockerfile(unittest.TestCase):
    def last(self, stage, instruction):
        """The operands that hold in a stage: its own, or those of the stage it is from."""
        own = [operands for name, operands in stages()[stage] if name == instruction]
        if own:
            return own[-1]
        base = stages()[stage][0][1].split()[0]
        return self.last(base, instruction) if base in stages() else None

    def test_every_stage_is_from_debian_or_another_stage(self):
        known = {"debian:bookworm-slim"}
        for name, lines in stages().items():
            self.assertIn(lines[0][1].split()[0], known)
            known.add(name)

    def test_no_frontend_has_to_be_pulled(self):
        with open(os.path.join(DOCKER, "Dockerfile"), encoding="utf-8") as opened:
            self.assertNotRegex(opened.read(), r"(?im)^\s*#\s*syntax\s*=")

    def test_images_run_without_root_and_as_the_first_process(self):
        for stage, user in (("namenode", "cairn"), ("datanode", "cairn"), ("client", "cairn"), ("spark", "spark")):
            self.assertEqual(self.last(stage, "USER"), user)
            self.assertRegex(self.last(stage, "CMD"), r'^\["', "a shell would keep signals to itself")
            self.assertIsNone(self.last(stage, "ENTRYPOINT"))

    def test_daemons_have_a_health_check_and_a_volume(self):
        for stage in ("namenode", "datanode"):
            self.assertIn("CMD [", self.last(stage, "HEALTHCHECK"))
            self.assertEqual(self.last(stage, "VOLUME"), "/var/lib/cairn")

    def test_images_contain_packages_and_what_is_listed_here(self):
        copied = {stage: [operands.split()[-2:] for name, operands in lines
                          if name in ("COPY", "ADD") and stage not in ("build", "packages")]
                  for stage, lines in stages().items()}
        self.assertEqual({stage: files for stage, files in copied.items() if files}, {
            "runtime": [["deploy/docker/core-site.xml", "/etc/cairn/"]],
            "datanode": [["deploy/docker/datanode-in-free-folder", "/usr/local/bin/"]],
            "client": [["deploy/jobs/cpp.sh", "/jobs/"]],
            "spark": [["deploy/jobs/word_count.py", "/jobs/"]]})
        for files in copied.values():
            for source, _ in files:
                self.assertTrue(os.path.exists(os.path.join(ROOT, source)), source)
        for stage in ("runtime", "client"):
            installs = re.findall(r"/packages/([\w-]+?)_\*\.deb", str(stages()[stage]))
            self.assertEqual(installs, {"runtime": ["cairn-client", "cairn-namenode", "cairn-datanode"],
                                        "client": ["libcairn-dev"]}[stage])

    def test_the_build_is_given_sources_only(self):
        with open(os.path.join(ROOT, ".dockerignore"), encoding="utf-8") as opened:
            ignored = opened.read().split("\n")
        for pattern in (".git", "build", "build-*"):
            self.assertIn(pattern, ignored)


class ComposeFiles(unittest.TestCase):
    def test_services_are_made_of_what_compose_knows(self):
        for name in COMPOSE_FILES:
            for service, settings in load(name)["services"].items():
                self.assertLessEqual(set(settings), SERVICE_KEYS, f"{name}: {service}")

    def test_what_a_service_refers_to_exists(self):
        base = load("docker-compose.yml")
        built = set(stages())
        for name in COMPOSE_FILES:
            loaded = load(name)
            services = set(base["services"]) | set(loaded["services"])
            for settings in loaded["services"].values():
                self.assertLessEqual(set(settings.get("depends_on", ())), services)
                for volume in settings.get("volumes", ()):
                    self.assertIn(volume.split(":")[0], base["volumes"])
                if "build" in settings:
                    self.assertIn(settings["build"]["target"], built)
                    self.assertEqual(settings["build"]["dockerfile"], "deploy/docker/Dockerfile")
                if "extends" in settings:
                    self.assertIn(settings["extends"]["service"], base["services"])

    def test_daemons_keep_their_data_and_wait_for_each_other(self):
        services = load("docker-compose.yml")["services"]
        for daemon in ("namenode", "datanode"):
            self.assertTrue(services[daemon]["volumes"][0].endswith(":/var/lib/cairn"))
            self.assertEqual(services[daemon]["restart"], "unless-stopped")
        self.assertEqual(services["datanode"]["depends_on"], {"namenode": {"condition": "service_healthy"}})
        self.assertEqual(services["datanode"]["deploy"]["replicas"], 3)
        for job in ("wordcount", "cpp"):
            self.assertEqual(services[job]["profiles"], ["jobs"])

    def test_published_ports_are_those_that_the_daemons_listen_on_and_tell(self):
        services = load("docker-compose.host.yml")["services"]
        told = set()
        for name in ("datanode-a", "datanode-b", "datanode-c"):
            environment = services[name]["environment"]
            ports = [environment[f"CAIRN_CONF_dfs_datanode_{key}"].split(":")[1] for key in ("address", "ipc_address")]
            self.assertEqual(services[name]["ports"], [f"127.0.0.1:{port}:{port}" for port in ports])
            self.assertEqual(environment["CAIRN_CONF_dfs_datanode_hostname"], "localhost")
            told.update(ports)
        self.assertEqual(len(told), 6, "a port of its own for each")

    def test_compose_itself_finds_nothing_wrong(self):
        if shutil.which("docker") is None or subprocess.run(
                ["docker", "compose", "version"], capture_output=True, check=False).returncode != 0:
            self.skipTest("no `docker compose` here; ./dev test compose has one")
        for files in (["docker-compose.yml"], ["docker-compose.yml", "docker-compose.host.yml"],
                      ["docker-compose.yml", "compose.test.yml"]):
            subprocess.run(["docker", "compose", *(f for name in files for f in ("-f", COMPOSE_FILES[name])),
                            "--profile", "*", "config", "--quiet"], check=True,
                           env=dict(os.environ, CAIRN_TEST_SUBNET="198.18.0.0/24"))


class Configuration(unittest.TestCase):
    def test_the_daemons_accept_the_environment_of_every_service(self):
        checked = 0
        for name in COMPOSE_FILES:
            for service, settings in load(name)["services"].items():
                environment = settings.get("environment", {})
                with self.subTest(f"{name}: {service}"), tempfile.TemporaryDirectory() as work:
                    shutil.copy(f"{DOCKER}/core-site.xml", work)
                    done = subprocess.run(
                        [f"{BUILD}/bin/namenode", "-format", "-nonInteractive", "-D", f"hadoop.tmp.dir={work}"],
                        env=dict(environment, HADOOP_CONF_DIR=work, PATH=os.environ["PATH"]),
                        capture_output=True, text=True, check=False)
                    self.assertEqual(done.returncode, 0, done.stderr)
                    checked += sum(key.startswith("CAIRN_CONF_") for key in environment)
        self.assertGreater(checked, 10)

    def test_a_misspelt_variable_stops_a_daemon(self):
        for daemon in ("namenode", "datanode", "dfs"):
            done = subprocess.run([f"{BUILD}/bin/{daemon}", *(["ls", "/"] if daemon == "dfs" else [])],
                                  env={"CAIRN_CONF_dfs_replicaton": "2"}, capture_output=True, text=True, check=False)
            self.assertNotEqual(done.returncode, 0)
            self.assertIn("CAIRN_CONF_dfs_replicaton", done.stderr)


class FoldersOfDatanodes(unittest.TestCase):
    """datanode-in-free-folder, with a program in place of the DataNode that writes where it was put and stays."""

    def setUp(self):
        self.work = tempfile.mkdtemp(prefix="cairn-folders-")
        self.addCleanup(shutil.rmtree, self.work)
        self.volume = os.path.join(self.work, "volume")
        os.makedirs(os.path.join(self.work, "bin"))
        os.makedirs(self.volume)
        with open(f"{self.work}/bin/datanode", "w", encoding="utf-8") as program:
            program.write('#!/bin/sh\nexec python3 -c "import sys; print(sys.argv[1:], flush=True); sys.stdin.read()" "$@"\n')
        os.chmod(f"{self.work}/bin/datanode", 0o755)
        with open(f"{self.work}/bin/uname", "w", encoding="utf-8") as program:
            program.write('#!/bin/sh\necho "$CONTAINER"\n')
        os.chmod(f"{self.work}/bin/uname", 0o755)
        self.running = {}
        self.addCleanup(lambda: [self.kill(name) for name in list(self.running)])

    def kill(self, *names):
        for name in names:
            process = self.running.pop(name)
            process.kill()
            process.communicate()

    def start(self, name, *arguments):
        """What the DataNode in the container of this name is told."""
        process = subprocess.Popen([f"{DOCKER}/datanode-in-free-folder", *arguments], cwd=self.volume,
                                   stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
                                   env={"PATH": f"{self.work}/bin:{os.environ['PATH']}", "CONTAINER": name})
        self.running[name] = process
        return process.stdout.readline().strip()

    def told(self, number, *more):
        return str(["-D", f"hadoop.tmp.dir={self.volume}/{number}", *more])

    def test_each_has_a_folder_of_its_own_and_arguments_are_passed_on(self):
        self.assertEqual(self.start("a"), self.told(1))
        self.assertEqual(self.start("b", "-D", "a=b"), self.told(2, "-D", "a=b"))
        self.assertEqual(self.start("c"), self.told(3))

    def test_a_restarted_container_has_the_folder_it_had(self):
        for number, name in enumerate("abc", 1):
            self.assertEqual(self.start(name), self.told(number))
        self.kill("a", "b", "c")
        for number, name in reversed(list(enumerate("abc", 1))):
            self.assertEqual(self.start(name), self.told(number))

    def test_a_new_container_has_the_folder_that_was_in_use_last(self):
        for number, name in enumerate("abc", 1):
            self.assertEqual(self.start(name), self.told(number))
        self.kill("a", "c")
        then = os.stat(f"{self.volume}/3/in_use").st_mtime
        deadline = time.monotonic() + 20
        while os.stat(f"{self.volume}/2/in_use").st_mtime <= then:
            self.assertLess(time.monotonic(), deadline, "the time of the folder in use stands still")
            time.sleep(0.05)
        self.kill("b")
        self.assertEqual(self.start("d"), self.told(2))
        self.assertIn(self.start("e"), (self.told(1), self.told(3)))


if __name__ == "__main__":
    unittest.main(verbosity=2)
