#!/usr/bin/env python3
"""Fetches what the compatibility tests need: Hadoop's and HBase's jars, Python packages, a Go
client, our Java classes.

usage: fetch.py BUILD_DIR. Everything from the network goes to the cache (CAIRN_COMPAT_CACHE or
~/.cache/cairn-compat) and is fetched again only when pom.xml, requirements.txt or the version below
has changed.
"""
import fcntl
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys

import paths

SNAKEBITE = "snakebite-py3==3.0.6"
GO_CLIENT = "github.com/colinmarc/hdfs/v2@v2.4.0"
GO_CLIENT_SUM = "h1:v6R8oBx/Wu9fHpdPoJJjpGSUxo8NhHIwrwsfhFvU9W0="


def fail(message):
    sys.exit(f"compat: {message}")


def run(command, purpose, **options):
    """Runs a command; on failure its output and what it was for are printed."""
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                          check=False, **options)
    if done.returncode != 0:
        print(done.stdout[-6000:])
        fail(f"{purpose} failed (exit status {done.returncode}): {' '.join(command)[:300]}")
    return done.stdout


def digest(*files):
    total = hashlib.sha256()
    for file in files:
        with open(file, "rb") as opened:
            total.update(opened.read())
    return total.hexdigest()


def once(stamp, key, work):
    """Runs `work` unless the file `stamp` says that it was done for this key."""
    path = os.path.join(paths.CACHE, stamp)
    if os.path.exists(path) and open(path, encoding="utf-8").read() == key:
        return
    work()
    with open(path, "w", encoding="utf-8") as file:
        file.write(key)


def check_tools():
    java = shutil.which(paths.JAVA)
    if java is None or shutil.which("mvn") is None:
        fail("needs a JDK and Maven: ./dev test installs openjdk-17-jdk-headless and maven")
    for tool, package in (("go", "golang-go"), ("bats", "bats")):
        if shutil.which(tool) is None:
            fail(f"needs {tool}: ./dev test installs {package}")
    text = run([java, "-version"], "asking Java for its version")
    version = re.search(r'version "(\d+)', text)
    if version is None or int(version.group(1)) != 17:
        fail(f"needs Java 17, found: {text.strip()}")


def fetch_jars(software, pom):
    """Leaves the class path of `software` in the cache."""
    def fetch():
        run(["mvn", "-q", "-B", "-ntp", "-f", pom, "-Dout=" + paths.CACHE,
             "-Dmaven.repo.local=" + os.path.join(paths.CACHE, "m2"), "package"],
            f"fetching {software}'s jars through Maven")
    pom = os.path.join(paths.HERE, pom)
    once(f"jars-{software}.done", digest(pom), fetch)


def fetch_python():
    shutil.rmtree(paths.VENV, ignore_errors=True)
    run([sys.executable, "-m", "venv", paths.VENV],
        "making a Python environment (Debian: python3-venv)")
    run([os.path.join(paths.VENV, "bin", "pip"), "install", "-q", "--disable-pip-version-check",
         "--no-cache-dir", "-r", os.path.join(paths.HERE, "requirements.txt")],
        "fetching Spark and protobuf from PyPI")
    # Alone, because it asks for an older protobuf than others do; it works with theirs.
    run([os.path.join(paths.VENV, "bin", "pip"), "install", "-q", "--disable-pip-version-check",
         "--no-cache-dir", "--no-deps", SNAKEBITE], "fetching snakebite from PyPI")


def fetch_go_client():
    """The Go client's sources with its command and its tests built in them."""
    shutil.rmtree(os.path.dirname(paths.GO_CLIENT), ignore_errors=True)
    os.makedirs(os.path.dirname(paths.GO_CLIENT))
    environment = {**os.environ, "GOTOOLCHAIN": "local", "GOFLAGS": "-mod=readonly -modcacherw"}
    for variable in ("GOPATH", "GOMODCACHE", "GOCACHE"):
        environment[variable] = os.path.join(os.path.dirname(paths.GO_CLIENT), variable.lower())
    text = run(["go", "mod", "download", "-json", GO_CLIENT],
               "fetching the Go client through Go's module proxy", env=environment)
    module = json.loads(text[text.index("{"):text.rindex("}") + 1])
    if module.get("Sum") != GO_CLIENT_SUM:
        fail(f"{GO_CLIENT} is not what it was: {module.get('Sum')}")
    shutil.copytree(module["Dir"], paths.GO_CLIENT)
    for command in (["go", "build", "-o", "hdfs", "./cmd/hdfs"],
                    ["go", "test", "-c", "-o", "hdfs.test", "."]):
        run(command, "building the Go client", cwd=paths.GO_CLIENT, env=environment)
    for variable in ("GOPATH", "GOMODCACHE", "GOCACHE"):
        shutil.rmtree(environment[variable], ignore_errors=True)


def compile_java(build):
    """Compiles java/NAME to BUILD/compat/classes/NAME when a source is newer."""
    for part, software in (("tools", "hadoop"), ("standin", "hadoop"), ("hbase", "hbase")):
        jars = paths.jars(software)
        sources = sorted(os.path.join(folder, name)
                         for folder, _, names in os.walk(os.path.join(paths.HERE, "java", part))
                         for name in names if name.endswith(".java"))
        out = paths.classes(build, part)
        key = digest(*sources) + jars
        stamp = out + ".built"
        if os.path.exists(stamp) and open(stamp, encoding="utf-8").read() == key:
            continue
        shutil.rmtree(out, ignore_errors=True)
        os.makedirs(out)
        run(["javac", "-nowarn", "-proc:none", "-Xlint:none", "-d", out, "-cp", jars, *sources],
            f"compiling java/{part}")
        with open(stamp, "w", encoding="utf-8") as file:
            file.write(key)


def main():
    os.makedirs(paths.CACHE, exist_ok=True)
    check_tools()
    # Two checkouts may share the cache.
    with open(os.path.join(paths.CACHE, "lock"), "w", encoding="utf-8") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        fetch_jars("hadoop", "pom.xml")
        fetch_jars("hbase", "hbase-pom.xml")
        once("python.done", digest(os.path.join(paths.HERE, "requirements.txt")) + SNAKEBITE +
             sys.version, fetch_python)
        once("go.done", GO_CLIENT + GO_CLIENT_SUM, fetch_go_client)
        compile_java(sys.argv[1])


if __name__ == "__main__":
    main()
