// Request, reply, end.
#include "namenode/http/http_connection.h"

#include <boost/asio/buffer.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/http/chunk_encode.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/write.hpp>
#include <chrono>
#include <utility>

namespace cairn::namenode {
namespace {

namespace asio = boost::asio;
namespace http = boost::beast::http;

constexpr std::chrono::milliseconds kLinger{2'000};

}  // namespace

HttpConnection::HttpConnection(HttpServerCore& core, asio::ip::tcp::socket socket,
                               OnClosed on_closed)
    : core_(core),
      stream_(std::move(socket)),
      on_closed_(std::move(on_closed)),
      input_(core.options.max_header_bytes) {
  parser_.header_limit(static_cast<uint32_t>(core.options.max_header_bytes));
  Error ignored;
  auto address = stream_.socket().remote_endpoint(ignored).address();
  if (address.is_v6() && address.to_v6().is_v4_mapped()) {
    address = asio::ip::make_address_v4(asio::ip::v4_mapped, address.to_v6());
  }
  peer_ip_ = address.to_string();
}

HttpConnection::~HttpConnection() {
  if (body_ != nullptr) body_->Close();
}

void HttpConnection::Start() {
  stream_.expires_after(std::chrono::milliseconds(core_.options.request_timeout_ms));
  http::async_read(stream_, input_, parser_,
                   [self = shared_from_this()](const Error& error, size_t) {
                     if (!self->closed_) self->OnRequest(error);
                   });
}

void HttpConnection::Close() {
  if (std::exchange(closed_, true)) return;
  if (body_ != nullptr) body_->Close();
  stream_.close();
  on_closed_(shared_from_this());
}

void HttpConnection::OnRequest(const Error& error) {
  if (error == http::error::header_limit || error == http::error::buffer_overflow) {
    return Refuse(431, "The request's header is too large.");
  }
  if (error == http::error::unexpected_body) return Refuse(400, "A request has no body here.");
  if (error.category() == http::make_error_code(http::error::bad_method).category() &&
      error != http::error::end_of_stream && error != http::error::partial_message) {
    return Refuse(400, "The request is malformed.");
  }
  if (error) return Close();
  const auto& request = parser_.get();
  chunked_ = request.version() >= 11;
  if (request.method() != http::verb::get && request.method() != http::verb::head) {
    return Refuse(405, "Only GET is served here.");
  }
  auto target = ParseUrlTarget({request.target().data(), request.target().size()});
  if (!target.ok()) return Refuse(400, std::string(target.status().message()));
  Handle({.target = *std::move(target), .peer_ip = peer_ip_});
}

void HttpConnection::Handle(HttpRequest request) {
  const std::weak_ptr<HttpConnection> weak = weak_from_this();
  body_ = std::make_shared<ReplyStream>([&core = core_, weak] {
    core.loop.Post([weak] {
      const auto self = weak.lock();
      if (self != nullptr && !self->closed_) self->SendBody();
    });
  });
  stream_.expires_never();
  const bool added =
      core_.workers.Add([this, self = shared_from_this(), request = std::move(request)]() mutable {
        HttpReply reply{.body = body_};
        core_.handler(request, reply);
        // The connection ends on its own thread.
        core_.loop.Post([self = std::move(self), status = reply.status] {
          if (!self->closed_) self->SendHead(status);
        });
      });
  if (!added) Close();
}

void HttpConnection::Refuse(int status, const std::string& text) {
  body_ = std::make_shared<ReplyStream>([] {});
  body_->Write(text + "\n");
  body_->Finish();
  SendHead(status);
}

void HttpConnection::SendHead(int status) {
  head_.version(chunked_ ? 11 : 10);
  head_.result(static_cast<unsigned>(status));
  head_.set(http::field::content_type, "text/plain;charset=utf-8");
  head_.set(http::field::cache_control, "no-cache");
  head_.set("X-Content-Type-Options", "nosniff");
  head_.set(http::field::connection, "close");
  if (status == 405) head_.set(http::field::allow, "GET, HEAD");
  head_.chunked(chunked_);
  serializer_.emplace(head_);
  stream_.expires_after(std::chrono::milliseconds(core_.options.write_timeout_ms));
  http::async_write_header(stream_, *serializer_,
                           [self = shared_from_this()](const Error& error, size_t) {
                             if (error || self->closed_) return self->Close();
                             if (self->parser_.get().method() == http::verb::head) {
                               self->body_->Close();
                               return self->Linger();
                             }
                             self->head_sent_ = true;
                             self->SendBody();
                           });
}

void HttpConnection::SendBody() {
  // Before the header is out, and while a piece is, this comes too early; it is called again then.
  if (!head_sent_ || sending_) return;
  stream_.expires_never();
  if (auto piece = body_->Take()) Send(*std::move(piece));
}

void HttpConnection::Send(std::string piece) {
  sending_ = true;
  const bool last = piece.empty();
  piece_ = std::move(piece);
  stream_.expires_after(std::chrono::milliseconds(core_.options.write_timeout_ms));
  auto sent = [self = shared_from_this(), last](const Error& error, size_t) {
    if (error || self->closed_) return self->Close();
    self->sending_ = false;
    last ? self->Linger() : self->SendBody();
  };
  const auto buffer = asio::buffer(piece_);
  if (!chunked_) {
    last ? Linger() : asio::async_write(stream_, buffer, std::move(sent));
  } else if (last) {
    asio::async_write(stream_, http::make_chunk_last(), std::move(sent));
  } else {
    asio::async_write(stream_, http::make_chunk(buffer), std::move(sent));
  }
}

void HttpConnection::Linger() {
  Error ignored;
  stream_.socket().shutdown(asio::ip::tcp::socket::shutdown_send, ignored);
  input_.clear();
  stream_.expires_after(kLinger);
  stream_.async_read_some(input_.prepare(512),
                          [self = shared_from_this()](const Error&, size_t) { self->Close(); });
}

}  // namespace cairn::namenode
