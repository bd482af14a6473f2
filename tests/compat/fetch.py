#!/usr/bin/env python3
"""Fetches what the compatibility tests need: Hadoop's jars, Python packages, and our Java classes.

usage: fetch.py BUILD_DIR. Everything from the network goes to the cache (CAIRN_COMPAT_CACHE or
~/.cache/cairn-compat) and is fetched again only when pom.xml or requirements.txt has changed.
"""
import fcntl
import hashlib
import os
import re
import shutil
import subprocess
import sys

import paths


def fail(message):
    sys.exit(f"compat: {message}")


def run(command, purpose):
    """Runs a command; on failure its output and what it was for are printed."""
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                          check=False)
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
    text = run([java, "-version"], "asking Java for its version")
    version = re.search(r'version "(\d+)', text)
    if version is None or int(version.group(1)) != 17:
        fail(f"needs Java 17, found: {text.strip()}")


def fetch_jars():
    run(["mvn", "-q", "-B", "-ntp", "-f", os.path.join(paths.HERE, "pom.xml"),
         "-Dmaven.repo.local=" + os.path.join(paths.CACHE, "m2"), "-Dout=" + paths.CACHE,
         "package"], "fetching Hadoop's jars through Maven")


def fetch_python():
    shutil.rmtree(paths.VENV, ignore_errors=True)
    run([sys.executable, "-m", "venv", paths.VENV],
        "making a Python environment (Debian: python3-venv)")
    run([os.path.join(paths.VENV, "bin", "pip"), "install", "-q", "--disable-pip-version-check",
         "--no-cache-dir", "-r", os.path.join(paths.HERE, "requirements.txt")],
        "fetching Spark and protobuf from PyPI")


def compile_java(build):
    """Compiles java/NAME to BUILD/compat/classes/NAME when a source is newer."""
    jars = open(os.path.join(paths.CACHE, "classpath"), encoding="utf-8").read().strip()
    for part in ("tools", "standin"):
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
        once("jars.done", digest(os.path.join(paths.HERE, "pom.xml")), fetch_jars)
        once("python.done", digest(os.path.join(paths.HERE, "requirements.txt")) + sys.version,
             fetch_python)
        compile_java(sys.argv[1])


if __name__ == "__main__":
    main()
