#!/usr/bin/env python3
"""Clusters of containers, really run: ./dev test compose (README.md here). Needs Docker's engine and its compose.

Builds the images, installs the packages in a clean container, brings a cluster up, runs jobs on it, takes nodes and addresses from it,
and compares every byte after each step. Cleans up after itself, whatever happens.
"""
import hashlib
import json
import os
import random
import re
import socket
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
BASE = os.path.join(ROOT, "deploy", "docker-compose.yml")
HOST = os.path.join(ROOT, "deploy", "docker-compose.host.yml")
TEST = os.path.join(HERE, "compose.test.yml")
PROJECT = "cairn-test"
# Two networks, one after the other: every container then has another address.
SUBNETS = ("198.18.71.0/24", "198.18.72.0/24")
MAX_IMAGE_BYTES = 150 * 1000 * 1000
DATANODES = 5
READY_S = 240
CERTIFICATES = "/etc/ssl/certs/ca-certificates.crt"


class Failure(Exception):
    """Something that is claimed is not so."""


def check(condition, message):
    if not condition:
        raise Failure(message)


def say(text):
    print(f"\n== {text}", flush=True)


def run(*command, data=None, fails=False, timeout=1800, quiet=True):
    """Standard output (bytes) of a command that must end well, or that must fail."""
    done = subprocess.run(command, input=data, capture_output=quiet, timeout=timeout, check=False,
                          env=ENVIRONMENT)
    if (done.returncode != 0) != fails:
        output = ((done.stdout or b"") + (done.stderr or b"")).decode(errors="replace")
        raise Failure(f"{' '.join(command)}: exit status {done.returncode}\n{output[-6000:]}")
    return (done.stdout or b"") + ((done.stderr or b"") if fails else b"")


ENVIRONMENT = dict(os.environ, DOCKER_BUILDKIT="1", CAIRN_TEST_SUBNET=SUBNETS[0])
if os.path.exists(CERTIFICATES):
    ENVIRONMENT.setdefault("CAIRN_CERTIFICATES", CERTIFICATES)


def missing_tools():
    """What the machine lacks, in words; empty when nothing."""
    try:
        engine = subprocess.run(["docker", "info"], capture_output=True, check=False)
        if engine.returncode != 0:
            return ("no engine answers `docker info`:\n" + engine.stderr.decode(errors="replace"))
        plugin = subprocess.run(["docker", "compose", "version"], capture_output=True, check=False)
        return "" if plugin.returncode == 0 else "there is no `docker compose`"
    except FileNotFoundError:
        return "there is no `docker` command"


class Cluster:
    """The project of the test and what was stored in it."""

    def __init__(self, *files):
        self.compose_command = ["docker", "compose", "-p", PROJECT]
        for file in files:
            self.compose_command += ["-f", file]
        self.stored = {}

    def compose(self, *arguments, **options):
        return run(*self.compose_command, *arguments, **options)

    def up(self, *arguments):
        self.compose("up", "-d", "--wait", "--wait-timeout", str(READY_S), *arguments)

    def dfs(self, *arguments, **options):
        return self.compose("exec", "-T", "shell", "dfs", *arguments, **options)

    def containers(self, service):
        return self.compose("ps", "-a", "-q", service).decode().split()

    def inspect(self, container):
        return json.loads(run("docker", "inspect", container))[0]

    def address(self, container):
        (network,) = self.inspect(container)["NetworkSettings"]["Networks"].values()
        return network["IPAddress"]

    def uuid(self, container):
        """What the disk of a running DataNode says it is."""
        text = run("docker", "exec", container, "sh", "-c",
                   "cat $(readlink /proc/1/fd/9 | sed 's/in_use$//')dfs/data/current/VERSION")
        return re.search(rb"^datanodeUuid=(.+)$", text, re.M).group(1).decode()

    def report(self):
        """({address of a live DataNode}, how many are dead)."""
        text = self.dfs("admin", "report").decode()
        live, _, dead = text.partition("Dead datanodes")
        count = re.match(r" \((\d+)\)", dead)
        return set(re.findall(r"^Name: ([\d.]+):", live, re.M)), int(count.group(1)) if count else 0

    def await_nodes(self, live, dead):
        deadline = time.monotonic() + READY_S
        while True:
            addresses, gone = self.report()
            if (len(addresses), gone) == (live, dead):
                return addresses
            check(time.monotonic() < deadline,
                  f"{len(addresses)} live and {gone} dead DataNodes, not {live} and {dead}")
            time.sleep(0.5)

    def await_healthy(self):
        """Until every block has its three replicas."""
        deadline = time.monotonic() + READY_S
        while True:
            text = self.dfs("fsck", "/data").decode(errors="replace")
            short = re.search(r"Under-replicated blocks:\s+(\d+)", text)
            if "is HEALTHY" in text and short and short.group(1) == "0":
                return
            check(time.monotonic() < deadline, f"blocks do not get their replicas:\n{text}")
            time.sleep(0.5)

    def put(self, name, size, seed):
        data = random.Random(seed).randbytes(size)
        self.dfs("mkdir", "-p", "/data")
        self.dfs("put", "-", f"/data/{name}", data=data)
        self.stored[f"/data/{name}"] = hashlib.sha256(data).hexdigest()

    def verify(self):
        for path, digest in self.stored.items():
            read = self.dfs("cat", path)
            check(hashlib.sha256(read).hexdigest() == digest, f"{path} has other bytes")


def check_images():
    base = json.loads(run("docker", "inspect", "debian:bookworm-slim"))[0]["Size"]
    for name in ("cairn-namenode", "cairn-datanode"):
        image = json.loads(run("docker", "inspect", name))[0]
        added = image["Size"] - base
        print(f"{name}: {added / 1e6:.0f} MB over the base")
        check(added <= MAX_IMAGE_BYTES, f"{name} is too large")
        config = image["Config"]
        check(config["User"] == "cairn", f"{name} runs as {config['User']!r}")
        check(config["Healthcheck"]["Test"], f"{name} has no health check")
        check("/var/lib/cairn" in config["Volumes"], f"{name} has no volume")
        # Every file of our packages as it was packed; the one that the image brings itself is a conffile.
        changed = run("docker", "run", "--rm", name, "sh", "-c",
                      "dpkg --verify cairn-client cairn-namenode cairn-datanode; true").decode()
        check([line.split()[-1] for line in changed.splitlines()] == ["/etc/cairn/core-site.xml"],
              f"{name}: changed files:\n{changed}")


# The first process of a container that is to be a machine with Debian, systemd and sudo.
MACHINE = """
apt-get update -qq
DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends dbus systemd sudo > /var/log/install
mount -o remount,rw /sys/fs/cgroup
exec env container=docker /lib/systemd/systemd
"""


def packages_with_systemd():
    # What systemd needs to set up the sandboxes of its services.
    rights = ["--cgroupns", "private", "--cap-add", "SYS_ADMIN", "--security-opt", "seccomp=unconfined",
              "--security-opt", "apparmor=unconfined"]
    folders = [f for folder in ("/run", "/run/lock", "/tmp:exec") for f in ("--tmpfs", folder)]
    machine = run("docker", "run", "-d", *rights, *folders, "cairn-packages", "bash", "-ec", MACHINE).decode().strip()
    try:
        run("docker", "exec", machine, "sh", "-c",
            "for i in $(seq 240); do systemctl is-system-running --wait > /dev/null 2>&1 && exit; sleep 0.5; done;"
            "systemctl --failed; exit 1")
        with open(os.path.join(HERE, "clean_install.sh"), "rb") as script:
            print(run("docker", "exec", "-i", machine, "bash", "-s", data=script.read()).decode(), end="")
    except Failure:
        run("docker", "logs", machine, quiet=False)
        raise
    finally:
        run("docker", "rm", "-fv", machine)


def check_clean_stop(cluster):
    containers = cluster.containers("namenode") + cluster.containers("datanode")
    running = [c for c in containers if cluster.inspect(c)["State"]["Running"]]
    begin = time.monotonic()
    run("docker", "stop", "-t", "60", *running)
    print(f"{len(running)} containers stopped in {time.monotonic() - begin:.0f} s")
    for container in running:
        state = cluster.inspect(container)["State"]
        check(state["ExitCode"] == 0, f"{container}: exit status {state['ExitCode']} after SIGTERM")
        check("stopping: SIGTERM" in run("sh", "-c", f"docker logs --tail 200 {container} 2>&1").decode(),
              f"{container} does not say that it stopped for SIGTERM")


def check_configuration(cluster):
    """The mounted hdfs-site.xml is read, and variables beside it."""
    refused = cluster.dfs("touchz", "/" + "n" * 101, fails=True).decode()
    check("limit=100" in refused, f"hdfs-site.xml has no effect: {refused}")
    cluster.dfs("touchz", "/" + "n" * 100)
    blocks = cluster.dfs("fsck", "/data/first").decode()
    check(re.search(r"Total blocks \(validated\):\s+10 ", blocks),
          f"CAIRN_CONF_dfs_blocksize has no effect: {blocks}")


def jobs(cluster, *names):
    for job in names:
        begin = time.monotonic()
        output = cluster.compose("run", "--rm", job).decode()
        check("right" in output, f"{job} does not say that its result is right:\n{output}")
        print(output.strip().splitlines()[-1], f"({time.monotonic() - begin:.0f} s)")


def lose_and_return(cluster):
    network = f"{PROJECT}_default"
    prefix = SUBNETS[0].rsplit(".", 1)[0]
    victim, lonely = cluster.containers("datanode")[:2]
    uuids = {c: cluster.uuid(c) for c in cluster.containers("datanode")}
    check(len(set(uuids.values())) == DATANODES, f"not {DATANODES} different DataNodes: {uuids}")

    say("a DataNode is killed")
    run("docker", "kill", "-s", "KILL", victim)
    cluster.put("after-kill", 3 << 20, seed=2)
    cluster.verify()
    say("another one is cut off from the network")
    run("docker", "network", "disconnect", network, lonely)
    cluster.put("after-cut", 3 << 20, seed=3)
    cluster.await_nodes(live=DATANODES - 2, dead=2)
    cluster.await_healthy()
    cluster.verify()

    say("both come back, one at another address")
    run("docker", "start", victim)
    run("docker", "network", "connect", "--ip", f"{prefix}.200", "--alias", "datanode", network, lonely)
    addresses = cluster.await_nodes(live=DATANODES, dead=0)
    check(f"{prefix}.200" in addresses, f"nobody is registered at {prefix}.200: {addresses}")
    check({c: cluster.uuid(c) for c in uuids} == uuids, "a DataNode has become another one")
    cluster.put("after-return", 3 << 20, seed=4)
    cluster.verify()

    say("the NameNode comes back at another address")
    (namenode,) = cluster.containers("namenode")
    old = cluster.address(namenode)
    run("docker", "stop", namenode)
    run("docker", "network", "disconnect", network, namenode)
    run("docker", "network", "connect", "--ip", f"{prefix}.201", "--alias", "namenode", network, namenode)
    run("docker", "start", namenode)
    check(cluster.address(namenode) != old, "the NameNode has its old address")
    cluster.dfs("admin", "wait", "--datanodes", str(DATANODES), "--timeout", str(READY_S))
    cluster.verify()
    say("… and is restarted")
    cluster.compose("restart", "namenode")
    cluster.dfs("admin", "wait", "--datanodes", str(DATANODES), "--timeout", str(READY_S))
    cluster.verify()
    return set(uuids.values())


def hang(cluster):
    say("a DataNode that hangs is unhealthy")
    victim = cluster.containers("datanode")[0]
    run("docker", "kill", "-s", "STOP", victim)
    for state in ("unhealthy", "healthy"):
        deadline = time.monotonic() + READY_S
        while cluster.inspect(victim)["State"]["Health"]["Status"] != state:
            check(time.monotonic() < deadline, f"{victim} is not {state}")
            time.sleep(0.5)
        run("docker", "kill", "-s", "CONT", victim)
    cluster.await_nodes(live=DATANODES, dead=0)


def await_bytes(cluster, path):
    """Until the file can be read, and then that its bytes are right."""
    deadline = time.monotonic() + READY_S
    while True:
        try:
            read = cluster.dfs("cat", path)
        except Failure as failure:
            check(time.monotonic() < deadline, f"{path} does not come back: {failure}")
            time.sleep(0.5)
            continue
        check(hashlib.sha256(read).hexdigest() == cluster.stored[path], f"{path} has other bytes")
        return


def scale_down(cluster):
    say("fewer DataNodes: those that stay keep their blocks, whatever happens to their containers")
    cluster.up("--scale", "datanode=2")
    cluster.await_nodes(live=2, dead=DATANODES - 2)
    uuids = {cluster.uuid(c) for c in cluster.containers("datanode")}
    cluster.put("on-two", 3 << 20, seed=5)
    cluster.compose("restart")
    await_bytes(cluster, "/data/on-two")
    check({cluster.uuid(c) for c in cluster.containers("datanode")} == uuids, "restarted ones have become others")
    cluster.compose("down")
    cluster.up("--scale", "datanode=2")
    await_bytes(cluster, "/data/on-two")
    check({cluster.uuid(c) for c in cluster.containers("datanode")} == uuids, "new ones are not those of before")
    cluster.up("--scale", f"datanode={DATANODES}")
    cluster.dfs("admin", "wait", "--datanodes", str(DATANODES), "--timeout", str(READY_S))
    cluster.await_healthy()
    cluster.verify()


def down_and_up(cluster, uuids):
    say("the cluster goes down and comes up with other addresses")
    before = {cluster.address(c) for c in cluster.containers("datanode")}
    check_clean_stop(cluster)
    cluster.compose("down")
    ENVIRONMENT["CAIRN_TEST_SUBNET"] = SUBNETS[1]
    cluster.up("--scale", f"datanode={DATANODES}")
    cluster.dfs("admin", "wait", "--datanodes", str(DATANODES), "--timeout", str(READY_S))
    after = {cluster.address(c) for c in cluster.containers("datanode")}
    check(not before & after, f"addresses that are the same: {before & after}")
    check({cluster.uuid(c) for c in cluster.containers("datanode")} == uuids,
          "the DataNodes have become others")
    check(cluster.await_nodes(live=DATANODES, dead=0) == after, "registered at other addresses")
    cluster.await_healthy()
    cluster.verify()


def outside(uri, *arguments, image="cairn-client", **options):
    """A client that is no part of the cluster's network: in that of the machine."""
    settings = ["-D", "dfs.client.use.datanode.hostname=true", "-D", "dfs.blocksize=1m"]
    return run("docker", "run", "--rm", "-i", "--network", "host", image, "dfs", "-fs", uri, *settings,
               *arguments, **options)


def spark_outside(uri, *settings, **options):
    conf = ["spark.hadoop.dfs.client.use.datanode.hostname=true", "spark.ui.enabled=false", *settings]
    return run("docker", "run", "--rm", "--network", "host", "-e", "HADOOP_USER_NAME=cairn", "cairn-spark",
               "spark-submit", "--master", "local[2]", *(f for c in conf for f in ("--conf", c)),
               "/jobs/word_count.py", uri, **options)


def name_the_unreachable(cluster):
    """Names of containers mean nothing outside of their network: clients there are told so."""
    say("clients that cannot reach the DataNodes are told which addresses those are")
    (namenode,) = cluster.containers("namenode")
    uri = f"hdfs://{cluster.address(namenode)}:8020"
    names = {f"{cluster.address(c)}:9866 ({c[:12]})" for c in cluster.containers("datanode")}
    retries = "dfs.client.block.write.retries=10"
    ours = outside(uri, "-D", retries, "put", "-", "/data/unreachable", data=b"x", fails=True)
    theirs = spark_outside(f"{uri}/unreachable", f"spark.hadoop.{retries}", fails=True)
    for client, output in (("dfs", ours.decode()), ("Spark", theirs.decode())):
        check("could only be written to 0 of the 1 minReplication nodes" in output,
              f"{client} fails for another reason:\n{output[-4000:]}")
        check(all(name in output for name in names), f"{client} is not told {names}:\n{output[-4000:]}")
    check("The last failure: DataNode " in ours.decode(), f"no cause:\n{ours.decode()}")


def through_published_ports(cluster, host):
    say("clients outside of the network work through published ports")
    for port in (8020, 8021, 9866, 9867, 9870, 9876, 9877, 9886, 9887):
        with socket.socket() as probe:
            check(probe.connect_ex(("127.0.0.1", port)) != 0,
                  f"something else listens on port {port}, which docker-compose.host.yml publishes")
    cluster.compose("down")
    host.stored = cluster.stored
    host.up()
    host.dfs("admin", "wait", "--datanodes", "3", "--timeout", str(READY_S))
    uri = "hdfs://localhost:8020"
    data = random.Random(9).randbytes(5 << 20)
    outside(uri, "put", "-", "/data/from-outside", data=data)
    host.stored["/data/from-outside"] = hashlib.sha256(data).hexdigest()
    host.verify()
    for path, digest in host.stored.items():
        check(hashlib.sha256(outside(uri, "cat", path)).hexdigest() == digest, f"{path} from outside")
    check("right" in spark_outside(f"{uri}/from-outside").decode(), "Spark outside counts other words")


def main():
    lacking = missing_tools()
    if lacking:
        sys.exit(f"./dev test compose needs Docker's engine and its compose: {lacking}")
    begin = time.monotonic()
    cluster = Cluster(BASE, TEST)
    host = Cluster(BASE, TEST, HOST)
    try:
        cluster.compose("--profile", "*", "down", "-v", "--remove-orphans")
        say("images")
        cluster.compose("--profile", "*", "build", timeout=5400, quiet=False)
        print(f"built in {time.monotonic() - begin:.0f} s")
        check_images()
        say("packages on a clean Debian with systemd")
        packages_with_systemd()
        say("up")
        cluster.up("--scale", f"datanode={DATANODES}")
        cluster.await_nodes(live=DATANODES, dead=0)
        cluster.put("first", 10 << 20, seed=1)
        cluster.verify()
        check_configuration(cluster)
        say("jobs")
        jobs(cluster, "wordcount", "cpp")
        cluster.await_nodes(live=DATANODES, dead=0)
        uuids = lose_and_return(cluster)
        hang(cluster)
        down_and_up(cluster, uuids)
        say("jobs again, right after the start")
        cluster.compose("restart")
        jobs(cluster, "cpp", "wordcount")
        scale_down(cluster)
        name_the_unreachable(cluster)
        through_published_ports(cluster, host)
        say(f"all of it holds ({time.monotonic() - begin:.0f} s)")
    except Failure as failure:
        for service in ("namenode", "datanode"):
            logs = cluster.compose("logs", "--tail", "40", service)
            print(logs.decode(errors="replace"), file=sys.stderr)
        sys.exit(f"compose: {failure}")
    finally:
        for project in (host, cluster):
            subprocess.run([*project.compose_command, "--profile", "*", "down", "-v", "--remove-orphans"],
                           capture_output=True, check=False, env=ENVIRONMENT)


if __name__ == "__main__":
    main()
