package cairn.compat;

import java.io.FileOutputStream;
import java.io.OutputStream;
import java.util.LinkedHashMap;
import java.util.Map;
import org.apache.hadoop.thirdparty.protobuf.DescriptorProtos.FileDescriptorSet;
import org.apache.hadoop.thirdparty.protobuf.Descriptors.FileDescriptor;

/**
 * Descriptors FILE CLASS...: the message descriptors compiled into these outer classes of Hadoop
 * (below org.apache.hadoop), and all they use, as one FileDescriptorSet. The jars do not carry the
 * .proto texts.
 */
public final class Descriptors {
  private Descriptors() {}

  private static void collect(FileDescriptor file, Map<String, FileDescriptor> found) {
    if (found.containsKey(file.getFullName()))
      return;
    for (FileDescriptor used : file.getDependencies()) collect(used, found);
    found.put(file.getFullName(), file);
  }

  public static void main(String[] args) throws Exception {
    Map<String, FileDescriptor> found = new LinkedHashMap<>();
    for (int i = 1; i < args.length; i++) {
      collect((FileDescriptor) Class.forName("org.apache.hadoop." + args[i])
                  .getMethod("getDescriptor")
                  .invoke(null),
          found);
    }
    FileDescriptorSet.Builder set = FileDescriptorSet.newBuilder();
    for (FileDescriptor file : found.values()) set.addFile(file.toProto());
    try (OutputStream out = new FileOutputStream(args[0])) {
      set.build().writeTo(out);
    }
  }
}
