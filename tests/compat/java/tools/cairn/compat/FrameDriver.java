package cairn.compat;

import java.io.IOException;
import java.security.PrivilegedExceptionAction;
import java.util.Arrays;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FSDataInputStream;
import org.apache.hadoop.fs.FSDataOutputStream;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Options;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.fs.permission.FsAction;
import org.apache.hadoop.fs.permission.FsPermission;
import org.apache.hadoop.hdfs.DistributedFileSystem;
import org.apache.hadoop.hdfs.HdfsConfiguration;
import org.apache.hadoop.io.Text;
import org.apache.hadoop.security.UserGroupInformation;
import org.apache.hadoop.security.token.Token;
import org.apache.hadoop.security.token.TokenIdentifier;

/**
 * FrameDriver SCENARIO: what Hadoop's client does while its connections are recorded; all of it
 * below /SCENARIO.
 */
public final class FrameDriver {
  private static final int FILE_BYTES = 9000;
  private static final int APPENDED_BYTES = 1500;

  private FrameDriver() {}

  private interface Step {
    void run() throws IOException;
  }

  /** The step must fail: what the server answers then is recorded. */
  private static void refused(Step step) throws IOException {
    try {
      step.run();
    } catch (IOException e) {
      return;
    }
    throw new IllegalStateException("was not refused");
  }

  private static byte[] bytes(int count) {
    byte[] result = new byte[count];
    for (int i = 0; i < count; i++) result[i] = (byte) (i / 100);
    return result;
  }

  private static void names(DistributedFileSystem fs, Path base) throws IOException {
    Path dir = new Path(base, "d");
    Path file = new Path(dir, "f");
    fs.mkdirs(dir);
    fs.create(file, (short) 1).close();
    fs.getFileStatus(file);
    fs.getFileStatus(dir);
    fs.listStatus(dir);
    fs.listStatusIterator(dir).hasNext();
    fs.listLocatedStatus(dir).hasNext();
    fs.setPermission(file, new FsPermission((short) 0640));
    fs.setOwner(file, "alice", "staff");
    fs.setTimes(file, 1000000, 2000000);
    fs.getFileStatus(file);
    fs.setReplication(file, (short) 2);
    fs.getContentSummary(base);
    fs.getQuotaUsage(base);
    fs.rename(file, new Path(dir, "g"));
    fs.rename(new Path(dir, "g"), file, Options.Rename.NONE);
    fs.getServerDefaults(base);
    fs.isFileClosed(file);
    fs.getStoragePolicy(file);
    fs.access(file, FsAction.READ);
    fs.delete(file, false);
    fs.delete(file, false);
    fs.delete(dir, true);
  }

  private static void refusals(DistributedFileSystem fs, Path base) throws IOException {
    Path dir = new Path(base, "d");
    Path file = new Path(dir, "f");
    Path missing = new Path(base, "missing");
    fs.mkdirs(dir);
    fs.create(file, (short) 1).close();
    refused(() -> fs.getFileStatus(missing));
    refused(() -> fs.open(missing).close());
    refused(() -> fs.open(dir).close());
    refused(() -> fs.listStatus(missing));
    refused(() -> fs.create(file, false).close());
    refused(() -> fs.create(dir, true).close());
    refused(() -> fs.append(missing).close());
    refused(() -> fs.mkdirs(file));
    refused(() -> fs.mkdirs(new Path(file, "below")));
    refused(() -> fs.delete(base, false));
    refused(() -> fs.setPermission(missing, new FsPermission((short) 0)));
    refused(() -> fs.rename(missing, file, Options.Rename.NONE));
    refused(() -> fs.rename(file, dir, Options.Rename.NONE));
    refused(() -> fs.getContentSummary(missing));
    refused(() -> fs.isFileClosed(missing));
    refused(() -> fs.recoverLease(missing));
    refused(() -> fs.truncate(file, 5));
    if (fs.rename(missing, file))
      throw new IllegalStateException("renamed what is not there");
    if (fs.setReplication(missing, (short) 1))
      throw new IllegalStateException("set on what is not there");
    refused(()
                -> fs.create(new Path(base, "r"), FsPermission.getFileDefault(), true, 4096,
                    (short) 1000, 1 << 20, null));
  }

  private static void data(DistributedFileSystem fs, Path base) throws IOException {
    byte[] content = bytes(FILE_BYTES);
    Path file = new Path(base, "f");
    try (FSDataOutputStream out =
             fs.create(file, FsPermission.getFileDefault(), true, 4096, (short) 1, 1 << 20, null)) {
      out.write(content, 0, 3000);
      out.hflush();
      try (FSDataInputStream in = fs.open(file)) {
        in.readFully(0, new byte[3000]);
      }
      out.write(content, 3000, FILE_BYTES - 3000);
      out.hsync();
    }
    byte[] back = new byte[FILE_BYTES];
    try (FSDataInputStream in = fs.open(file)) {
      in.readFully(0, back);
      in.readFully(1000, new byte[2000]);
    }
    if (!Arrays.equals(content, back))
      throw new IllegalStateException("read something else");
    fs.getFileChecksum(file);
    try (FSDataOutputStream out = fs.append(file)) {
      out.write(content, 0, APPENDED_BYTES);
    }
    try (FSDataInputStream in = fs.open(file)) {
      in.readFully(FILE_BYTES, new byte[APPENDED_BYTES]);
    }
  }

  private static void run(String scenario, Configuration conf) throws IOException {
    try (FileSystem fs = FileSystem.newInstance(FileSystem.getDefaultUri(conf), conf)) {
      DistributedFileSystem hdfs = (DistributedFileSystem) fs;
      Path base = new Path("/" + scenario);
      switch (scenario) {
        case "names":
          names(hdfs, base);
          break;
        case "refusals":
          refusals(hdfs, base);
          break;
        case "data":
          data(hdfs, base);
          break;
        case "token":
        case "ping":
          fs.mkdirs(base);
          break;
        default:
          throw new IllegalArgumentException(scenario);
      }
    }
  }

  public static void main(String[] args) throws Exception {
    Configuration conf = new HdfsConfiguration();
    UserGroupInformation user = UserGroupInformation.getCurrentUser();
    if (args[0].equals("token")) {
      // Whoever holds a token, of whatever kind, begins with SASL.
      user.addToken(new Token<TokenIdentifier>(
          new byte[] {1}, new byte[] {2}, new Text("kind"), new Text("elsewhere:1")));
    }
    user.doAs((PrivilegedExceptionAction<Void>) () -> {
      run(args[0], conf);
      return null;
    });
    System.exit(0);
  }
}
