"""What a driver of java/tools prints for one script on a fresh Apache cluster and on a fresh Cairn cluster."""
import os
import threading

import harness

DATANODES = 3


class _Run(threading.Thread):
    """One driver on one cluster."""

    def __init__(self, cluster, driver, script, mask, timeout_s, make_folder):
        super().__init__(daemon=True)
        self.cluster = cluster
        self.driver = driver
        self.script = script
        self.mask = mask
        self.timeout_s = timeout_s
        self.make_folder = make_folder
        self.lines = []
        self.error = None
        self.start()

    def run(self):
        directory = self.cluster.directory
        log = os.path.join(directory, "driver.log")
        try:
            folder = os.path.join(directory, "local")
            os.makedirs(folder)
            if self.make_folder is not None:
                self.make_folder(folder)
            status, out = harness.run_java(self.cluster.conf, self.driver, [self.script], log,
                                           timeout_s=self.timeout_s, cwd=folder)
            with open(os.path.join(directory, "transcript"), "w", encoding="utf-8") as file:
                file.write(out)
            harness.check(status == 0, f"the driver ended with {status}:\n{harness.tail(log)}")
            self.lines = self.mask(out, self.cluster)
        except Exception as error:  # pylint: disable=broad-except
            self.error = error

    def result(self):
        self.join()
        if self.error is not None:
            raise self.error
        return self.lines


def of_both(work, stack, lines, driver, *, mask, timeout_s, make_folder=None):
    """(Apache's, Cairn's) printed lines after `mask(text, cluster)`. The driver runs in a folder of
    its own, which `make_folder` fills."""
    script = os.path.join(work, "script")
    with open(script, "w", encoding="utf-8") as file:
        file.write("\n".join(lines) + "\n")
    clusters = [harness.started(stack, kind(work, DATANODES))
                for kind in (harness.ApacheCluster, harness.CairnCluster)]
    running = [_Run(cluster, driver, script, mask, timeout_s, make_folder) for cluster in clusters]
    return tuple(run.result() for run in running)
