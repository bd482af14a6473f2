package org.apache.hadoop.hdfs;

import java.io.File;
import java.io.IOException;
import java.net.URI;
import java.security.PrivilegedExceptionAction;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.fs.SafeModeAction;
import org.apache.hadoop.fs.permission.FsPermission;
import org.apache.hadoop.security.UserGroupInformation;

/**
 * Takes the place of the cluster that Hadoop's tests start inside their own process: this one is
 * the server at -Dcairn.compat.uri, so that the tests become remote ones. Has what a client can do
 * and no more; a test that wants to reach into the daemons does not link. Building a cluster
 * empties the server, as formatting would.
 */
public class MiniDFSCluster implements AutoCloseable {
  private static final URI SERVER = URI.create(System.getProperty("cairn.compat.uri"));
  private static final short ROOT_MODE = 0755;

  private static int clusters; // that run

  private final Configuration conf;
  // Whether another one runs, whose clients must not be disturbed.
  private final boolean beside;
  private boolean running = true;

  private MiniDFSCluster(Configuration conf, boolean format) throws IOException {
    this.conf = conf;
    // All clusters of a process have one URI: a cached client may have been made with other
    // settings.
    beside = clusters++ > 0;
    if (!beside)
      FileSystem.closeAll();
    FileSystem.setDefaultUri(conf, SERVER);
    if (format)
      asSuperuser(MiniDFSCluster::empty);
  }

  private interface Work {
    void on(DistributedFileSystem fs) throws IOException;
  }

  /** A test may have logged somebody else in. */
  private static void asSuperuser(Work work) throws IOException {
    UserGroupInformation superuser =
        UserGroupInformation.createRemoteUser(System.getProperty("user.name"));
    try {
      superuser.doAs((PrivilegedExceptionAction<Void>) () -> {
        try (FileSystem fs = FileSystem.newInstance(SERVER, new Configuration())) {
          work.on((DistributedFileSystem) fs);
        }
        return null;
      });
    } catch (InterruptedException e) {
      throw new IOException("interrupted", e);
    }
  }

  private static void empty(DistributedFileSystem fs) throws IOException {
    fs.setSafeMode(SafeModeAction.LEAVE);
    Path root = new Path("/");
    for (FileStatus child : fs.listStatus(root)) {
      if (!fs.delete(child.getPath(), true))
        throw new IOException("cannot delete " + child.getPath());
    }
    fs.setPermission(root, new FsPermission(ROOT_MODE));
    fs.setOwner(root, System.getProperty("user.name"), "supergroup");
  }

  public DistributedFileSystem getFileSystem() throws IOException {
    return (DistributedFileSystem) (beside ? FileSystem.newInstance(SERVER, conf)
                                           : FileSystem.get(SERVER, conf));
  }

  public DistributedFileSystem getFileSystem(int nameNode) throws IOException {
    return getFileSystem();
  }

  public FileSystem getNewFileSystemInstance(int nameNode) throws IOException {
    return FileSystem.newInstance(SERVER, conf);
  }

  public Configuration getConfiguration(int nameNode) {
    return conf;
  }

  public URI getURI() {
    return SERVER;
  }

  public URI getURI(int nameNode) {
    return SERVER;
  }

  public int getNameNodePort(int nameNode) {
    return SERVER.getPort();
  }

  public int getNumNameNodes() {
    return 1;
  }

  public static String getBaseDirectory() {
    return new File(System.getProperty("test.build.data"), "dfs").getAbsolutePath() + "/";
  }

  public int getNameNodePort() {
    return SERVER.getPort();
  }

  public boolean isClusterUp() {
    return running;
  }

  public void waitActive() {}

  public void waitActive(int nameNode) {}

  public void waitClusterUp() {}

  public void shutdown() {
    shutdown(false);
  }

  public void shutdown(boolean deleteFiles, boolean closeClients) {
    shutdown(deleteFiles);
  }

  public void shutdown(boolean deleteFiles) {
    if (!running)
      return;
    running = false;
    --clusters;
    try {
      if (!beside)
        FileSystem.closeAll();
    } catch (IOException e) {
      throw new IllegalStateException("closing the clients of a test that is over", e);
    }
  }

  @Override
  public void close() {
    shutdown();
  }

  /** Takes any description of a cluster that a client does not see. */
  public static class Builder {
    private final Configuration conf;
    private boolean format = true;

    public Builder(Configuration conf) {
      this.conf = conf;
    }

    public Builder(Configuration conf, File folder) {
      this(conf);
    }

    public MiniDFSCluster build() throws IOException {
      return new MiniDFSCluster(conf, format);
    }

    public Builder format(boolean value) {
      format = value;
      return this;
    }

    public Builder numDataNodes(int count) {
      return this;
    }

    public Builder nameNodePort(int port) {
      return this;
    }

    public Builder nnTopology(Object topology) {
      return this;
    }

    public Builder nameNodeHttpPort(int port) {
      return this;
    }

    public Builder storagesPerDatanode(int count) {
      return this;
    }

    public Builder racks(String[] racks) {
      return this;
    }

    public Builder hosts(String[] hosts) {
      return this;
    }

    public Builder simulatedCapacities(long[] bytes) {
      return this;
    }

    public Builder waitSafeMode(boolean wait) {
      return this;
    }

    public Builder manageNameDfsDirs(boolean manage) {
      return this;
    }

    public Builder manageDataDfsDirs(boolean manage) {
      return this;
    }

    public Builder checkExitOnShutdown(boolean check) {
      return this;
    }
  }
}
