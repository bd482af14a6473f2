package cairn.compat;

import java.io.IOException;
import org.apache.hadoop.fs.BlockLocation;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.LocatedFileStatus;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.fs.RemoteIterator;

/**
 * Waits for the DataNodes' reports of what was written. A file may be closed when one replica of
 * its last block is reported; what a NameNode says of the others depends on when their reports
 * come.
 */
final class Reports {
  private static final long LIMIT_MS = 30_000;
  private static final long POLL_MS = 10;

  private Reports() {}

  private static boolean allCame(FileSystem fs, Path root) throws IOException {
    RemoteIterator<LocatedFileStatus> files = fs.listFiles(root, true);
    while (files.hasNext()) {
      LocatedFileStatus file = files.next();
      for (BlockLocation block : file.getBlockLocations()) {
        if (block.getNames().length < file.getReplication())
          return false;
      }
    }
    return true;
  }

  /** Returns when every block of the files under `root` has all its places. */
  static void await(FileSystem fs, Path root) throws IOException, InterruptedException {
    long end = System.nanoTime() + LIMIT_MS * 1_000_000;
    while (!allCame(fs, root)) {
      if (System.nanoTime() > end)
        throw new IOException("no report of all replicas of " + root);
      Thread.sleep(POLL_MS);
    }
  }
}
