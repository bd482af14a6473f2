"""What two clusters differ in, taken out of what Hadoop's tools print."""
import datetime
import re

TODAY = datetime.datetime.now(datetime.timezone.utc).date()
DAYS = "|".join(str(TODAY + datetime.timedelta(days=d)) for d in (-1, 0, 1))
# (pattern, what stands for it): only what two clusters of one kind would differ in, too.
MASKS = [
    (rf"({DAYS})([ T])\d\d:\d\d(:\d\d)?", "<time>"),
    (r"\b(Mon|Tue|Wed|Thu|Fri|Sat|Sun) \w{3} \d\d \d\d:\d\d:\d\d \w+ \d{4}", "<time>"),
    (r"\b\w{3} \d+, \d{4}, \d+:\d\d:\d\d [AP]M Mover took \w+", "<time> Mover took <time>"),
    (r"BP-\d+-[\d.]+-\d+", "<pool>"),
    (r"DS-[0-9a-f-]{36}", "<storage>"),
    (r"\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b", "<uuid>"),
    (r"(127\.0\.0\.1|localhost):\d+", r"\1:<port>"),
    (r"DFSClient_NONMAPREDUCE_-?\d+_\d+", "<client>"),
    (r"in \d+ milliseconds", "in <n> milliseconds"),
    # Where Apache was when it refused.
    (r"\n  err \tat [^\n]*", ""),
    # The disk below and what is used of it.
    (r"((?:Capacity|DFS Remaining|DFS Used|Remaining)%?:) .*", r"\1 <n>"),
    (r"(<namenode> +)\d+ +\d+ +\d+ +\d+%", r"\1<n>"),
    # Placement chooses at random, and how a DataNode is called is the clusters' set-up.
    (r"(Hostname|Xceivers|Num of Blocks): .*", r"\1: <n>"),
    (r"(New segment starts at txid) \d+", r"\1 <n>"),
    # Paced by the monitors.
    (r"(Waiting for \S+ )\.\.\.[. ]*done", r"\1... done"),
    (r"(Pending deletion blocks:) \d+", r"\1 <n>"),
]


def mask(text, cluster):
    text = text.replace(cluster.uri, "hdfs://<namenode>").replace(
        f"{cluster.host}:{cluster.port}", "<namenode>").replace(
        f"localhost:{cluster.port}", "<namenode>").replace(cluster.http, "<http>").replace(
        f"localhost:{cluster.http_port}", "<http>")
    for pattern, stand_in in MASKS:
        text = re.sub(pattern, stand_in, text)
    return text.splitlines()
