package cairn.compat;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketAddress;
import java.net.SocketException;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import javax.net.SocketFactory;
import org.apache.hadoop.conf.Configurable;
import org.apache.hadoop.conf.Configuration;

/**
 * Sends every connection of Hadoop's client to the relay at 127.0.0.1:cairn.compat.relay, which is
 * told in two bytes the port that was meant. The sockets have channels, which Hadoop's reader of
 * blocks needs; SOCKS sockets have none.
 */
public final class RelaySocketFactory extends SocketFactory implements Configurable {
  private Configuration conf;

  @Override
  public void setConf(Configuration value) {
    conf = value;
  }

  @Override
  public Configuration getConf() {
    return conf;
  }

  @Override
  public Socket createSocket() throws IOException {
    return new RelaySocket(conf.getInt("cairn.compat.relay", 0));
  }

  @Override
  public Socket createSocket(String host, int port) throws IOException {
    Socket socket = createSocket();
    socket.connect(new InetSocketAddress(host, port));
    return socket;
  }

  @Override
  public Socket createSocket(InetAddress host, int port) throws IOException {
    return createSocket(host.getHostAddress(), port);
  }

  @Override
  public Socket createSocket(String host, int port, InetAddress localHost, int localPort)
      throws IOException {
    return createSocket(host, port);
  }

  @Override
  public Socket createSocket(InetAddress host, int port, InetAddress localHost, int localPort)
      throws IOException {
    return createSocket(host, port);
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof RelaySocketFactory;
  }

  @Override
  public int hashCode() {
    return RelaySocketFactory.class.hashCode();
  }

  /** Has no channel before it is connected: one with a channel would be connected through that. */
  private static final class RelaySocket extends Socket {
    private final SocketChannel channel = SocketChannel.open();
    private final int relay;
    private boolean connected;

    RelaySocket(int relay) throws IOException {
      this.relay = relay;
    }

    @Override
    public void connect(SocketAddress endpoint, int timeout) throws IOException {
      int port = ((InetSocketAddress) endpoint).getPort();
      channel.socket().connect(new InetSocketAddress("127.0.0.1", relay), timeout);
      channel.write(ByteBuffer.wrap(new byte[] {(byte) (port >> 8), (byte) port}));
      connected = true;
    }

    @Override
    public void connect(SocketAddress endpoint) throws IOException {
      connect(endpoint, 0);
    }

    @Override
    public SocketChannel getChannel() {
      return connected ? channel : null;
    }

    @Override
    public InputStream getInputStream() throws IOException {
      return channel.socket().getInputStream();
    }

    @Override
    public OutputStream getOutputStream() throws IOException {
      return channel.socket().getOutputStream();
    }

    @Override
    public InetAddress getInetAddress() {
      return channel.socket().getInetAddress();
    }

    @Override
    public InetAddress getLocalAddress() {
      return channel.socket().getLocalAddress();
    }

    @Override
    public int getPort() {
      return channel.socket().getPort();
    }

    @Override
    public int getLocalPort() {
      return channel.socket().getLocalPort();
    }

    @Override
    public SocketAddress getRemoteSocketAddress() {
      return channel.socket().getRemoteSocketAddress();
    }

    @Override
    public SocketAddress getLocalSocketAddress() {
      return channel.socket().getLocalSocketAddress();
    }

    @Override
    public void setSoTimeout(int timeout) throws SocketException {
      channel.socket().setSoTimeout(timeout);
    }

    @Override
    public int getSoTimeout() throws SocketException {
      return channel.socket().getSoTimeout();
    }

    @Override
    public void setTcpNoDelay(boolean on) throws SocketException {
      channel.socket().setTcpNoDelay(on);
    }

    @Override
    public boolean getTcpNoDelay() throws SocketException {
      return channel.socket().getTcpNoDelay();
    }

    @Override
    public void setKeepAlive(boolean on) throws SocketException {
      channel.socket().setKeepAlive(on);
    }

    @Override
    public void setSendBufferSize(int size) throws SocketException {
      channel.socket().setSendBufferSize(size);
    }

    @Override
    public int getSendBufferSize() throws SocketException {
      return channel.socket().getSendBufferSize();
    }

    @Override
    public void setReceiveBufferSize(int size) throws SocketException {
      channel.socket().setReceiveBufferSize(size);
    }

    @Override
    public int getReceiveBufferSize() throws SocketException {
      return channel.socket().getReceiveBufferSize();
    }

    @Override
    public void setTrafficClass(int value) throws SocketException {
      channel.socket().setTrafficClass(value);
    }

    @Override
    public boolean isConnected() {
      return channel.socket().isConnected();
    }

    @Override
    public boolean isClosed() {
      return !channel.isOpen();
    }

    @Override
    public void shutdownInput() throws IOException {
      channel.shutdownInput();
    }

    @Override
    public void shutdownOutput() throws IOException {
      channel.shutdownOutput();
    }

    @Override
    public void close() throws IOException {
      channel.close();
    }
  }
}
