#!/usr/bin/env python3
"""Spark, from PyPI with the Hadoop client it brings along, works on files in Cairn.

Text files, partitioned Parquet, SQL tables, Hive's tables, structured streaming with checkpoints, the event log;
what Spark wrote is also looked at through Cairn's own shell.
"""
import collections
import json
import os
import random

import harness
import paths

from pyspark.sql import SparkSession, functions

WORDS = [f"w{random.Random(i).randrange(200)}" for i in range(50000)]
ROWS = 20000
PARTITIONS = 5


def session(cluster, work):
    os.environ["JAVA_HOME"] = os.path.dirname(os.path.dirname(os.path.realpath(paths.JAVA)))
    os.environ["SPARK_LOCAL_IP"] = "127.0.0.1"
    os.environ["SPARK_LOCAL_DIRS"] = os.path.join(work, "local")
    conf = {
        "spark.hadoop.fs.defaultFS": cluster.uri,
        "spark.sql.warehouse.dir": cluster.uri + "/warehouse",
        "spark.eventLog.enabled": "true",
        "spark.eventLog.dir": cluster.uri + "/event-log",
        "spark.eventLog.compress": "false",
        "spark.ui.enabled": "false",
        "spark.ui.showConsoleProgress": "false",
        "spark.driver.memory": "1g",
        "spark.driver.extraJavaOptions":
            f"-XX:+UseSerialGC -Duser.timezone=UTC -Dderby.system.home={work}",
        "spark.hadoop.javax.jdo.option.ConnectionURL":
            "jdbc:derby:;databaseName=metastore;create=true",
        "spark.sql.hive.convertMetastoreOrc": "false",  # Hive's own code writes and reads them
        "spark.hadoop.hive.exec.dynamic.partition.mode": "nonstrict",
        "spark.sql.shuffle.partitions": "2",
        "spark.sql.sources.partitionOverwriteMode": "dynamic",
        "spark.sql.session.timeZone": "UTC",
    }
    builder = SparkSession.builder.master("local[2]").appName(
        "cairn-compat").enableHiveSupport()
    for key, value in conf.items():
        builder = builder.config(key, value)
    return builder.getOrCreate()


class Claims:
    """What is claimed, a method each, in this order."""

    def __init__(self, cluster, spark):
        self.cluster = cluster
        self.spark = spark

    def names(self, folder):
        listing = self.cluster.dfs("ls", "-R", folder).decode().splitlines()
        return [line.split()[-1] for line in listing if line.startswith(("-", "d"))]

    def word_count(self):
        text = "\n".join(" ".join(WORDS[i:i + 10]) for i in range(0, len(WORDS), 10)) + "\n"
        self.cluster.dfs("-D", "dfs.blocksize=65536", "put", "-", "/text", text=text.encode())
        lines = self.spark.sparkContext.textFile(self.cluster.uri + "/text")
        harness.check(lines.getNumPartitions() > 1, "the text is split by its blocks")
        counts = lines.flatMap(str.split).map(lambda word: (word, 1)).reduceByKey(
            lambda a, b: a + b)
        counts.map(lambda pair: f"{pair[0]} {pair[1]}").saveAsTextFile(self.cluster.uri + "/counts")
        written = self.cluster.dfs("cat", "/counts/part-*").decode().splitlines()
        expected = [f"{word} {count}" for word, count in collections.Counter(WORDS).items()]
        harness.check(sorted(written) == sorted(expected), "the counts of the words")
        harness.check("/counts/_SUCCESS" in self.names("/counts"), "_SUCCESS is there")
        harness.check(not any("_temporary" in name for name in self.names("/counts")),
                      "the committer left nothing")
        try:
            counts.saveAsTextFile(self.cluster.uri + "/counts")
            raise harness.Failure("writing to an existing folder must be refused")
        except Exception as error:  # pylint: disable=broad-except
            harness.check("already exists" in str(error), f"refused for another reason: {error}")

    def parquet(self):
        table = self.spark.range(ROWS).select(
            "id", (functions.col("id") % PARTITIONS).alias("part"),
            functions.concat(functions.lit("row "), functions.col("id")).alias("name"))
        path = self.cluster.uri + "/parquet"
        table.write.partitionBy("part").parquet(path)
        folders = {name.split("/")[2] for name in self.names("/parquet") if "part=" in name}
        harness.check(folders == {f"part={p}" for p in range(PARTITIONS)}, f"folders: {folders}")

        back = self.spark.read.parquet(path)
        harness.check(back.count() == ROWS and back.exceptAll(table.select(*back.columns)).count()
                      == 0, "the rows read back are those written")
        one = back.where("part = 3 and id < 100")
        harness.check(sorted(row.id for row in one.collect()) == list(range(3, 100, PARTITIONS)),
                      "the rows of one partition")

        table.where("part = 1").write.mode("append").partitionBy("part").parquet(path)
        table.where("part = 2").limit(7).write.mode("overwrite").partitionBy("part").parquet(path)
        sizes = {row.part: row["count"] for row in
                 self.spark.read.parquet(path).groupBy("part").count().collect()}
        each = ROWS // PARTITIONS
        harness.check(sizes == {0: each, 1: 2 * each, 2: 7, 3: each, 4: each}, f"rows: {sizes}")

    def tables(self):
        sql = self.spark.sql
        sql("CREATE TABLE sales (item STRING, price INT, day STRING) USING parquet "
            "PARTITIONED BY (day)")
        sql("INSERT INTO sales VALUES ('a', 1, 'mon'), ('b', 2, 'mon'), ('a', 3, 'tue')")
        sql("INSERT INTO sales VALUES ('c', 4, 'wed')")
        sql("INSERT OVERWRITE sales PARTITION (day = 'mon') VALUES ('d', 10)")
        sql("CREATE TABLE totals USING json AS "
            "SELECT day, sum(price) AS total FROM sales GROUP BY day")
        totals = {row.day: row.total for row in sql("SELECT * FROM totals").collect()}
        harness.check(totals == {"mon": 10, "tue": 3, "wed": 4}, f"totals: {totals}")
        harness.check(any("day=tue" in name for name in self.names("/warehouse/sales")),
                      "the table is in the warehouse")
        sql("ALTER TABLE sales DROP PARTITION (day = 'tue')")
        harness.check(sql("SELECT * FROM sales").count() == 2, "a dropped partition is gone")
        sql("DROP TABLE sales")
        self.cluster.dfs("test", "-e", "/warehouse/sales", status=1)

    def hive_tables(self):
        sql = self.spark.sql
        sql("CREATE TABLE visits (who STRING, times INT) PARTITIONED BY (day STRING) STORED AS ORC")
        sql("INSERT INTO visits PARTITION (day) VALUES ('a', 1, 'mon'), ('b', 2, 'tue')")
        sql("INSERT INTO visits PARTITION (day = 'mon') VALUES ('c', 3)")
        sql("INSERT OVERWRITE TABLE visits PARTITION (day = 'tue') VALUES ('d', 4)")
        self.cluster.dfs("put", "-", "/brought", text=b"e,5\nf,6\n")
        sql("CREATE TABLE brought (who STRING, times INT) ROW FORMAT DELIMITED "
            "FIELDS TERMINATED BY ','")
        sql(f"LOAD DATA INPATH '{self.cluster.uri}/brought' INTO TABLE brought")
        self.cluster.dfs("test", "-e", "/brought", status=1)  # moved, not copied
        sql("INSERT INTO visits PARTITION (day = 'wed') SELECT * FROM brought")
        rows = {(row.who, row.times, row.day) for row in sql("SELECT * FROM visits").collect()}
        harness.check(rows == {("a", 1, "mon"), ("c", 3, "mon"), ("d", 4, "tue"), ("e", 5, "wed"),
                               ("f", 6, "wed")}, f"rows: {rows}")
        left = [name for name in self.names("/warehouse") if "staging" in name]
        harness.check(not left, f"Hive's staging folders are gone: {left}")
        sql("TRUNCATE TABLE brought")
        sql("DROP TABLE visits")
        self.cluster.dfs("test", "-e", "/warehouse/visits", status=1)

    def feed(self, number):
        rows = "".join(json.dumps({"key": f"k{i % 3}", "value": i}) + "\n"
                       for i in range(100 * number, 100 * (number + 1)))
        # Sources must not see a file before it is whole.
        self.cluster.dfs("put", "-", f"/hidden-{number}", text=rows.encode())
        self.cluster.dfs("mv", f"/hidden-{number}", f"/input/{number}.json")

    def stream(self, sink, checkpoint):
        """Runs a query over what is in /input and not yet processed, to its end."""
        source = self.spark.readStream.schema("key STRING, value INT").json(
            self.cluster.uri + "/input")
        if sink == "files":
            writer = source.writeStream.format("parquet").option("path",
                                                                 self.cluster.uri + "/stream")
        else:
            writer = source.groupBy("key").count().writeStream.format("memory").queryName(
                "keys").outputMode("complete")
        query = writer.option("checkpointLocation", self.cluster.uri + checkpoint).trigger(
            availableNow=True).start()
        harness.check(query.awaitTermination(120), f"the stream to {sink} ends")
        harness.check(query.exception() is None, f"the stream failed: {query.exception()}")

    def streaming(self):
        self.cluster.dfs("mkdir", "/input")
        for rounds in (1, 2, 3):
            self.feed(rounds - 1)
            # Each query is a new one: it goes on from what its checkpoint says.
            self.stream("files", "/checkpoint-files")
            self.stream("memory", "/checkpoint-keys")
            values = sorted(row.value for row in
                            self.spark.read.parquet(self.cluster.uri + "/stream").collect())
            harness.check(values == list(range(100 * rounds)), f"each row once, round {rounds}")
            keys = self.spark.sql("SELECT * FROM keys").collect()
            counts = {row.key: row["count"] for row in keys}
            expected = collections.Counter(f"k{i % 3}" for i in range(100 * rounds))
            harness.check(counts == expected, f"the state of round {rounds}: {counts}")
        offsets = [name for name in self.names("/checkpoint-files/offsets") if name[-1].isdigit()]
        harness.check(len(offsets) == 3, f"a checkpoint for each batch: {offsets}")

    def event_log(self, application):
        names = self.names("/event-log")
        harness.check(names == [f"/event-log/{application}"], f"event logs: {names}")
        events = [json.loads(line)["Event"] for line in
                  self.cluster.dfs("cat", names[0]).decode().splitlines()]
        harness.check(events[0] == "SparkListenerLogStart"
                      and events[-1] == "SparkListenerApplicationEnd"
                      and events.count("SparkListenerJobEnd") > 10, "the event log is whole")


def body(work, stack):
    cluster = harness.started(stack, harness.CairnCluster(work))
    cluster.dfs("mkdir", "/event-log", "/warehouse")
    os.chdir(work)  # Spark leaves files in the current folder
    spark = session(cluster, work)
    claims = Claims(cluster, spark)
    for claim in (claims.word_count, claims.parquet, claims.tables, claims.hive_tables,
                  claims.streaming):
        claim()
        print(f"{claim.__name__}: as expected")
    application = spark.sparkContext.applicationId
    spark.stop()
    claims.event_log(application)
    print("event_log: as expected")


harness.main("spark", body)
