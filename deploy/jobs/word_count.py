#!/usr/bin/env python3
"""Counts words with Spark in a folder of a cluster, from input it writes to a result it checks.

usage: spark-submit word_count.py hdfs://HOST:PORT/FOLDER   (the folder is replaced)
"""
import collections
import random
import sys
import time

from pyspark.sql import SparkSession

LINES = 20_000
WORDS_A_LINE = 10
DISTINCT = 500
WAIT_S = 180


def text():
    """The same words in every run, one line after the other."""
    chosen = random.Random(1)
    for _ in range(LINES):
        yield " ".join(f"word{chosen.randrange(DISTINCT)}" for _ in range(WORDS_A_LINE))


def await_cluster(spark, file_system):
    """Until files can be written: a cluster that has just started counts its blocks first (safe mode)."""
    actions = spark.sparkContext._jvm.java.lang.Class.forName(
        "org.apache.hadoop.hdfs.protocol.HdfsConstants$SafeModeAction").getEnumConstants()
    (get,) = [action for action in actions if action.name() == "SAFEMODE_GET"]
    deadline = time.monotonic() + WAIT_S
    while file_system.setSafeMode(get):
        if time.monotonic() > deadline:
            sys.exit(f"{file_system.getUri()} is in safe mode since {WAIT_S} seconds")
        time.sleep(1)


def main(folder):
    spark = SparkSession.builder.appName("word count").getOrCreate()
    context = spark.sparkContext
    context.setLogLevel("WARN")
    path = context._jvm.org.apache.hadoop.fs.Path(folder)
    file_system = path.getFileSystem(context._jsc.hadoopConfiguration())
    await_cluster(spark, file_system)
    file_system.delete(path, True)

    context.parallelize(list(text()), 4).saveAsTextFile(folder + "/text")
    words = context.textFile(folder + "/text").flatMap(str.split)
    counts = words.map(lambda word: (word, 1)).reduceByKey(lambda a, b: a + b)
    counts.map(lambda pair: f"{pair[0]} {pair[1]}").saveAsTextFile(folder + "/counts")

    written = dict(line.split() for line in context.textFile(folder + "/counts").collect())
    spark.stop()
    expected = collections.Counter(word for line in text() for word in line.split())
    if written != {word: str(count) for word, count in expected.items()}:
        sys.exit(f"{folder}/counts: not the counts of {folder}/text")
    print(f"{folder}/counts: {LINES * WORDS_A_LINE} words, {len(written)} of them different: right")


if __name__ == "__main__":
    main(sys.argv[1])
