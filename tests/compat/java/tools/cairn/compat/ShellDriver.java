package cairn.compat;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.InputStream;
import java.io.PrintStream;
import java.lang.reflect.Constructor;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Paths;
import java.security.PrivilegedExceptionAction;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.FsShell;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.hdfs.HdfsConfiguration;
import org.apache.hadoop.hdfs.tools.CacheAdmin;
import org.apache.hadoop.hdfs.tools.CryptoAdmin;
import org.apache.hadoop.hdfs.tools.DFSAdmin;
import org.apache.hadoop.hdfs.tools.DFSck;
import org.apache.hadoop.hdfs.tools.DebugAdmin;
import org.apache.hadoop.hdfs.tools.DiskBalancerCLI;
import org.apache.hadoop.hdfs.tools.ECAdmin;
import org.apache.hadoop.hdfs.tools.GetGroups;
import org.apache.hadoop.hdfs.tools.StoragePolicyAdmin;
import org.apache.hadoop.hdfs.tools.snapshot.LsSnapshottableDir;
import org.apache.hadoop.hdfs.tools.snapshot.SnapshotDiff;
import org.apache.hadoop.security.UserGroupInformation;
import org.apache.hadoop.util.Tool;
import org.apache.hadoop.util.ToolRunner;

/**
 * ShellDriver SCRIPT: runs Hadoop's command-line tools one after the other in this JVM and prints a
 * transcript: each command with what it wrote to its output and its error stream and its exit
 * status. A line of the script has the words of a command separated by tabs: USER, INPUT, TOOL,
 * ARGUMENT…; USER is - for the one who runs this. The tool await-reports waits until all replicas
 * under a path are reported.
 */
public final class ShellDriver {
  private ShellDriver() {}

  private static Tool withConf(Tool tool, Configuration conf) {
    tool.setConf(conf);
    return tool;
  }

  private static Tool tool(String name, Configuration conf) throws Exception {
    switch (name) {
      case "fs":
        return new FsShell(conf);
      case "dfsadmin":
        return new DFSAdmin(conf);
      case "ec":
        return new ECAdmin(conf);
      case "storagepolicies":
        return new StoragePolicyAdmin(conf);
      case "cacheadmin":
        return new CacheAdmin(conf);
      case "crypto":
        return new CryptoAdmin(conf);
      case "debug":
        return new DebugAdmin(conf);
      case "snapshots":
        return withConf(new LsSnapshottableDir(), conf);
      case "snapshotDiff":
        return withConf(new SnapshotDiff(), conf);
      case "mover":
        // A class that only its package sees.
        Constructor<?> mover =
            Class.forName("org.apache.hadoop.hdfs.server.mover.Mover$Cli").getDeclaredConstructor();
        mover.setAccessible(true);
        return withConf((Tool) mover.newInstance(), conf);
      case "diskbalancer":
        return new DiskBalancerCLI(conf, System.out);
      default:
        throw new IllegalArgumentException("unknown tool " + name);
    }
  }

  private static int run(String name, String[] arguments) throws Exception {
    Configuration conf = new HdfsConfiguration();
    if (name.equals("await-reports")) {
      Reports.await(FileSystem.get(conf), new Path(arguments[0]));
      return 0;
    }
    // These two take the stream they write to when they are made.
    if (name.equals("fsck"))
      return ToolRunner.run(new DFSck(conf, System.out), arguments);
    if (name.equals("groups"))
      return ToolRunner.run(new GetGroups(conf, System.out), arguments);
    return ToolRunner.run(tool(name, conf), arguments);
  }

  private static int runAs(String user, String name, String[] arguments) throws Exception {
    // A client kept from the command before would have that one's settings.
    FileSystem.closeAll();
    if (user.equals("-"))
      return run(name, arguments);
    return UserGroupInformation.createRemoteUser(user).doAs(
        (PrivilegedExceptionAction<Integer>) () -> run(name, arguments));
  }

  private static void print(PrintStream to, String label, ByteArrayOutputStream text) {
    for (String line : new String(text.toByteArray(), StandardCharsets.UTF_8).split("\n")) {
      if (!line.isEmpty())
        to.println("  " + label + " " + line);
    }
  }

  public static void main(String[] args) throws Exception {
    PrintStream transcript = System.out;
    PrintStream log = System.err;
    InputStream noInput = System.in;
    for (String line : Files.readAllLines(Paths.get(args[0]))) {
      List<String> words = new ArrayList<>(Arrays.asList(line.split("\t", -1)));
      String user = words.remove(0);
      String input = words.remove(0);
      String name = words.remove(0);
      ByteArrayOutputStream out = new ByteArrayOutputStream();
      ByteArrayOutputStream err = new ByteArrayOutputStream();
      System.setOut(new PrintStream(out, true, "UTF-8"));
      System.setErr(new PrintStream(err, true, "UTF-8"));
      System.setIn(new ByteArrayInputStream(input.getBytes(StandardCharsets.UTF_8)));
      String status;
      try {
        status = Integer.toString(runAs(user, name, words.toArray(new String[0])));
      } catch (Exception e) {
        status = "thrown " + e.toString().split("\n")[0];
      } finally {
        System.out.flush();
        System.err.flush();
        System.setOut(transcript);
        System.setErr(log);
        System.setIn(noInput);
      }
      transcript.println("$ " + (user.equals("-") ? "" : "as " + user + ": ") + name + " "
          + String.join(" ", words));
      print(transcript, "out", out);
      print(transcript, "err", err);
      transcript.println("  exit " + status);
    }
    transcript.flush();
    System.exit(0);
  }
}
