package cairn.compat;

import org.apache.hadoop.hdfs.server.balancer.Balancer;
import org.apache.hadoop.metrics2.lib.DefaultMetricsSystem;

/**
 * Hadoop's balancer where the same source of metrics may be registered again: 3.4.3 registers its
 * own at each iteration and would stop at the second, whatever the server.
 */
public final class BalancerMain {
  private BalancerMain() {}

  public static void main(String[] args) {
    DefaultMetricsSystem.setMiniClusterMode(true);
    Balancer.main(args);
  }
}
