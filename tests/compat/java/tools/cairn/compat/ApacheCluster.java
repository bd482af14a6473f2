package cairn.compat;

import java.io.File;
import java.io.PrintStream;
import org.apache.hadoop.hdfs.HdfsConfiguration;
import org.apache.hadoop.hdfs.MiniDFSCluster;

/**
 * ApacheCluster FOLDER DATANODES: Apache's NameNode and DataNodes on free ports of loopback, until
 * the standard input ends. Prints "ready RPC_PORT HTTP_PORT" when all DataNodes are live.
 */
public final class ApacheCluster {
  private ApacheCluster() {}

  public static void main(String[] args) throws Exception {
    PrintStream answer = System.out;
    System.setOut(System.err);
    try (MiniDFSCluster cluster =
             new MiniDFSCluster.Builder(new HdfsConfiguration(), new File(args[0]))
                 .numDataNodes(Integer.parseInt(args[1]))
                 .storagesPerDatanode(1)
                 .build()) {
      cluster.waitActive();
      answer.printf("ready %d %d%n", cluster.getNameNodePort(),
          cluster.getNameNode().getHttpAddress().getPort());
      answer.flush();
      while (System.in.read() >= 0) {
      }
    }
    System.exit(0);
  }
}
