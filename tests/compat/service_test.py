#!/usr/bin/env python3
"""Administrators take DataNodes and their disks out of service and back with Hadoop's dfsadmin.

A DataNode that is excluded leaves a Cairn cluster as it leaves Apache's: both are asked the same
on the way, and the answers are compared. Then a DataNode of Cairn's gets another directory while it
runs, loses its first one, and is shut out.
"""
import concurrent.futures
import contextlib
import difflib
import json
import os
import re
import signal
import time

import harness
import shell_masks

DATANODES = 4
FILE = "/all"
QUESTIONS = [
    ["fsck", FILE, "-files", "-blocks", "-replicaDetails"],
    ["fsck", FILE],
    ["dfsadmin", "-report", "-decommissioning"],
    ["dfsadmin", "-listOpenFiles", "-blockingDecommission"],
    ["dfsadmin", "-printTopology"],
]
TOOLS = {"fs": "org.apache.hadoop.fs.FsShell", "fsck": "org.apache.hadoop.hdfs.tools.DFSck",
         "dfsadmin": "org.apache.hadoop.hdfs.tools.DFSAdmin"}


def hadoop(cluster, tool, *arguments, status=0):
    """What one of Hadoop's tools prints."""
    ended, out = harness.run_java(cluster.conf, TOOLS[tool], list(arguments),
                                  os.path.join(cluster.directory, "tools.log"), timeout_s=300)
    harness.check(ended == status, f"{tool} {' '.join(arguments)} ended with {ended}:\n{out}\n" +
                  harness.tail(os.path.join(cluster.directory, "tools.log")))
    return out


def service_of(cluster):
    """{data address: "Normal", …} of the DataNodes, as dfsadmin reports them."""
    report = hadoop(cluster, "dfsadmin", "-report")
    return dict(re.findall(r"^Name: (\S+).*\n(?:.*\n)*?Decommission Status : (.*)$", report,
                           re.MULTILINE))


def wait_for_service(cluster, node, state):
    harness.wait_for(lambda: service_of(cluster)[node] == state, f"{node} is {state}",
                     timeout_s=120, every_s=0.5)


def write(path, *lines):
    with open(path, "w", encoding="utf-8") as file:
        file.write("".join(line + "\n" for line in lines))


def ask(cluster, questions):
    """The answers to all questions, without what two clusters differ in."""
    lines = []
    for question in questions:
        answer = hadoop(cluster, *question)
        # The replicas of a block come in no particular order.
        answer = re.sub(r"\[(DatanodeInfo[^\n]*)\]", lambda found: ", ".join(sorted(
            re.findall(r"DatanodeInfoWithStorage\[[^]]*\]\([\w ]+\)", shell_masks.mask(
                found.group(1), cluster)[0]))), answer)
        topology = question[-1] == "-printTopology"
        masked = shell_masks.mask(answer, cluster)
        lines += ["$ " + " ".join(question)] + (sorted(masked) if topology else masked)
    return lines


def leave_and_return(cluster, exclude):
    """Takes a DataNode out of service and back again; what the tools said meanwhile."""
    local = os.path.join(cluster.directory, "local")
    write(local, "some text")
    hadoop(cluster, "fs", f"-Ddfs.replication={DATANODES}", "-put", local, FILE)
    hadoop(cluster, "fs", "-setrep", "-w", str(DATANODES), FILE)
    node = sorted(service_of(cluster))[0]
    write(exclude, f"# {node} is old", node)
    lines = shell_masks.mask(hadoop(cluster, "dfsadmin", "-refreshNodes"), cluster)
    wait_for_service(cluster, node, "Decommissioned")
    lines += ask(cluster, QUESTIONS)
    write(exclude)
    hadoop(cluster, "dfsadmin", "-refreshNodes")
    wait_for_service(cluster, node, "Normal")
    return lines


COMBINED = "org.apache.hadoop.hdfs.server.blockmanagement.CombinedHostFileManager"
MAINTENANCE_QUESTIONS = [
    ["fsck", FILE, "-files", "-blocks", "-replicaDetails", "-maintenance"],
    ["fsck", FILE, "-maintenance"],
    ["dfsadmin", "-report", "-inmaintenance"],
    ["dfsadmin", "-report", "-enteringmaintenance"],
]


def maintain(cluster, hosts):
    """Has a DataNode in maintenance and back again; what the tools said meanwhile."""
    local = os.path.join(cluster.directory, "local")
    write(local, "some text")
    hadoop(cluster, "fs", f"-Ddfs.replication={DATANODES}", "-put", local, FILE)
    hadoop(cluster, "fs", "-setrep", "-w", str(DATANODES), FILE)
    node = sorted(service_of(cluster))[0]
    host, port = node.split(":")
    write(hosts, json.dumps([{"hostName": host, "port": int(port), "adminState": "IN_MAINTENANCE",
                              "maintenanceExpireTimeInMS": int(time.time() * 1000) + 3600000}]))
    lines = shell_masks.mask(hadoop(cluster, "dfsadmin", "-refreshNodes"), cluster)
    wait_for_service(cluster, node, "In maintenance")
    lines += ask(cluster, MAINTENANCE_QUESTIONS)
    write(hosts, json.dumps([{"hostName": host, "port": int(port), "adminState": "IN_MAINTENANCE",
                              "maintenanceExpireTimeInMS": 1}]))
    hadoop(cluster, "dfsadmin", "-refreshNodes")
    wait_for_service(cluster, node, "Normal")
    return lines


class OwnDatanode:
    """A DataNode beside those of a cluster, with a configuration that can change."""

    def __init__(self, cluster):
        self.cluster = cluster
        self.conf = os.path.join(cluster.directory, "own-conf")
        self.log = os.path.join(cluster.directory, "own-datanode.log")
        self.configure("a")
        self.process = harness.start_process(
            [os.path.join(harness.BUILD, "bin", "datanode")], self.log,
            env={**os.environ, "HADOOP_CONF_DIR": self.conf})
        cluster.dfs("admin", "wait", "--datanodes", str(DATANODES + 1), "--timeout", "120")
        self.ipc = "127.0.0.1:" + re.search(r"RPC port (\d+) is open", self.text()).group(1)
        port = re.search(r"registered with .* at 127\.0\.0\.1:(\d+)", self.text()).group(1)
        self.name = f"127.0.0.1:{port}"

    def text(self):
        with open(self.log, encoding="utf-8") as file:
            return file.read()

    def configure(self, *volumes):
        harness.write_conf(self.conf, {
            **harness.COMMON_SETTINGS,
            "fs.defaultFS": self.cluster.uri,
            "dfs.datanode.data.dir": ",".join(
                os.path.join(self.cluster.directory, "own-" + volume) for volume in volumes),
            **{f"dfs.datanode.{port}": "127.0.0.1:0"
               for port in ("address", "ipc.address", "http.address")},
            "dfs.datanode.hostname": "localhost"})

    def reconfigure(self, *volumes):
        """Has it use these volumes from now on."""
        self.configure(*volumes)
        admin = ["-reconfig", "datanode", self.ipc]
        hadoop(self.cluster, "dfsadmin", *admin, "start")
        status = harness.wait_for(
            lambda: "finished" in (out := hadoop(self.cluster, "dfsadmin", *admin, "status")) and
            out, "the change is made")
        harness.check("SUCCESS: Changed property dfs.datanode.data.dir" in status, status)
        report = hadoop(self.cluster, "dfsadmin", "-getVolumeReport", self.ipc)
        found = [os.path.basename(path) for path in re.findall(r"Directory: (\S+)", report)]
        harness.check(found == ["own-" + volume for volume in volumes], report)


def change_disks(cluster, own):
    """A file with a replica on every DataNode keeps it while the disks are exchanged."""
    listed = hadoop(cluster, "dfsadmin", "-reconfig", "datanode", own.ipc, "properties")
    harness.check("\ndfs.datanode.data.dir\n" in listed, listed)
    hadoop(cluster, "fs", "-setrep", "-w", str(DATANODES + 1), FILE)
    own.reconfigure("a", "b")
    own.reconfigure("b")

    def on_the_new_disk():
        for folder, _, files in os.walk(os.path.join(cluster.directory, "own-b")):
            if folder.split(os.sep).count("finalized") and any(
                    name.startswith("blk_") and "." not in name for name in files):
                return True
        return False
    harness.wait_for(on_the_new_disk, "the replica is copied to the new disk", timeout_s=120)
    hadoop(cluster, "fs", "-setrep", "-w", str(DATANODES + 1), FILE)


def shut_out(cluster, own, include):
    """A DataNode that is not in the list of hosts is told so, and ends."""
    write(include, *(name for name in service_of(cluster) if name != own.name))
    hadoop(cluster, "dfsadmin", "-refreshNodes")
    harness.wait_for(lambda: own.process.poll() is not None, "the DataNode ends", timeout_s=120)
    harness.check("Datanode denied communication with namenode because the host is not in the "
                  f"include-list: {own.name}" in own.text(), own.text())
    harness.check(own.name not in service_of(cluster), "nobody speaks of it any more")


def compared(clusters, what):
    """`what(cluster)` gives the same lines for both clusters, Apache's first."""
    with concurrent.futures.ThreadPoolExecutor(len(clusters)) as pool:
        expected, got = pool.map(what, clusters)
    different = list(difflib.unified_diff(expected, got, "Apache HDFS", "Cairn", lineterm="", n=6))
    harness.check(not different, "the transcripts differ:\n" + "\n".join(different))


def maintenance(work):
    hosts = {}
    with contextlib.ExitStack() as stack:
        clusters = []
        for name, kind in (("apache", harness.ApacheCluster), ("cairn", harness.CairnCluster)):
            hosts[name] = os.path.join(work, f"{name}-hosts.json")
            write(hosts[name], "[]")
            clusters.append(harness.started(stack, kind(
                os.path.join(work, "maintenance"), DATANODES, settings={
                    "dfs.namenode.hosts.provider.classname": COMBINED,
                    "dfs.hosts": hosts[name]})))
        compared(clusters, lambda cluster: maintain(cluster, hosts[cluster.name]))


def body(work, stack):
    maintenance(work)
    lists = {}
    clusters = []
    for name, kind in (("apache", harness.ApacheCluster), ("cairn", harness.CairnCluster)):
        lists[name] = {key: os.path.join(work, f"{name}-{key}") for key in ("include", "exclude")}
        for path in lists[name].values():
            write(path)
        clusters.append(harness.started(stack, kind(work, DATANODES, settings={
            "dfs.hosts": lists[name]["include"], "dfs.hosts.exclude": lists[name]["exclude"]})))
    compared(clusters, lambda cluster: leave_and_return(cluster, lists[cluster.name]["exclude"]))

    cairn = clusters[1]
    own = OwnDatanode(cairn)
    stack.callback(lambda: own.process.poll() is None and harness.stop_process(
        own.process, "own DataNode", signal.SIGTERM))
    change_disks(cairn, own)
    shut_out(cairn, own, lists["cairn"]["include"])


harness.main("service", body)
