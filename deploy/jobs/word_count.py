#!/usr/bin/env python3
"""Counts words with Spark in a folder of a cluster, from input it writes to a result it checks.

usage: spark-submit word_count.py hdfs://HOST:PORT/FOLDER   (the folder is replaced)
"""
import collections
import random
import sys

from pyspark.sql import SparkSession

LINES = 20_000
WORDS_A_LINE = 10
DISTINCT = 500


def text():
    """The same words in every run, one line after the other."""
    chosen = random.Random(1)
    for _ in range(LINES):
        yield " ".join(f"word{chosen.randrange(DISTINCT)}" for _ in range(WORDS_A_LINE))


def main(folder):
    spark = SparkSession.builder.appName("word count").getOrCreate()
    context = spark.sparkContext
    context.setLogLevel("WARN")
    path = context._jvm.org.apache.hadoop.fs.Path(folder)
    path.getFileSystem(context._jsc.hadoopConfiguration()).delete(path, True)

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
