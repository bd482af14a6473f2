// The fake DataNode's server: one thread per connection, one packet at a time.
#include "client/testing/fake_datanode.h"

#include <fmt/format.h>
#include <openssl/evp.h>

#include <algorithm>
#include <array>
#include <utility>

#include "common/status_macros.h"
#include "wire/transfer/framing.h"
#include "wire/transfer/response.h"

namespace cairn::client {
namespace {

constexpr int64_t kPeerTimeoutMs = 10'000;
constexpr int32_t kReadPacketBytes = 4096;  // small, so that reads have several packets

// Receives framed messages from one socket.
class Receiver {
 public:
  explicit Receiver(TcpSocket& socket) : socket_(socket) {}

  template <typename SizeOf>
  absl::StatusOr<std::string> Next(const SizeOf& size_of) {
    while (true) {
      ASSIGN_OR_RETURN(const size_t size, size_of(buffer_.view()));
      if (size != 0 && buffer_.view().size() >= size) {
        std::string message(buffer_.view().substr(0, size));
        buffer_.Consume(size);
        return message;
      }
      char* const to = buffer_.Prepare(std::max(size, buffer_.view().size() + 1));
      ASSIGN_OR_RETURN(const size_t n, socket_.ReadSome(to, buffer_.writable()));
      buffer_.Commit(n);
    }
  }

 private:
  TcpSocket& socket_;
  wire::ReceiveBuffer buffer_;
};

std::string Md5(const std::string& data) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest;
  unsigned int length = 0;
  EVP_Digest(data.data(), data.size(), digest.data(), &length, EVP_md5(), nullptr);
  return std::string(reinterpret_cast<const char*>(digest.data()), length);
}

bool IsRecovery(wire::WriteStage stage) { return stage != wire::WriteStage::kSetupCreate; }

// A new block, created anew over what an earlier set-up left.
bool IsCreatedAnew(const wire::WriteBlockOp& op) {
  return !IsRecovery(op.stage) && op.latest_generation_stamp != 0;
}

}  // namespace

// One connection. Runs on its own thread.
class FakeDatanode::Session {
 public:
  Session(FakeDatanode& node, TcpSocket& socket) : node_(node), socket_(socket), in_(socket) {}

  void Run() {
    while (true) {
      const auto header = in_.Next(wire::OpSize);
      if (!header.ok()) return;
      const auto op = wire::DecodeOp(*header);
      if (!op.ok()) return;
      {
        MutexLock lock(node_.mu_);
        node_.ops_.push_back(*op);
      }
      if (!std::visit([this](const auto& o) { return Handle(o); }, *op).ok()) return;
    }
  }

 private:
  absl::Status Reply(const wire::OpResponse& response) {
    return socket_.WriteFull(wire::EncodeResponse(response));
  }
  absl::Status Refuse(const std::string& message, const std::string& bad_link = "") {
    wire::OpResponse response;
    response.status = wire::OpStatus::kError;
    response.message = message;
    response.first_bad_link = bad_link;
    RETURN_IF_ERROR(Reply(response));
    return absl::AbortedError(message);
  }
  DatanodeFaults Faults() {
    MutexLock lock(node_.mu_);
    return node_.faults_;
  }

  absl::Status Handle(const wire::ReplaceBlockOp&) { return absl::UnimplementedError(""); }
  absl::Status Handle(const wire::CopyBlockOp&) { return absl::UnimplementedError(""); }
  absl::Status Handle(const wire::RequestFdsOp&) { return absl::UnimplementedError(""); }
  absl::Status Handle(const wire::ReleaseFdsOp&) { return absl::UnimplementedError(""); }
  absl::Status Handle(const wire::RequestShmOp&) { return absl::UnimplementedError(""); }
  absl::Status Handle(const wire::ReadBlockOp& op);
  absl::Status Handle(const wire::BlockChecksumOp& op);
  absl::Status Handle(const wire::TransferBlockOp& op);
  absl::Status Handle(const wire::WriteBlockOp& op);

  absl::Status Prepare(const wire::WriteBlockOp& op);
  absl::Status ConnectMirror(const wire::WriteBlockOp& op, std::string& bad_link);
  absl::StatusOr<bool> HandlePacket(const wire::WriteBlockOp& op);
  absl::Status Store(const wire::WriteBlockOp& op, const wire::PacketView& packet);
  absl::Status SendAck(const wire::WriteBlockOp& op, const wire::PacketHeader& header,
                       std::vector<wire::OpStatus> replies);

  FakeDatanode& node_;
  TcpSocket& socket_;
  Receiver in_;
  std::shared_ptr<TcpSocket> mirror_;
  std::unique_ptr<Receiver> mirror_in_;
  int writer_ = 0;
};

absl::Status FakeDatanode::Session::Handle(const wire::ReadBlockOp& op) {
  const auto replica = node_.Replica(op.block.block.id);
  if (!replica || replica->generation_stamp < op.block.block.generation_stamp) {
    return Refuse("no such replica");
  }
  const int64_t size = static_cast<int64_t>(replica->data.size());
  if (op.offset < 0 || op.length < 0 || op.offset + op.length > size) {
    return Refuse(fmt::format("Offset {} and length {} don't match block ( blockLen {} )",
                              op.offset, op.length, size));
  }
  const DatanodeFaults faults = Faults();
  const DataChecksum checksum{faults.no_checksums ? ChecksumType::kNull : ChecksumType::kCrc32c,
                              512};
  int64_t at = checksum.RoundDown(op.offset);
  const int64_t end = std::min(size, checksum.RoundUp(op.offset + op.length));
  wire::OpResponse response;
  response.read_info = wire::ReadChecksumInfo{checksum, at};
  RETURN_IF_ERROR(Reply(response));
  int64_t seqno = 0;
  for (; at < end; ++seqno) {
    if (seqno == faults.close_reads_after_packets) return absl::AbortedError("closed");
    const int64_t n = std::min<int64_t>(kReadPacketBytes, end - at);
    std::string data = replica->data.substr(static_cast<size_t>(at), static_cast<size_t>(n));
    const std::string sums = checksum.Compute(data);
    if (faults.corrupt_reads && seqno == 0) data[data.size() / 2] ^= 0x40;
    const wire::PacketHeader header{at, seqno, false, static_cast<int32_t>(n), false};
    RETURN_IF_ERROR(socket_.WriteFull(wire::EncodePacket(header, sums, data)));
    at += n;
  }
  const wire::PacketHeader last{at, seqno, true, 0, false};
  RETURN_IF_ERROR(socket_.WriteFull(wire::EncodePacket(last, {}, {})));
  ASSIGN_OR_RETURN(const std::string status, in_.Next(wire::ReadStatusSize));
  return wire::DecodeReadStatus(status).status();
}

absl::Status FakeDatanode::Session::Handle(const wire::BlockChecksumOp& op) {
  const auto replica = node_.Replica(op.block.block.id);
  if (!replica) return Refuse("no such replica");
  const std::string data = replica->data.substr(0, static_cast<size_t>(op.block.block.num_bytes));
  const DataChecksum checksum;
  wire::OpResponse response;
  wire::BlockChecksumResult result;
  result.bytes_per_crc = checksum.bytes_per_checksum;
  result.crc_per_block = checksum.ChunkCount(static_cast<int64_t>(replica->data.size()));
  result.checksum = Md5(checksum.Compute(data));
  response.checksum_result = result;
  RETURN_IF_ERROR(Reply(response));
  return absl::AbortedError("one operation only");
}

absl::Status FakeDatanode::Session::Handle(const wire::TransferBlockOp& op) {
  auto replica = node_.Replica(op.block.block.id);
  FakeDatanode* const target = node_.peers_(op.targets.at(0).id.uuid);
  if (Faults().refuse_transfers || !replica || target == nullptr || !target->alive()) {
    return Refuse("cannot transfer");
  }
  target->SetReplica(op.block.block.id, *replica);
  RETURN_IF_ERROR(Reply(wire::OpResponse{}));
  return absl::AbortedError("one operation only");
}

absl::Status FakeDatanode::Session::Prepare(const wire::WriteBlockOp& op) {
  MutexLock lock(node_.mu_);
  FakeReplica& replica = node_.replicas_[op.block.block.id];
  if (IsCreatedAnew(op)) {
    const int writer = replica.writer;
    replica = FakeReplica();
    replica.generation_stamp = op.latest_generation_stamp;
    replica.writer = writer;
  } else if (!IsRecovery(op.stage)) {
    if (replica.generation_stamp != 0) return absl::AlreadyExistsError("replica exists");
    replica.generation_stamp = op.block.block.generation_stamp;
  } else {
    const auto size = static_cast<int64_t>(replica.data.size());
    if (replica.generation_stamp < op.block.block.generation_stamp ||
        replica.generation_stamp > op.latest_generation_stamp) {
      return absl::FailedPreconditionError("generation stamp");
    }
    if (op.stage == wire::WriteStage::kSetupStreamingRecovery) {
      if (replica.finalized || replica.acked < op.min_bytes_received ||
          size > op.max_bytes_received) {
        return absl::FailedPreconditionError(
            fmt::format("acked {} received {}, want at least {} and at most {}", replica.acked,
                        size, op.min_bytes_received, op.max_bytes_received));
      }
      replica.data.resize(static_cast<size_t>(replica.acked));
    } else if (size != op.min_bytes_received) {
      return absl::FailedPreconditionError(
          fmt::format("length {} where {} is wanted", size, op.min_bytes_received));
    }
    replica.generation_stamp = op.latest_generation_stamp;
    replica.finalized = op.stage == wire::WriteStage::kCloseRecovery;
  }
  writer_ = ++replica.writer;
  return absl::OkStatus();
}

absl::Status FakeDatanode::Session::ConnectMirror(const wire::WriteBlockOp& op,
                                                  std::string& bad_link) {
  const DatanodeInfo& next = op.targets[0];
  bad_link = next.id.XferAddress();
  ASSIGN_OR_RETURN(auto socket,
                   TcpSocket::Connect({next.id.ip_addr, next.id.xfer_port}, kPeerTimeoutMs));
  mirror_ = std::move(socket);
  mirror_->SetReadTimeout(Faults().mirror_timeout_ms);
  {
    MutexLock lock(node_.mu_);
    node_.sockets_.insert(mirror_);
  }
  mirror_in_ = std::make_unique<Receiver>(*mirror_);
  wire::WriteBlockOp forwarded = op;
  forwarded.targets.erase(forwarded.targets.begin());
  forwarded.storage_type = op.target_storage_types.at(0);
  forwarded.storage_id = op.target_storage_ids.at(0);
  forwarded.target_storage_types.erase(forwarded.target_storage_types.begin());
  forwarded.target_storage_ids.erase(forwarded.target_storage_ids.begin());
  forwarded.target_pinnings.clear();
  RETURN_IF_ERROR(mirror_->WriteFull(wire::EncodeOp(forwarded)));
  ASSIGN_OR_RETURN(const std::string message, mirror_in_->Next(wire::ResponseSize));
  ASSIGN_OR_RETURN(const wire::OpResponse response, wire::DecodeResponse(message));
  if (response.status == wire::OpStatus::kSuccess) return absl::OkStatus();
  if (response.first_bad_link && !response.first_bad_link->empty()) {
    bad_link = *response.first_bad_link;
  }
  return absl::AbortedError(response.message);
}

absl::Status FakeDatanode::Session::Handle(const wire::WriteBlockOp& op) {
  bool refuse = false;
  {
    MutexLock lock(node_.mu_);
    refuse = node_.faults_.refuse_setups > 0;
    if (refuse) --node_.faults_.refuse_setups;
    node_.faults_.refuse_setups += std::exchange(node_.faults_.refuse_setups_after_first, 0);
  }
  if (refuse) return Refuse("told to refuse", node_.id_.XferAddress());
  const absl::Status prepared = Prepare(op);
  if (!prepared.ok()) {
    return Refuse(std::string(prepared.message()), node_.id_.XferAddress());
  }
  if (!op.targets.empty()) {
    std::string bad_link;
    const absl::Status connected = ConnectMirror(op, bad_link);
    if (!connected.ok()) return Refuse(std::string(connected.message()), bad_link);
  }
  wire::OpResponse response;
  response.first_bad_link = "";
  RETURN_IF_ERROR(Reply(response));
  if (op.stage == wire::WriteStage::kCloseRecovery) return absl::AbortedError("closed");
  while (true) {
    ASSIGN_OR_RETURN(const bool last, HandlePacket(op));
    if (last) return absl::AbortedError("the block is finished");
  }
}

absl::Status FakeDatanode::Session::Store(const wire::WriteBlockOp& op,
                                          const wire::PacketView& packet) {
  RETURN_IF_ERROR(op.requested_checksum.Verify(packet.data, packet.checksums,
                                               packet.header.offset_in_block, "packet"));
  MutexLock lock(node_.mu_);
  FakeReplica& replica = node_.replicas_[op.block.block.id];
  if (replica.writer != writer_) return absl::AbortedError("another writer took over");
  const auto offset = static_cast<size_t>(packet.header.offset_in_block);
  if (offset > replica.data.size()) return absl::OutOfRangeError("a gap in the block");
  replica.data.replace(offset, std::min(packet.data.size(), replica.data.size() - offset),
                       packet.data);
  if (packet.header.last_packet_in_block) replica.finalized = true;
  return absl::OkStatus();
}

absl::Status FakeDatanode::Session::SendAck(const wire::WriteBlockOp& op,
                                            const wire::PacketHeader& header,
                                            std::vector<wire::OpStatus> replies) {
  wire::PipelineAck ack = wire::PipelineAck::Of(header.seqno, std::move(replies));
  const DatanodeFaults faults = Faults();
  if (ack.AllSuccess() && !header.is_heartbeat()) {
    MutexLock lock(node_.mu_);
    FakeReplica& replica = node_.replicas_[op.block.block.id];
    replica.acked = std::max(replica.acked, header.offset_in_block + header.data_bytes);
  }
  if (faults.swallow_acks) return absl::OkStatus();
  if (faults.change_ack) faults.change_ack(ack);
  return socket_.WriteFull(wire::EncodeAck(ack));
}

absl::StatusOr<bool> FakeDatanode::Session::HandlePacket(const wire::WriteBlockOp& op) {
  ASSIGN_OR_RETURN(const std::string bytes, in_.Next(wire::PacketSize));
  ASSIGN_OR_RETURN(const wire::PacketView packet, wire::DecodePacket(bytes));
  const wire::PacketHeader& header = packet.header;
  bool die = false;
  {
    MutexLock lock(node_.mu_);
    node_.headers_.push_back(header);
    if (!packet.data.empty()) ++node_.packets_;
    die = (node_.faults_.die_after_packets >= 0 &&
           node_.packets_ > node_.faults_.die_after_packets) ||
          (node_.faults_.die_on_last_packet && header.last_packet_in_block);
  }
  if (die) {
    node_.Kill();
    return absl::AbortedError("killed");
  }
  bool mirror_ok = true;
  if (mirror_ != nullptr) mirror_ok = mirror_->WriteFull(bytes).ok();
  if (!header.is_heartbeat()) RETURN_IF_ERROR(Store(op, packet));
  std::vector<wire::OpStatus> replies = {wire::OpStatus::kSuccess};
  if (mirror_ != nullptr) {
    auto message = mirror_ok ? mirror_in_->Next(wire::AckSize)
                             : absl::StatusOr<std::string>(absl::AbortedError("mirror"));
    auto ack = message.ok() ? wire::DecodeAck(*message) : message.status();
    if (ack.ok()) {
      replies.insert(replies.end(), ack->replies.begin(), ack->replies.end());
    } else {
      replies.push_back(wire::OpStatus::kError);
    }
  }
  const bool all_good = std::all_of(replies.begin(), replies.end(), [](wire::OpStatus status) {
    return status == wire::OpStatus::kSuccess;
  });
  RETURN_IF_ERROR(SendAck(op, header, std::move(replies)));
  if (!all_good) return absl::AbortedError("the mirror is broken");
  return header.last_packet_in_block;
}

FakeDatanode::FakeDatanode(const std::string& name, const std::string& rack, Peers peers)
    : rack_(rack), peers_(std::move(peers)) {
  auto listener = TcpListener::Listen({"127.0.0.1", 0});
  listener_ = std::move(listener).value();
  id_.uuid = name;
  id_.ip_addr = "127.0.0.1";
  id_.host_name = name;
  id_.xfer_port = listener_->port();
  id_.ipc_port = 1;  // answered by FakeCluster
  acceptor_ = std::thread([this] { Accept(); });
}

FakeDatanode::~FakeDatanode() {
  Kill();
  acceptor_.join();
  std::list<std::thread> sessions;
  {
    MutexLock lock(mu_);
    sessions.swap(sessions_);
  }
  for (std::thread& session : sessions) session.join();
}

void FakeDatanode::Accept() {
  while (true) {
    auto accepted = listener_->Accept();
    MutexLock lock(mu_);
    if (!accepted.ok() || killed_) {
      listener_.reset();  // from here on connections are refused
      return;
    }
    std::shared_ptr<TcpSocket> socket = *std::move(accepted);
    socket->SetReadTimeout(kPeerTimeoutMs);
    ++accepted_;
    sockets_.insert(socket);
    sessions_.emplace_back([this, socket] { Serve(socket); });
  }
}

void FakeDatanode::Serve(std::shared_ptr<TcpSocket> socket) {
  Session(*this, *socket).Run();
  socket->Shutdown();
  MutexLock lock(mu_);
  sockets_.erase(socket);
}

void FakeDatanode::Kill() {
  MutexLock lock(mu_);
  killed_ = true;
  if (listener_ != nullptr) listener_->Shutdown();
  for (const auto& socket : sockets_) socket->Shutdown();
}

bool FakeDatanode::alive() const {
  MutexLock lock(mu_);
  return !killed_;
}

ReplicaLocation FakeDatanode::location() const {
  ReplicaLocation location;
  location.datanode.id = id_;
  location.datanode.network_location = rack_;
  location.storage_id = "DS-" + id_.uuid;
  return location;
}

void FakeDatanode::SetFaults(DatanodeFaults faults) {
  MutexLock lock(mu_);
  faults_ = std::move(faults);
  packets_ = 0;
}

std::optional<FakeReplica> FakeDatanode::Replica(BlockId block) const {
  MutexLock lock(mu_);
  const auto it = replicas_.find(block);
  if (it == replicas_.end()) return std::nullopt;
  return it->second;
}

void FakeDatanode::SetReplica(BlockId block, FakeReplica replica) {
  MutexLock lock(mu_);
  replicas_[block] = std::move(replica);
}

std::vector<wire::Op> FakeDatanode::ops() const {
  MutexLock lock(mu_);
  return ops_;
}

std::vector<wire::PacketHeader> FakeDatanode::packets() const {
  MutexLock lock(mu_);
  return headers_;
}

int FakeDatanode::connections_accepted() const {
  MutexLock lock(mu_);
  return accepted_;
}

}  // namespace cairn::client
