"""A relay that keeps what passes through it; RelaySocketFactory sends Hadoop's client to it."""
import socket
import struct
import threading
import time


class Connection:
    """What passed: chunks of (order, bytes) each way, and when each side closed."""

    def __init__(self, number, port, opened):
        self.number = number
        self.port = port
        self.opened = opened
        self.sent = []      # by the client
        self.received = []  # by the client, from the server
        self.closed = {}    # "client" or "server" -> order


class Relay:
    """Listens on a free port of loopback until `stop`. `delay_s` holds back what servers send."""

    def __init__(self, delay_s=0.0):
        self.delay_s = delay_s
        self.connections = []
        self._order = 0
        self._lock = threading.Lock()
        self._threads = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def stop(self):
        """Returns the connections once all are closed."""
        self._listener.close()
        for thread in list(self._threads):
            thread.join(30)
        return self.connections

    def _next(self):
        with self._lock:
            self._order += 1
            return self._order

    def _accept(self):
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            thread = threading.Thread(target=self._serve, args=(client,), daemon=True)
            self._threads.append(thread)
            thread.start()

    def _serve(self, client):
        port, = struct.unpack(">H", client.recv(2, socket.MSG_WAITALL))
        server = socket.create_connection(("127.0.0.1", port))
        with self._lock:
            self._order += 1
            connection = Connection(len(self.connections) + 1, port, self._order)
            self.connections.append(connection)
        back = threading.Thread(target=self._copy, daemon=True, args=(
            server, client, connection.received, connection.closed, "server", self.delay_s))
        back.start()
        self._copy(client, server, connection.sent, connection.closed, "client", 0)
        back.join()

    def _copy(self, source, target, chunks, closed, who, delay_s):
        while True:
            try:
                data = source.recv(65536)
            except OSError:
                data = b""
            if not data:
                break
            time.sleep(delay_s)
            chunks.append((self._next(), data))
            target.sendall(data)
        closed[who] = self._next()
        try:
            target.shutdown(socket.SHUT_WR)
        except OSError:
            pass  # the other side has closed, too
