#!/usr/bin/env python3
"""Hadoop RPC calls of Cairn's NameNode beside those of Apache HDFS's, as a table in Markdown.

usage: compare.py BUILD_DIR [--files N] [--seconds N] [--rounds N]

Both clusters have a NameNode and three DataNodes, each a process of its own, with the same settings,
fresh and on the same disk; they run one after the other, in turns. cairn_rpc_bench measures both: once
for nothing, so that the JVM has compiled what is called, and once for the table.
"""
import argparse
import contextlib
import json
import os
import shutil
import statistics
import subprocess
import sys
import urllib.request

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
sys.path.insert(0, os.path.join(ROOT, "tests", "compat"))
import harness  # pylint: disable=wrong-import-position

DATANODES = 3
NAMENODE = "org.apache.hadoop.hdfs.server.namenode.NameNode"
DATANODE = "org.apache.hadoop.hdfs.server.datanode.DataNode"
# What Hadoop's distribution logs: everything from INFO on, to a file; nothing of the audit log.
LOG4J = """log4j.rootLogger=INFO,file
log4j.appender.file=org.apache.log4j.RollingFileAppender
log4j.appender.file.File=${cairn.log.file}
log4j.appender.file.MaxFileSize=256MB
log4j.appender.file.layout=org.apache.log4j.PatternLayout
log4j.appender.file.layout.ConversionPattern=%d{ISO8601} %p %c: %m%n
log4j.appender.null=org.apache.log4j.varia.NullAppender
log4j.logger.org.apache.hadoop.hdfs.server.namenode.FSNamesystem.audit=INFO,null
log4j.additivity.org.apache.hadoop.hdfs.server.namenode.FSNamesystem.audit=false
"""
STATE = "/jmx?qry=Hadoop:service=NameNode,name=FSNamesystemState"
HEAP_MB = {"namenode": 2048, "datanode": 256}


class ApacheDaemons(harness.Cluster):
    """Apache HDFS as it is installed: each daemon in a JVM with the JVM's own defaults."""

    def __init__(self, work, stack):
        super().__init__(work, "apache")
        self.choose_ports()
        self.settings = {
            **harness.COMMON_SETTINGS, "fs.defaultFS": self.uri, "dfs.namenode.http-address": self.http,
            "hadoop.tmp.dir": os.path.join(self.directory, "tmp"),
            "dfs.namenode.name.dir": f"file://{self.directory}/name",
            "dfs.datanode.address": "127.0.0.1:0", "dfs.datanode.ipc.address": "127.0.0.1:0",
            "dfs.datanode.http.address": "127.0.0.1:0"}
        formatting = self._start("format", NAMENODE, "-format", "-force", "-nonInteractive")
        harness.check(formatting.wait(harness.START_TIMEOUT_S) == 0,
                      f"Apache's NameNode cannot be formatted:\n{self._said('format')}")
        self.daemons = {"namenode": self._start("namenode", NAMENODE)}
        stack.callback(self.stop)
        for i in range(1, DATANODES + 1):
            self.daemons[f"datanode{i}"] = self._start(f"datanode{i}", DATANODE)
        harness.wait_for(self._is_ready, "Apache's cluster is ready", harness.START_TIMEOUT_S, 0.5)

    def _start(self, daemon, main, *arguments):
        conf = os.path.join(self.directory, f"{daemon}-conf")
        harness.write_conf(conf, {
            **self.settings, "dfs.datanode.data.dir": f"file://{self.directory}/{daemon}"})
        with open(os.path.join(conf, "log4j.properties"), "w", encoding="utf-8") as file:
            file.write(LOG4J)
        command = harness.java_command(
            conf, main, arguments, heap_mb=HEAP_MB.get(daemon.rstrip("123"), 512), jvm=(),
            options=[f"-Dcairn.log.file={self.directory}/{daemon}.log"])
        return harness.start_process(command, os.path.join(self.directory, f"{daemon}.out"))

    def _said(self, daemon):
        return "".join(harness.tail(os.path.join(self.directory, f"{daemon}.{kind}"))
                       for kind in ("out", "log"))

    def _is_ready(self):
        for daemon, process in self.daemons.items():
            harness.check(process.poll() is None, f"Apache's {daemon} ended:\n{self._said(daemon)}")
        try:
            with urllib.request.urlopen(f"http://{self.http}{STATE}", timeout=10) as reply:
                beans = json.load(reply)["beans"]
        except OSError:
            return False
        return any(bean["FSState"] == "Operational" and bean["NumLiveDataNodes"] == DATANODES
                   for bean in beans)  # none before the NameNode serves

    def pid_of(self, daemon):
        return self.daemons[daemon].pid

    def stop(self):
        for process in self.daemons.values():
            process.terminate()
        for process in self.daemons.values():
            try:
                process.wait(harness.STOP_TIMEOUT_S)
            except subprocess.TimeoutExpired:
                process.kill()


def start_cairn(work, stack):
    return harness.started(stack, harness.CairnCluster(work, DATANODES))


def measure(cluster, options):
    """{call: (calls per second, microseconds of CPU per call)}"""
    command = [os.path.join(harness.BUILD, "bin", "cairn_rpc_bench"), "--namenode",
               f"{cluster.host}:{cluster.port}", "--pid", str(cluster.pid_of("namenode")),
               "--files", str(options.files), "--seconds", str(options.seconds),
               "--user", harness.USER]
    for what in ("warming up", "measured"):
        done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=False)
        harness.check(done.returncode == 0, f"cairn_rpc_bench failed:\n{done.stdout}")
        print(f"-- {cluster.name}, {what}\n{done.stdout}", file=sys.stderr)
    rows = [line.split("\t") for line in done.stdout.splitlines()]
    return {call: (float(rate), float(cpu)) for call, rate, cpu, _, _ in rows}


def one_round(start, work, options):
    shutil.rmtree(work, ignore_errors=True)
    os.makedirs(work)
    with contextlib.ExitStack() as stack:
        result = measure(start(work, stack), options)
    shutil.rmtree(work)
    return result


def print_table(apache, cairn):
    """Each is a list of rounds; of the rounds the median counts."""
    print("| call | CPU µs/call: Apache | Cairn | ratio | calls/s: Apache | Cairn | ratio |\n"
          "|---|---:|---:|---:|---:|---:|---:|")
    for call in apache[0]:
        (apache_rate, apache_cpu), (cairn_rate, cairn_cpu) = (
            [statistics.median(values) for values in zip(*(a_round[call] for a_round in rounds))]
            for rounds in (apache, cairn))
        print(f"| {call} | {apache_cpu:.1f} | {cairn_cpu:.1f} | {cairn_cpu / apache_cpu:.2f} | "
              f"{apache_rate:,.0f} | {cairn_rate:,.0f} | {cairn_rate / apache_rate:.1f} |")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("build")
    parser.add_argument("--files", type=int, default=50000)
    parser.add_argument("--seconds", type=int, default=5)
    parser.add_argument("--rounds", type=int, default=2)
    options = parser.parse_args()
    work = os.path.join(harness.BUILD, "compare")
    apache, cairn = [], []
    try:
        for _ in range(options.rounds):
            apache.append(one_round(ApacheDaemons, work, options))
            cairn.append(one_round(start_cairn, work, options))
    except harness.Failure as failure:
        sys.exit(f"FAILED: {failure}\nwhat the clusters left is in {work}")
    print_table(apache, cairn)


if __name__ == "__main__":
    main()
