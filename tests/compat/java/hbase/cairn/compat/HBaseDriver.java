package cairn.compat;

import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.hbase.HBaseConfiguration;
import org.apache.hadoop.hbase.TableName;
import org.apache.hadoop.hbase.client.Admin;
import org.apache.hadoop.hbase.client.ColumnFamilyDescriptorBuilder;
import org.apache.hadoop.hbase.client.CompactionState;
import org.apache.hadoop.hbase.client.Connection;
import org.apache.hadoop.hbase.client.ConnectionFactory;
import org.apache.hadoop.hbase.client.Put;
import org.apache.hadoop.hbase.client.Result;
import org.apache.hadoop.hbase.client.ResultScanner;
import org.apache.hadoop.hbase.client.Scan;
import org.apache.hadoop.hbase.client.Table;
import org.apache.hadoop.hbase.client.TableDescriptorBuilder;
import org.apache.hadoop.hbase.util.Bytes;

/**
 * A client of HBase, with rows that can be told from their numbers alone. HBaseDriver load ROWS:
 * makes the table and puts rows 0 to ROWS - 1 into it, and prints after every batch how many are
 * acknowledged; an error ends it. HBaseDriver check ROWS: reads all rows; the first ROWS must be
 * there, and each must be what was put. HBaseDriver settle: flushes, merges and splits the table.
 */
public final class HBaseDriver {
  private static final TableName TABLE = TableName.valueOf("rows");
  private static final byte[] FAMILY = Bytes.toBytes("f");
  private static final byte[] QUALIFIER = Bytes.toBytes("q");
  private static final int BATCH = 100;
  private static final int VALUE_BYTES = 400;
  private static final long SETTLE_LIMIT_MS = 120_000;

  private HBaseDriver() {}

  private static byte[] key(int row) {
    // Neighbours in time are not neighbours in the table.
    return Bytes.toBytes(String.format("%08x", Integer.reverse(row)));
  }

  private static byte[] value(int row) {
    byte[] value = new byte[VALUE_BYTES];
    new Random(row).nextBytes(value);
    return value;
  }

  private static void load(Connection connection, int rows) throws IOException {
    connection.getAdmin().createTable(TableDescriptorBuilder.newBuilder(TABLE)
                                          .setColumnFamily(ColumnFamilyDescriptorBuilder.of(FAMILY))
                                          .build(),
        new byte[][] {Bytes.toBytes("55555555"), Bytes.toBytes("aaaaaaaa")});
    try (Table table = connection.getTable(TABLE)) {
      for (int first = 0; first < rows; first += BATCH) {
        List<Put> puts = new ArrayList<>();
        for (int row = first; row < Math.min(first + BATCH, rows); ++row)
          puts.add(new Put(key(row)).addColumn(FAMILY, QUALIFIER, value(row)));
        table.put(puts);
        System.out.println("acknowledged " + (first + puts.size()));
        System.out.flush();
      }
    }
  }

  private static void check(Connection connection, int rows) throws IOException {
    int expected = 0;
    int others = 0;
    try (Table table = connection.getTable(TABLE);
         ResultScanner scanner = table.getScanner(new Scan().setCaching(1000))) {
      for (Result result : scanner) {
        int row = Integer.reverse((int) Long.parseLong(Bytes.toString(result.getRow()), 16));
        if (!Arrays.equals(result.getValue(FAMILY, QUALIFIER), value(row)))
          throw new IOException("row " + row + " has another value than was put");
        if (row < rows)
          ++expected;
        else
          ++others;
      }
    }
    if (expected != rows)
      throw new IOException((rows - expected) + " of " + rows + " acknowledged rows are missing");
    System.out.println(expected + " rows and " + others + " not acknowledged");
  }

  private static void await(String what, java.util.concurrent.Callable<Boolean> condition)
      throws Exception {
    long end = System.nanoTime() + SETTLE_LIMIT_MS * 1_000_000;
    while (!condition.call()) {
      if (System.nanoTime() > end)
        throw new IOException("not in time: " + what);
      Thread.sleep(100);
    }
  }

  private static void settle(Connection connection) throws Exception {
    Admin admin = connection.getAdmin();
    int regions = admin.getRegions(TABLE).size();
    admin.flush(TABLE);
    admin.split(TABLE, Bytes.toBytes("20000000"));
    await("the split",
        () -> admin.getRegions(TABLE).size() > regions && admin.isTableAvailable(TABLE));
    admin.majorCompact(TABLE);
    await("the compaction", () -> admin.getCompactionState(TABLE) == CompactionState.NONE);
    System.out.println("regions " + regions + ", then " + admin.getRegions(TABLE).size());
  }

  public static void main(String[] args) throws Exception {
    Configuration conf = HBaseConfiguration.create();
    try (Connection connection = ConnectionFactory.createConnection(conf)) {
      switch (args[0]) {
        case "load":
          load(connection, Integer.parseInt(args[1]));
          break;
        case "check":
          check(connection, Integer.parseInt(args[1]));
          break;
        default:
          settle(connection);
      }
    }
  }
}
