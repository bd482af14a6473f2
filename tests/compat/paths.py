"""Where the compatibility tests find what they use."""
import glob
import os
import shutil

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
CACHE = os.environ.get("CAIRN_COMPAT_CACHE",
                       os.path.join(os.path.expanduser("~"), ".cache", "cairn-compat"))
VENV = os.path.join(CACHE, "venv")
# The Go client: its sources, the command `hdfs` and its own tests as the program hdfs.test.
GO_CLIENT = os.path.join(CACHE, "go", "client")
# Debian's JDK even where another Java is the default one.
JAVA = next(iter(sorted(glob.glob("/usr/lib/jvm/java-17-openjdk-*/bin/java"))),
            shutil.which("java") or "java")


def jars(software):
    """The class path of what came through Maven: of "hadoop" or of "hbase"."""
    with open(os.path.join(CACHE, software + "-classpath"), encoding="utf-8") as file:
        return file.read().strip()


def classes(build, part):
    """The folder of the classes compiled from java/`part`."""
    return os.path.join(build, "compat", "classes", part)
