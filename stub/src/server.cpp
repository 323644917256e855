#include "bridgexapi_stub/server.hpp"

#include "session.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/strand.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <algorithm>
#include <array>
#include <chrono>
#include <exception>
#include <fstream>
#include <iterator>
#include <optional>
#include <stdexcept>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

namespace bridgexapi_stub {
namespace {

namespace asio = boost::asio;
using tcp = asio::ip::tcp;

int to_openssl(tls_version version) {
    constexpr std::array<int, 4> numbers{TLS1_VERSION, TLS1_1_VERSION, TLS1_2_VERSION,
                                         TLS1_3_VERSION};
    return numbers.at(static_cast<std::size_t>(version));
}

std::shared_ptr<asio::ssl::context> make_tls(server_options const& options) {
    if (options.certificate_pem.empty()) return nullptr;
    auto context = std::make_shared<asio::ssl::context>(asio::ssl::context::tls_server);
    auto* native = context->native_handle();
    if (options.tls_min < tls_version::v1_2 || options.tls_max < tls_version::v1_2)
        SSL_CTX_set_cipher_list(native, "ALL:@SECLEVEL=0");
    SSL_CTX_set_min_proto_version(native, to_openssl(std::min(options.tls_min, options.tls_max)));
    SSL_CTX_set_max_proto_version(native, to_openssl(options.tls_max));
    context->use_certificate_chain(asio::buffer(options.certificate_pem));
    context->use_private_key(asio::buffer(options.key_pem), asio::ssl::context::pem);
    // Tickets are on by default; the cache serves TLS 1.2 clients without them. Both need an id
    // context.
    constexpr std::string_view id = "bridgexapi-stub";
    SSL_CTX_set_session_id_context(native, reinterpret_cast<unsigned char const*>(id.data()),
                                   static_cast<unsigned>(id.size()));
    SSL_CTX_set_session_cache_mode(native, SSL_SESS_CACHE_SERVER);
    return context;
}

} // namespace

std::string read_file(std::string const& path) {
    std::ifstream in{path, std::ios::binary};
    if (!in) throw std::runtime_error{"cannot read " + path};
    return {std::istreambuf_iterator<char>{in}, {}};
}

class server::impl {
public:
    impl(asio::io_context* given, server_options options)
        : options_{std::move(options)}, context_{given ? *given : own_.emplace()},
          shared_{std::make_shared<session_shared>(options_.service)}, port_{options_.port} {
        shared_->tls = make_tls(options_);
        shared_->body_bytes_max = options_.body_bytes_max;
    }

    void start() {
        tcp::endpoint const where{asio::ip::make_address(options_.address), port_};
        tcp::acceptor acceptor{asio::make_strand(context_)};
        acceptor.open(where.protocol());
        acceptor.set_option(asio::socket_base::reuse_address{true});
        acceptor.bind(where);
        acceptor.listen();
        port_ = acceptor.local_endpoint().port();
        shared_->sessions.open();
        acceptor_ = std::make_shared<tcp::acceptor>(std::move(acceptor));
        asio::co_spawn(acceptor_->get_executor(), accept_all(acceptor_, shared_, context_),
                       rethrow);
        if (!own_) return;
        own_->restart();
        for (unsigned i = 0; i < options_.threads; ++i)
            threads_.emplace_back([this] { own_->run(); });
    }

    void stop() {
        if (acceptor_)
            asio::post(acceptor_->get_executor(), [acceptor = acceptor_] {
                boost::system::error_code ignored;
                acceptor->close(ignored);
            });
        acceptor_.reset();
        shared_->sessions.close_all();
        for (auto& thread : threads_)
            thread.join();
        threads_.clear();
    }

    server_options const& options() const { return options_; }
    std::uint16_t port() const { return port_; }
    bool tls() const { return shared_->tls != nullptr; }
    service& state() { return shared_->backend; }

private:
    // Only a bug ends the accept loop with an exception.
    static void rethrow(std::exception_ptr const& error) {
        if (error) std::rethrow_exception(error);
    }

    static asio::awaitable<void> accept_all(std::shared_ptr<tcp::acceptor> acceptor,
                                            std::shared_ptr<session_shared> shared,
                                            asio::io_context& context) {
        constexpr std::chrono::milliseconds pause{50}; // when out of descriptors
        asio::steady_timer timer{acceptor->get_executor()};
        while (acceptor->is_open()) {
            auto strand = asio::make_strand(context);
            auto [error, socket] =
                co_await acceptor->async_accept(strand, asio::as_tuple(asio::use_awaitable));
            if (!error) {
                start_session(std::move(socket), shared);
                continue;
            }
            if (!acceptor->is_open()) break;
            timer.expires_after(pause);
            co_await timer.async_wait(asio::as_tuple(asio::use_awaitable));
        }
    }

    server_options options_;
    std::optional<asio::io_context> own_;
    asio::io_context& context_; // its own or the given one
    std::shared_ptr<session_shared> shared_;
    std::shared_ptr<tcp::acceptor> acceptor_;
    std::uint16_t port_;
    std::vector<std::thread> threads_;
};

server::server(server_options options)
    : impl_{std::make_unique<impl>(nullptr, std::move(options))} {}

server::server(asio::io_context& context, server_options options)
    : impl_{std::make_unique<impl>(&context, std::move(options))} {}

server::~server() {
    impl_->stop();
}

void server::start() {
    impl_->start();
}
void server::stop() {
    impl_->stop();
}
std::uint16_t server::port() const {
    return impl_->port();
}
bool server::tls() const {
    return impl_->tls();
}
service& server::state() {
    return impl_->state();
}

std::string server::authority() const {
    auto const& address = impl_->options().address;
    bool const v6 = address.find(':') != std::string::npos;
    return (v6 ? "[" + address + "]" : address) + ":" + std::to_string(port());
}

std::string server::url() const {
    return (tls() ? "https://" : "http://") + authority();
}

} // namespace bridgexapi_stub
