#include "wire_client.hpp"

#include "support/certificates.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/error.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/write.hpp>
#include <boost/json/parse.hpp>

#include <optional>
#include <ostream>
#include <utility>

namespace stub_test {
namespace {

namespace asio = boost::asio;
using tcp = asio::ip::tcp;
using boost::system::error_code;

otpd::test::identity const& server_identity() {
    static otpd::test::identity const made{otpd::test::certificate_profile{}};
    return made;
}

SSL_SESSION*& kept_session() {
    static SSL_SESSION* session = nullptr;
    return session;
}

} // namespace

bridgexapi_stub::server_options tls_options() {
    bridgexapi_stub::server_options out;
    out.certificate_pem = server_identity().certificate_pem();
    out.key_pem = server_identity().key_pem();
    return out;
}

bridgexapi_stub::server_options options_for(bool tls) {
    return tls ? tls_options() : bridgexapi_stub::server_options{};
}

std::string const& good_order() {
    static std::string const order =
        R"({"route_id":2,"caller_id":"BRIDGEXAPI","numbers":["31612345678"],"message":"Your code is 483921"})";
    return order;
}

std::string request_text(std::string_view method, std::string_view target, std::string_view body,
                         std::string_view more_headers) {
    std::string out;
    out.append(method).append(" ").append(target).append(" HTTP/1.1\r\nHost: localhost\r\n");
    out.append("X-API-KEY: stub-api-key\r\n").append(more_headers);
    if (method == "POST")
        out.append("Content-Type: application/json\r\nContent-Length: ")
            .append(std::to_string(body.size()))
            .append("\r\n");
    return out.append("\r\n").append(body);
}

unsigned reply_text::status() const {
    return static_cast<unsigned>(std::stoul(head.substr(9, 3)));
}

boost::json::value reply_text::json() const {
    error_code error;
    auto value = boost::json::parse(body, error);
    return error ? boost::json::value{} : value;
}

class wire_client::impl {
public:
    impl(bridgexapi_stub::server const& to, bool tls, tls_choice choice)
        : tls_context_{asio::ssl::context::tls_client}, stream_{context_, prepared(choice)},
          tls_{tls} {
        socket().connect({asio::ip::make_address("127.0.0.1"), to.port()});
        if (!tls_) return;
        if (kept_session()) SSL_set_session(stream_.native_handle(), kept_session());
        stream_.handshake(asio::ssl::stream_base::client);
    }

    tcp::socket& socket() { return stream_.next_layer(); }
    asio::ssl::stream<tcp::socket>& stream() { return stream_; }

    // Calls `use` with the active stream.
    template <class Use>
    auto with_stream(Use use) {
        return tls_ ? use(stream_) : use(stream_.next_layer());
    }

    std::string buffer;
    end_of_stream end = end_of_stream::in_order;

private:
    asio::ssl::context& prepared(tls_choice choice) {
        auto const certificate = server_identity().certificate_pem();
        tls_context_.add_certificate_authority(asio::buffer(certificate));
        tls_context_.set_verify_mode(asio::ssl::verify_peer);
        if (choice.max_version == 0) return tls_context_;
        auto* native = tls_context_.native_handle();
        if (choice.max_version < TLS1_2_VERSION) {
            SSL_CTX_set_cipher_list(native, "ALL:@SECLEVEL=0");
            SSL_CTX_set_min_proto_version(native, choice.max_version);
        }
        SSL_CTX_set_max_proto_version(native, choice.max_version);
        return tls_context_;
    }

    asio::io_context context_;
    asio::ssl::context tls_context_;
    asio::ssl::stream<tcp::socket> stream_;
    bool tls_;
};

wire_client::wire_client(bridgexapi_stub::server const& to, tls_choice choice)
    : impl_{std::make_unique<impl>(to, to.tls(), choice)} {}
wire_client::wire_client(std::unique_ptr<impl> inside) : impl_{std::move(inside)} {}
wire_client::~wire_client() = default;
wire_client::wire_client(wire_client&&) noexcept = default;

wire_client wire_client::without_tls(bridgexapi_stub::server const& to) {
    return wire_client{std::make_unique<impl>(to, false, tls_choice{})};
}

void wire_client::write(std::string_view bytes) {
    impl_->with_stream([&](auto& stream) { return asio::write(stream, asio::buffer(bytes)); });
}

std::string wire_client::read_bytes(std::size_t count) {
    auto& buffer = impl_->buffer;
    if (buffer.size() < count)
        impl_->with_stream([&](auto& stream) {
            return asio::read(stream, asio::dynamic_buffer(buffer),
                              asio::transfer_at_least(count - buffer.size()));
        });
    auto out = buffer.substr(0, count);
    buffer.erase(0, count);
    return out;
}

reply_text wire_client::read_reply() {
    auto& buffer = impl_->buffer;
    auto const head_size = impl_->with_stream([&](auto& stream) {
        return asio::read_until(stream, asio::dynamic_buffer(buffer), "\r\n\r\n");
    });
    reply_text out;
    out.head = read_bytes(head_size);
    auto const length = out.head.find("content-length: ");
    if (length != std::string::npos)
        out.body = read_bytes(std::stoul(out.head.substr(length + 16)));
    return out;
}

std::string wire_client::read_to_end() {
    error_code error;
    impl_->with_stream([&](auto& stream) {
        return asio::read(stream, asio::dynamic_buffer(impl_->buffer), error);
    });
    if (error == asio::error::connection_reset)
        impl_->end = end_of_stream::reset;
    else if (error == asio::ssl::error::stream_truncated)
        impl_->end = end_of_stream::truncated;
    else if (error != asio::error::eof)
        throw boost::system::system_error{error};
    return std::exchange(impl_->buffer, {});
}

end_of_stream wire_client::ended() const {
    return impl_->end;
}

bool wire_client::has_something_to_read() {
    char byte = 0;
    error_code error;
    impl_->socket().non_blocking(true);
    impl_->socket().receive(asio::buffer(&byte, 1), tcp::socket::message_peek, error);
    impl_->socket().non_blocking(false);
    return error != asio::error::would_block;
}

void wire_client::keep_session() {
    forget_session();
    kept_session() = SSL_get1_session(impl_->stream().native_handle());
}

bool wire_client::resumed() const {
    return SSL_session_reused(impl_->stream().native_handle()) == 1;
}

void wire_client::forget_session() {
    if (auto* old = std::exchange(kept_session(), nullptr)) SSL_SESSION_free(old);
}

reply_text ask(bridgexapi_stub::server const& of, std::string_view method, std::string_view target,
               std::string_view body) {
    wire_client client{of};
    client.write(request_text(method, target, body));
    return client.read_reply();
}

std::ostream& operator<<(std::ostream& out, end_of_stream how) {
    return out << (how == end_of_stream::in_order    ? "in order"
                   : how == end_of_stream::truncated ? "truncated"
                                                     : "reset");
}

} // namespace stub_test
