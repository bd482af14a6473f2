"""What the compatibility tests share: clusters on loopback, Hadoop's Java programs, a test's frame.

A test imports this first: it runs the script anew with the Python environment that fetch.py made.
"""
import contextlib
import ctypes
import getpass
import os
import random
import shutil
import signal
import socket
import subprocess
import sys
import time
import traceback
from xml.sax.saxutils import escape

import paths

_PYTHON = os.path.join(paths.VENV, "bin", "python")
if os.path.abspath(sys.prefix) != os.path.abspath(paths.VENV):
    if not os.path.exists(_PYTHON):
        sys.exit("compat: run tests/compat/fetch.py BUILD_DIR first (./dev test compat does)")
    os.execv(_PYTHON, [_PYTHON, "-u", *sys.argv])

USER = getpass.getuser()
BUILD = os.path.abspath(sys.argv[1]) if len(sys.argv) > 1 else os.path.join(paths.ROOT, "build")
# Files with blocks as small as a test wants, and monitors that look every second.
COMMON_SETTINGS = {
    "dfs.namenode.fs-limits.min-block-size": "0",
    "dfs.heartbeat.interval": "1",
    "dfs.namenode.redundancy.interval.seconds": "1",
    "dfs.namenode.safemode.extension": "0",
    # What is still to come in Cairn is refused by both.
    "dfs.namenode.acls.enabled": "false",
    "dfs.namenode.xattrs.enabled": "false",
    "dfs.storage.policy.enabled": "false",
    "dfs.disk.balancer.enabled": "false",
    f"hadoop.proxyuser.{USER}.hosts": "*",
    f"hadoop.proxyuser.{USER}.groups": "*",
    "hadoop.user.group.static.mapping.overrides":
        "dr.who=;super=supergroup;alice=staff,users;bob=staff;carol=",
}
START_ATTEMPTS = 5
START_TIMEOUT_S = 120
STOP_TIMEOUT_S = 60


class Failure(Exception):
    """Something that a test claims is not so."""


def check(condition, message):
    if not condition:
        raise Failure(message)


def wait_for(condition, what, timeout_s=60, every_s=0.1):
    """Returns what `condition` returns once that is true."""
    end = time.monotonic() + timeout_s
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > end:
            raise Failure(f"not within {timeout_s} s: {what}")
        time.sleep(every_s)


def _die_with_parent():
    ctypes.CDLL(None).prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG


def start_process(command, log, **options):
    """A child that ends with this process; its output goes to the file `log`."""
    with open(log, "ab") as out:
        return subprocess.Popen(command, stdout=options.pop("stdout", out), stderr=out,
                                preexec_fn=_die_with_parent, **options)


def stop_process(process, name, first_signal):
    """Ends a process in an orderly way; a Failure when that takes too long or it had ended."""
    ended_early = process.poll()
    if ended_early is None:
        process.send_signal(first_signal)
        try:
            process.wait(STOP_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            raise Failure(f"{name} did not stop within {STOP_TIMEOUT_S} s") from None
    else:
        raise Failure(f"{name} ended by itself with {ended_early}")


def _is_free(port):
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
            return True
        except OSError:
            return False


def free_port():
    """A port of loopback that nobody listens on, below those that the kernel gives to clients."""
    while True:
        port = random.randrange(12000, 28000)
        if _is_free(port):
            return port


def tail(path, lines=30):
    if not os.path.exists(path):
        return f"({path} is not there)"
    with open(path, encoding="utf-8", errors="replace") as file:
        return "".join(file.readlines()[-lines:])


class Cluster:
    """A running HDFS: `uri`, `host`, `port`, `http` (host:port) and `conf`, a client's folder."""

    def __init__(self, work, name):
        self.name = name
        self.host = "127.0.0.1"
        self.port = self.http_port = 0
        self.directory = os.path.join(work, name)
        self.conf = os.path.join(self.directory, "conf")
        self.log = os.path.join(self.directory, "cluster.log")
        self.process = None
        os.makedirs(self.conf)

    @property
    def uri(self):
        return f"hdfs://{self.host}:{self.port}"

    @property
    def http(self):
        return f"{self.host}:{self.http_port}"

    def choose_ports(self):
        """Free ports for Hadoop RPC, gRPC (the next one) and HTTP (1850 further)."""
        while True:
            port = free_port()
            if all(_is_free(p) for p in (port + 1, port + 1850)):
                self.port, self.http_port = port, port + 1850
                return

    def dfs(self, *arguments, text=None, status=0):
        """What Cairn's own shell prints: the other view of what Java programs wrote."""
        done = subprocess.run([os.path.join(BUILD, "bin", "dfs"), "-fs", self.uri, *arguments],
                              input=text, capture_output=True, timeout=120, check=False)
        check(done.returncode == status,
              f"dfs {' '.join(arguments)} ended with {done.returncode}: {done.stderr.decode()}")
        return done.stdout

    def write_client_conf(self):
        """Writes `conf`, for Java programs that are clients of this cluster."""
        write_conf(self.conf, {
            "fs.defaultFS": self.uri,
            "hadoop.tmp.dir": os.path.join(self.directory, "tmp"),
            "dfs.namenode.http-address": self.http,
        })


# hdfs-default.xml comes after core-site.xml and would win.
HADOOP_FILES = ("core-site.xml", "hdfs-site.xml")


def write_conf(folder, settings, files=HADOOP_FILES):
    """A configuration folder for programs of Hadoop's kind, which log to their error stream."""
    os.makedirs(folder, exist_ok=True)
    rows = "".join(f"  <property><name>{escape(k)}</name><value>{escape(v)}</value></property>\n"
                   for k, v in settings.items())
    for name in files:
        with open(os.path.join(folder, name), "w", encoding="utf-8") as file:
            file.write(f"<configuration>\n{rows}</configuration>\n")
    with open(os.path.join(folder, "log4j.properties"), "w", encoding="utf-8") as file:
        file.write("log4j.rootLogger=${cairn.log.level},stderr\n"
                   "log4j.logger.org.apache.hadoop.util.NativeCodeLoader=ERROR\n"
                   "log4j.appender.stderr=org.apache.log4j.ConsoleAppender\n"
                   "log4j.appender.stderr.target=System.err\n"
                   "log4j.appender.stderr.layout=org.apache.log4j.PatternLayout\n"
                   "log4j.appender.stderr.layout.ConversionPattern=%d %p %c{1}: %m%n\n")


class CairnCluster(Cluster):
    """Cairn's daemons, as `dfs mini` starts them."""

    def __init__(self, work, datanodes=3, settings=None, name="cairn"):
        super().__init__(work, name)
        settings = {**COMMON_SETTINGS, **(settings or {})}
        for attempt in range(START_ATTEMPTS):
            self.choose_ports()
            data = os.path.join(self.directory, f"data{attempt}")
            command = [os.path.join(BUILD, "bin", "dfs"), "mini", "--dir", data, "--port",
                       str(self.port), "--datanodes", str(datanodes)]
            for key, value in settings.items():
                command += ["-D", f"{key}={value}"]
            self.process = start_process(command, self.log, cwd=self.directory)
            wait_for(lambda: self.process.poll() is not None or self._said("ready: " + self.uri),
                     "Cairn's cluster is ready", START_TIMEOUT_S)
            if self.process.poll() is None:
                self.data = data
                self.write_client_conf()
                return
            if not self._said("cannot be used") and not self._said("in use"):
                break  # no other test took a port in the meantime
        raise Failure(f"Cairn's cluster did not start:\n{tail(self.log)}")

    def _said(self, text):
        with open(self.log, encoding="utf-8") as file:
            return text in file.read()

    def log_of(self, daemon):
        return os.path.join(self.data, "logs", daemon + ".log")

    def pid_of(self, daemon):
        """The process id of "namenode" or "datanode1"."""
        for child in children(self.process.pid):
            with open(f"/proc/{child}/cmdline", "rb") as file:
                arguments = file.read().decode().split("\0")
            own = {"namenode": "/name"}.get(daemon, "/data" + daemon.removeprefix("datanode"))
            if any(argument.endswith(f"{self.data}{own}") for argument in arguments):
                return child
        raise Failure(f"{daemon} does not run")

    def stop(self):
        stop_process(self.process, "dfs mini", signal.SIGINT)


class ApacheCluster(Cluster):
    """Apache HDFS: a NameNode and DataNodes in one JVM, until that JVM's input is closed."""

    def __init__(self, work, datanodes=3, settings=None, name="apache"):
        super().__init__(work, name)
        daemon_conf = os.path.join(self.directory, "daemon-conf")
        write_conf(daemon_conf, {**COMMON_SETTINGS, **(settings or {}), "hadoop.tmp.dir":
                                 os.path.join(self.directory, "tmp")})
        data = os.path.join(self.directory, "data")
        self.process = start_process(
            java_command(daemon_conf, "cairn.compat.ApacheCluster", [data, str(datanodes)],
                         heap_mb=768, level="INFO", options=[
                             f"-Dtest.build.data={data}", f"-Dhadoop.log.dir={self.directory}"]),
            self.log, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
            cwd=self.directory)
        # One line: "ready RPC_PORT HTTP_PORT"; the end of output when it failed.
        words = self.process.stdout.readline().split()
        check(len(words) == 3 and words[0] == "ready",
              f"Apache's cluster did not start:\n{tail(self.log)}")
        self.port, self.http_port = int(words[1]), int(words[2])
        self.write_client_conf()

    def stop(self):
        self.process.stdin.close()
        try:
            self.process.wait(STOP_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            self.process.kill()  # what the reference does at its end is not the question


def children(pid):
    with open(f"/proc/{pid}/task/{pid}/children", encoding="utf-8") as file:
        return [int(child) for child in file.read().split()]


# For short runs on a shared machine.
SMALL_JVM = ("-XX:+UseSerialGC", "-XX:-UsePerfData", "-XX:TieredStopAtLevel=1")


def java_command(conf, main, arguments, *, heap_mb=512, level="WARN", first=(), options=(),
                 jvm=SMALL_JVM, software="hadoop"):
    """A Java command line with Hadoop or HBase, and what is compiled against it, on the class path;
    `first` are folders before the jars."""
    part = {"hadoop": "tools", "hbase": "hbase"}[software]
    class_path = [conf, *first, paths.classes(BUILD, part),
                  os.path.join(paths.CACHE, "resources"), paths.jars(software)]
    opened = [f"--add-opens=java.base/{package}=ALL-UNNAMED" for package in (
        "java.lang", "java.lang.reflect", "java.io", "java.net", "java.nio", "java.util",
        "java.util.concurrent", "sun.nio.ch")]
    return [paths.JAVA, f"-Xmx{heap_mb}m", *jvm, f"-Dcairn.log.level={level}",
            "-Duser.timezone=UTC", *opened, *options, "-cp", ":".join(class_path), main, *arguments]


def run_java(conf, main, arguments, log, *, timeout_s=600, cwd=None, environment=None, **options):
    """Runs a Java program to its end: (exit status, what it printed). Errors go to `log`; `options`
    are those of java_command."""
    process = start_process(java_command(conf, main, arguments, **options), log, cwd=cwd,
                            stdout=subprocess.PIPE, stdin=subprocess.DEVNULL,
                            env={**os.environ, **(environment or {})})
    try:
        out, _ = process.communicate(timeout=timeout_s)
    except subprocess.TimeoutExpired:
        process.send_signal(signal.SIGQUIT)  # the threads' stacks, to its output
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.communicate(timeout=5)
        process.kill()
        process.communicate()
        raise Failure(f"{main} did not end within {timeout_s} s:\n{tail(log)}") from None
    return process.returncode, out.decode("utf-8", errors="replace")


def main(name, body):
    """Runs `body(work folder)` as the test `name`; the folder is kept when it fails."""
    work = os.path.join(BUILD, "compat", name)
    shutil.rmtree(work, ignore_errors=True)
    os.makedirs(work)
    start = time.monotonic()
    with contextlib.ExitStack() as stack:
        try:
            body(work, stack)
            stack.close()  # stops the clusters, which must go well too
        except Exception:  # pylint: disable=broad-except
            traceback.print_exc()
            print(f"what the test left is in {work}")
            sys.exit(1)
    shutil.rmtree(work, ignore_errors=True)
    print(f"{name}: passed in {time.monotonic() - start:.0f} s")


def started(stack, cluster):
    """The cluster, stopped when the test ends."""
    stack.callback(cluster.stop)
    return cluster
