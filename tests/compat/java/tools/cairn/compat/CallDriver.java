package cairn.compat;

import java.io.IOException;
import java.lang.reflect.Array;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.ParameterizedType;
import java.lang.reflect.Type;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Paths;
import java.security.PrivilegedExceptionAction;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.Collections;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FSDataOutputStream;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Options;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.fs.permission.FsPermission;
import org.apache.hadoop.ha.HAServiceProtocol;
import org.apache.hadoop.ha.protocolPB.HAServiceProtocolClientSideTranslatorPB;
import org.apache.hadoop.hdfs.DFSUtilClient;
import org.apache.hadoop.hdfs.HdfsConfiguration;
import org.apache.hadoop.hdfs.NameNodeProxies;
import org.apache.hadoop.hdfs.protocol.ClientDatanodeProtocol;
import org.apache.hadoop.hdfs.protocol.ClientProtocol;
import org.apache.hadoop.hdfs.protocol.DatanodeInfo;
import org.apache.hadoop.hdfs.protocol.ExtendedBlock;
import org.apache.hadoop.hdfs.protocol.HdfsConstants.DatanodeReportType;
import org.apache.hadoop.hdfs.protocol.HdfsFileStatus;
import org.apache.hadoop.hdfs.protocol.LastBlockWithStatus;
import org.apache.hadoop.hdfs.protocol.LocatedBlock;
import org.apache.hadoop.hdfs.protocol.ReconfigurationProtocol;
import org.apache.hadoop.hdfs.server.common.HdfsServerConstants.NamenodeRole;
import org.apache.hadoop.hdfs.server.common.HdfsServerConstants.NodeType;
import org.apache.hadoop.hdfs.server.common.StorageInfo;
import org.apache.hadoop.hdfs.server.namenode.CheckpointSignature;
import org.apache.hadoop.hdfs.server.protocol.NamenodeProtocol;
import org.apache.hadoop.hdfs.server.protocol.NamenodeRegistration;
import org.apache.hadoop.hdfs.server.protocol.NamespaceInfo;
import org.apache.hadoop.io.EnumSetWritable;
import org.apache.hadoop.io.Text;
import org.apache.hadoop.ipc.GenericRefreshProtocol;
import org.apache.hadoop.ipc.ProtobufRpcEngine2;
import org.apache.hadoop.ipc.RPC;
import org.apache.hadoop.ipc.RefreshCallQueueProtocol;
import org.apache.hadoop.ipc.RemoteException;
import org.apache.hadoop.ipc.protocolPB.GenericRefreshProtocolClientSideTranslatorPB;
import org.apache.hadoop.ipc.protocolPB.GenericRefreshProtocolPB;
import org.apache.hadoop.net.NetUtils;
import org.apache.hadoop.security.RefreshUserMappingsProtocol;
import org.apache.hadoop.security.UserGroupInformation;
import org.apache.hadoop.security.authorize.RefreshAuthorizationPolicyProtocol;
import org.apache.hadoop.tools.GetUserMappingsProtocol;

/**
 * CallDriver SCRIPT: makes the calls of a script through Hadoop's own protocol translators and
 * prints each with its whole result, or with the class and the first line of the exception. A line
 * has words separated by tabs: USER, NAME, CALL, ARGUMENT… USER is - for the one who runs this;
 * NAME, if it is not -, is how later arguments call the result ($NAME). CALL is a method of
 * ClientProtocol, or PROTOCOL.METHOD for the keys of {@link #PROTOCOLS}, or write (a whole file
 * with all its replicas: path, bytes).
 */
public final class CallDriver {
  private static final Map<String, Class<?>> PROTOCOLS =
      Map.of("client", ClientProtocol.class, "nn", NamenodeProtocol.class, "ha",
          HAServiceProtocol.class, "reconf", ReconfigurationProtocol.class, "groups",
          GetUserMappingsProtocol.class, "users", RefreshUserMappingsProtocol.class, "acl",
          RefreshAuthorizationPolicyProtocol.class, "queue", RefreshCallQueueProtocol.class,
          "refresh", GenericRefreshProtocol.class, "dn", ClientDatanodeProtocol.class);
  // Getters of what two clusters differ in, or that only wrap others.
  private static final List<String> PASSED_OVER = List.of("getClass", "getDeclaringClass",
      "getCapacity", "getDfsUsed", "getNonDfsUsed", "getRemaining", "getBlockPoolUsed",
      "getBlockPoolUsagePercent", "getPendingDeletionBlocks", "getXceiverCount", "getLastUpdate",
      "getLastUpdateMonotonic", "getLastBlockReportTime", "getLastBlockReportMonotonic",
      "getNumBlocks", "getDatanodeReport", "getHostName", "getPeerHostName", "getSoftwareVersion",
      "getBlockPoolUsedPercent", "getRemainingPercent", "getDfsUsedPercent", "getAllUsed",
      "getUsed", "getXferAddrWithHostname", "getParent", "getDatanodeUuidBytes", "getIpAddrBytes",
      "getHostNameBytes", "getDatanodeUuid", "getStorageID", "getLocalNameInBytes",
      "getSymlinkInBytes", "getInfoAddr", "getInfoPort", "getInfoSecureAddr", "getInfoSecurePort",
      "getIpcAddr", "getIpcPort", "getXferPort", "getBlockToken", "getLocations", "getStorageIDs",
      "getStorageTypes", "getCachedLocations", "getLevel", "getResolvedAddress", "getUptime",
      "getDateStarted", "getBuildVersion", "getNamespace", "getPath");
  // Left out of a value's fields.
  private static final List<String> UNSET = List.of("null", "false", "0", "");
  private static final long ROOT_ID = 16385;
  private static final long EARLIEST_NOW_MS = 1_600_000_000_000L;
  private static final long LATEST_NOW_MS = 3_000_000_000_000L;
  private static final int DEEPEST = 6;

  private final Configuration conf = new HdfsConfiguration();
  private final Map<String, Object> results = new HashMap<>();
  private final Map<String, Object> proxies = new HashMap<>();

  private Object proxy(String protocol, Class<?> type) throws IOException {
    UserGroupInformation user = UserGroupInformation.getCurrentUser();
    String key = user.getShortUserName() + " " + protocol;
    if (!proxies.containsKey(key))
      proxies.put(key, connect(protocol, type, user));
    return proxies.get(key);
  }

  private Object connect(String protocol, Class<?> type, UserGroupInformation user)
      throws IOException {
    URI uri = FileSystem.getDefaultUri(conf);
    InetSocketAddress address = new InetSocketAddress(uri.getHost(), uri.getPort());
    switch (protocol) {
      case "ha":
        return new HAServiceProtocolClientSideTranslatorPB(address, conf);
      case "reconf":
        return DFSUtilClient.createReconfigurationProtocolProxy(
            address, user, conf, NetUtils.getDefaultSocketFactory(conf));
      case "refresh":
        RPC.setProtocolEngine(conf, GenericRefreshProtocolPB.class, ProtobufRpcEngine2.class);
        return new GenericRefreshProtocolClientSideTranslatorPB(RPC.getProxy(
            GenericRefreshProtocolPB.class, RPC.getProtocolVersion(GenericRefreshProtocolPB.class),
            address, user, conf, NetUtils.getDefaultSocketFactory(conf)));
      case "dn":
        DatanodeInfo[] nodes =
            asItself(()
                         -> ((ClientProtocol) proxy("client", ClientProtocol.class))
                                .getDatanodeReport(DatanodeReportType.LIVE));
        return DFSUtilClient.createClientDatanodeProtocolProxy(nodes[0], conf, 60000, false);
      default:
        return NameNodeProxies.createNonHAProxy(conf, address, type, user, false).getProxy();
    }
  }

  private static <T> T asItself(PrivilegedExceptionAction<T> work) throws IOException {
    try {
      return UserGroupInformation.getLoginUser().doAs(work);
    } catch (InterruptedException e) {
      throw new IOException(e);
    }
  }

  /** What a word means where a value of `type` is wanted. */
  private Object argument(String word, Class<?> type, Type generic) {
    if (word.startsWith("$"))
      return fromResult(word.substring(1), type);
    if (word.equals("null"))
      return null;
    if (type == String.class)
      return word;
    if (type == long.class || type == Long.class)
      return word.equals("MAX") ? Long.MAX_VALUE : Long.parseLong(word);
    if (type == int.class)
      return Integer.parseInt(word);
    if (type == short.class)
      return Short.parseShort(word);
    if (type == boolean.class)
      return Boolean.parseBoolean(word);
    if (type == byte[].class)
      return word.equals("-") ? HdfsFileStatus.EMPTY_NAME : word.getBytes(StandardCharsets.UTF_8);
    if (type == FsPermission.class)
      return new FsPermission(Short.parseShort(word, 8));
    if (type == Text.class)
      return new Text(word);
    if (type.isEnum())
      return constant(type, word);
    if (type == EnumSet.class)
      return set(word, (Class<?>) ((ParameterizedType) generic).getActualTypeArguments()[0]);
    if (type == EnumSetWritable.class) {
      Class<?> of = (Class<?>) ((ParameterizedType) generic).getActualTypeArguments()[0];
      return writable(set(word, of), of);
    }
    if (type == List.class)
      return word.equals("-") ? Collections.emptyList() : Arrays.asList(word.split(","));
    if (type.isArray()) {
      String[] words = word.equals("-") ? new String[0] : word.split(",", -1);
      Object array = Array.newInstance(type.getComponentType(), words.length);
      for (int i = 0; i < words.length; i++)
        Array.set(array, i, argument(words[i], type.getComponentType(), null));
      return array;
    }
    throw new IllegalArgumentException("no way to make a " + type + " of " + word);
  }

  @SuppressWarnings({"unchecked", "rawtypes"})
  private static Object constant(Class type, String word) {
    return Enum.valueOf(type, word);
  }

  @SuppressWarnings({"unchecked", "rawtypes"})
  private static EnumSet set(String word, Class type) {
    EnumSet result = EnumSet.noneOf(type);
    for (String name : word.equals("-") ? new String[0] : word.split(","))
      result.add(Enum.valueOf(type, name));
    return result;
  }

  @SuppressWarnings({"unchecked", "rawtypes"})
  private static EnumSetWritable writable(EnumSet set, Class type) {
    return new EnumSetWritable(set, type);
  }

  /** NAME[:id=N][:len=N][:gs=N][:pool=X] of a result: the part of it that fits the type. */
  private Object fromResult(String word, Class<?> type) {
    String[] parts = word.split(":");
    Object result = results.get(parts[0]);
    if (result instanceof LastBlockWithStatus)
      result = ((LastBlockWithStatus) result).getLastBlock();
    if (result instanceof HdfsFileStatus && type == long.class)
      return ((HdfsFileStatus) result).getFileId();
    if (result instanceof NamespaceInfo && type == NamenodeRegistration.class)
      return registration((NamespaceInfo) result, parts);
    if (result instanceof LocatedBlock) {
      LocatedBlock block = (LocatedBlock) result;
      if (type == ExtendedBlock.class)
        return changed(block.getBlock(), parts);
      if (type == String[].class)
        return block.getStorageIDs();
      if (type.isArray() && type.getComponentType().isInstance(block.getLocations()[0]))
        return block.getLocations();
      if (type == LocatedBlock[].class)
        return new LocatedBlock[] {block};
    }
    if (result instanceof DatanodeInfo[] && type == DatanodeInfo.class)
      return ((DatanodeInfo[]) result)[0];
    if (type.isInstance(result))
      return result;
    throw new IllegalArgumentException("no way to make a " + type + " of " + word + ": " + result);
  }

  private static NamenodeRegistration registration(NamespaceInfo info, String[] parts) {
    int namespaceId = info.getNamespaceID();
    NamenodeRole role = NamenodeRole.CHECKPOINT;
    for (String part : Arrays.asList(parts).subList(1, parts.length)) {
      if (part.equals("foreign"))
        namespaceId++;
      else
        role = NamenodeRole.valueOf(part);
    }
    StorageInfo storage = new StorageInfo(info.getLayoutVersion(), namespaceId, info.getClusterID(),
        info.getCTime(), NodeType.NAME_NODE);
    return new NamenodeRegistration("127.0.0.1:50100", "127.0.0.1:50105", storage, role);
  }

  private static ExtendedBlock changed(ExtendedBlock from, String[] parts) {
    ExtendedBlock block = new ExtendedBlock(from);
    for (String part : Arrays.asList(parts).subList(1, parts.length)) {
      String[] pair = part.split("=");
      switch (pair[0]) {
        case "id":
          block.setBlockId(Long.parseLong(pair[1]));
          break;
        case "len":
          block.setNumBytes(Long.parseLong(pair[1]));
          break;
        case "gs":
          block.setGenerationStamp(from.getGenerationStamp() + Long.parseLong(pair[1]));
          break;
        default:
          block = new ExtendedBlock(pair[1], block.getLocalBlock());
      }
    }
    return block;
  }

  private Object write(String path, int bytes) throws IOException, InterruptedException {
    try (FileSystem fs = FileSystem.newInstance(FileSystem.getDefaultUri(conf), conf)) {
      try (FSDataOutputStream out = fs.create(new Path(path), true)) {
        out.write(new byte[bytes]);
      }
      Reports.await(fs, new Path(path));
    }
    return null;
  }

  private Object call(String name, List<String> words) throws Exception {
    if (name.equals("write"))
      return write(words.get(0), Integer.parseInt(words.get(1)));
    if (name.equals("sign")) {
      return new CheckpointSignature(
          (NamespaceInfo) results.get("info"), words.get(0), Long.parseLong(words.get(1)), 1);
    }
    String protocol = name.contains(".") ? name.split("\\.")[0] : "client";
    String wanted = name.substring(name.indexOf('.') + 1);
    Class<?> type = PROTOCOLS.get(protocol);
    for (Method method : type.getMethods()) {
      if (!method.getName().equals(wanted) || method.getParameterCount() != words.size())
        continue;
      Object[] arguments = new Object[words.size()];
      for (int i = 0; i < arguments.length; i++) {
        arguments[i] = argument(
            words.get(i), method.getParameterTypes()[i], method.getGenericParameterTypes()[i]);
      }
      return method.invoke(proxy(protocol, type), arguments);
    }
    throw new IllegalArgumentException("no method " + name + " with " + words.size());
  }

  /** A result in full: its getters, in the order of their names. */
  private static String text(Object value, int depth) throws ReflectiveOperationException {
    if (value == null || value instanceof String || value instanceof Boolean
        || value.getClass().isEnum() || value instanceof FsPermission || value instanceof Path
        || value instanceof Text || value instanceof ExtendedBlock)
      return String.valueOf(value);
    if (value instanceof Long && (Long) value > EARLIEST_NOW_MS && (Long) value < LATEST_NOW_MS)
      return "<now>";
    if (value instanceof Number)
      return value.toString();
    if (value instanceof byte[])
      return "bytes(" + new String((byte[]) value, StandardCharsets.ISO_8859_1) + ")";
    if (value.getClass().isArray()) {
      List<Object> list = new ArrayList<>();
      for (int i = 0; i < Array.getLength(value); i++) list.add(Array.get(value, i));
      return text(list, depth);
    }
    if (value instanceof Map)
      return new TreeMap<>((Map<?, ?>) value).toString();
    if (value instanceof Collection) {
      List<String> parts = new ArrayList<>();
      for (Object part : (Collection<?>) value) parts.add(text(part, depth));
      if (parts.size() > 0 && ((Collection<?>) value).iterator().next() instanceof DatanodeInfo)
        Collections.sort(parts);
      return parts.toString();
    }
    if (value instanceof Throwable)
      return failure((Throwable) value);
    if (depth > DEEPEST)
      throw new IllegalArgumentException("too deep at " + value.getClass());
    return value.getClass().getSimpleName() + fields(value, depth);
  }

  private static String fields(Object value, int depth) throws ReflectiveOperationException {
    TreeMap<String, String> fields = new TreeMap<>();
    for (Method method : value.getClass().getMethods()) {
      String name = method.getName();
      if (!name.matches("(get|is|has)[A-Z].*") || method.getParameterCount() > 0
          || PASSED_OVER.contains(name)
          || java.lang.reflect.Modifier.isStatic(method.getModifiers()))
        continue;
      try {
        method.setAccessible(true);
        String field = name.replaceFirst("^get", "");
        String text = text(method.invoke(value), depth + 1);
        // How many ids were given to what was not made in the end is nobody's business.
        if (field.equals("FileId") && Long.parseLong(text) > ROOT_ID)
          text = "<id>";
        if (!UNSET.contains(text))
          fields.put(field, text);
      } catch (InvocationTargetException e) {
        // A getter of what this value does not have (the target of what is no link).
      }
    }
    if (value instanceof LocatedBlock) {
      LocatedBlock block = (LocatedBlock) value;
      fields.put("locations", String.valueOf(block.getLocations().length));
      fields.put("storages", Arrays.toString(block.getStorageTypes()));
    }
    return fields.toString();
  }

  private String answer(String name, List<String> words, String as) throws Exception {
    try {
      Object result = call(name, words);
      results.put(as, result);
      return text(result, 0);
    } catch (InvocationTargetException e) {
      return failure(e.getCause());
    } catch (IOException e) {
      return failure(e);
    }
  }

  private static String failure(Throwable e) {
    String from = e instanceof RemoteException ? ((RemoteException) e).getClassName()
                                               : "here " + e.getClass().getName();
    return "! " + from + ": " + String.valueOf(e.getMessage()).split("\n", 2)[0];
  }

  public static void main(String[] args) throws Exception {
    CallDriver driver = new CallDriver();
    for (String line : Files.readAllLines(Paths.get(args[0]))) {
      List<String> words = new ArrayList<>(Arrays.asList(line.split("\t", -1)));
      String user = words.remove(0);
      String as = words.remove(0);
      String name = words.remove(0);
      UserGroupInformation who = user.equals("-") ? UserGroupInformation.getLoginUser()
                                                  : UserGroupInformation.createRemoteUser(user);
      String answer =
          who.doAs((PrivilegedExceptionAction<String>) () -> driver.answer(name, words, as));
      System.out.println("$ " + (user.equals("-") ? "" : "as " + user + ": ") + name + " "
          + String.join(" ", words));
      System.out.println("  " + answer);
    }
    System.out.flush();
    System.exit(0);
  }
}
