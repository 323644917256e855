#include "otpd/http/server.hpp"

#include "client_address.hpp"
#include "connection_list.hpp"
#include "unix_socket.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/strand.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <atomic>
#include <cerrno>
#include <cstring>
#include <exception>
#include <new>

namespace otpd::http {

namespace asio = boost::asio;
using boost::system::error_code;
using tcp = asio::ip::tcp;

namespace {

/// How long the accept loop waits after a lack of descriptors or memory.
constexpr std::chrono::milliseconds accept_backoff{150};
/// How long cancelled handlers may take to end.
constexpr std::chrono::seconds abort_grace{1};

/// Errors that concern one client only, such as a disconnect before the accept: no reason to wait
/// (accept(2)).
bool is_of_one_client(error_code ec) noexcept {
    return ec == asio::error::connection_aborted || ec == asio::error::connection_reset ||
           ec == asio::error::interrupted || ec == asio::error::try_again || ec.value() == EPROTO;
}

tcp::endpoint resolve(asio::io_context& context, std::string const& host, std::uint16_t port) {
    error_code ec;
    auto const address = asio::ip::make_address(host, ec);
    if (!ec) return {address, port};
    tcp::resolver resolver(context);
    return resolver.resolve(host, std::to_string(port), tcp::resolver::passive).begin()->endpoint();
}

using peer_endpoint = asio::generic::stream_protocol::endpoint;

/// A client of a Unix socket has no address; it is a process of this machine.
asio::ip::address address_of(peer_endpoint const& peer) {
    tcp::endpoint endpoint;
    if (peer.protocol().family() == AF_UNIX || peer.size() > endpoint.capacity())
        return asio::ip::address_v4::loopback();
    std::memcpy(endpoint.data(), peer.data(), peer.size());
    return unmapped(endpoint.address());
}

} // namespace

/// Members are used on `strand`, except where noted.
struct server::impl : std::enable_shared_from_this<impl> {
    impl(asio::io_context& runs_on, server_options options, router const& routes, observer& events)
        : context(runs_on), strand(asio::make_strand(runs_on)), acceptor(strand), backoff(strand),
          services(std::make_shared<connection_services>(std::move(options), routes, events)),
          connections(std::make_shared<connection_list>(strand, services)) {}

    void start(); ///< any thread
    static asio::awaitable<bool> drain(std::shared_ptr<impl> self, deadline limit);
    void stop_accepting();

    class going_on;
    static asio::awaitable<void> accept_loop(std::shared_ptr<impl> self);
    [[nodiscard]] asio::any_io_executor executor_of_a_connection();
    asio::awaitable<void> recover(error_code ec);
    void admit(stream_socket socket, peer_endpoint const& peer);
    void take_the_queue();

    [[nodiscard]] server_options const& options() const noexcept { return services->options; }
    [[nodiscard]] observer& events() const noexcept { return services->events; }

    asio::io_context& context;
    connection_list::server_strand const strand;
    stream_acceptor acceptor;
    tcp::endpoint endpoint;  ///< written by `listen` only
    unix_socket socket_file; ///< if it listens on one
    asio::steady_timer backoff;
    std::shared_ptr<connection_services> const services;
    std::shared_ptr<connection_list> const connections;
    std::atomic<bool> stopped = false; ///< set by the owner
};

void server::impl::start() {
    connections->set_open(true);
    asio::co_spawn(strand, accept_loop(shared_from_this()),
                   [self = shared_from_this()](std::exception_ptr failure) {
                       if (failure) self->events().connection_failed(self->options().name, failure);
                   });
}

/// Restarts the accept loop after it was destroyed. If Asio has no memory to start an operation, it
/// throws past a coroutine that is suspended already. That coroutine is destroyed, not resumed, and
/// cannot catch anything. The service must not lose its listener, so the loop is started again.
class server::impl::going_on {
public:
    explicit going_on(std::shared_ptr<impl> listener) noexcept : listener_(std::move(listener)) {}
    going_on(going_on const&) = delete;
    going_on& operator=(going_on const&) = delete;
    ~going_on() {
        if (listener_->stopped) return;
        if (!listener_->acceptor.is_open()) {
            listener_->connections->set_open(false);
            return;
        }
        try {
            listener_->events().connection_failed(listener_->options().name,
                                                  std::make_exception_ptr(std::bad_alloc()));
            asio::post(listener_->strand, [self = listener_] { self->start(); });
        } catch (std::bad_alloc const&) {
            std::terminate(); // no memory even for that: the supervisor restarts the service
        }
    }

private:
    std::shared_ptr<impl> listener_;
};

asio::awaitable<void> server::impl::accept_loop(std::shared_ptr<impl> self) {
    going_on const at_end(self);
    while (self->acceptor.is_open()) {
        error_code ec;
        try {
            stream_socket socket(self->executor_of_a_connection());
            peer_endpoint peer;
            co_await self->acceptor.async_accept(socket, peer,
                                                 asio::redirect_error(asio::use_awaitable, ec));
            if (!ec) self->admit(std::move(socket), peer);
        } catch (std::bad_alloc const&) {
            ec = asio::error::no_memory; // concerns one client; the listener continues
        }
        if (ec) co_await self->recover(ec);
    }
}

/// Without a strand, an event runs its handler directly. With one, the event first queues the
/// strand.
asio::any_io_executor server::impl::executor_of_a_connection() {
    if (options().one_thread) return context.get_executor();
    return asio::make_strand(context);
}

asio::awaitable<void> server::impl::recover(error_code ec) {
    if (!acceptor.is_open()) co_return;
    bool const backing_off = !is_of_one_client(ec);
    events().accept_failed(options().name, ec, backing_off);
    if (!backing_off) co_return;
    backoff.expires_after(accept_backoff);
    error_code ignored;
    co_await backoff.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
}

void server::impl::admit(stream_socket socket, peer_endpoint const& peer) {
    if (!stopped) connections->admit(std::move(socket), address_of(peer));
}

/// Accepts the connections in the kernel's queue. They may have sent requests, and closing the
/// acceptor would reset them.
void server::impl::take_the_queue() {
    error_code ec;
    acceptor.non_blocking(true, ec);
    try {
        for (int n = 0; !ec && n < asio::socket_base::max_listen_connections; ++n) {
            stream_socket socket(executor_of_a_connection());
            peer_endpoint peer;
            acceptor.accept(socket, peer, ec);
            if (!ec) admit(std::move(socket), peer);
        }
    } catch (std::bad_alloc const&) {
        return; // give up those that are left
    }
}

void server::impl::stop_accepting() {
    error_code ignored;
    acceptor.close(ignored);
    socket_file.remove();
    backoff.cancel();
}

asio::awaitable<bool> server::impl::drain(std::shared_ptr<impl> self, deadline limit) {
    self->services->draining = true;
    self->take_the_queue();
    self->stop_accepting();
    auto const& connections = self->connections;
    connections->begin_drain();
    bool const by_themselves = co_await connections->wait_until_empty(limit.at());
    connections->abort_all();
    co_await connections->wait_until_empty(std::chrono::steady_clock::now() + abort_grace);
    co_return by_themselves;
}

server::server(asio::io_context& context, server_options options, router const& routes,
               observer& events)
    : impl_(std::make_shared<impl>(context, std::move(options), routes, events)) {}

server::~server() {
    stop();
}

void server::listen() {
    auto const& options = impl_->options();
    impl_->connections->limit_to_descriptors();
    if (!options.socket_path.empty()) {
        impl_->socket_file.listen(impl_->acceptor, options.socket_path);
        return;
    }
    auto const wanted = resolve(impl_->context, options.host, options.port);
    tcp::acceptor acceptor(impl_->strand, wanted.protocol());
    acceptor.set_option(tcp::acceptor::reuse_address(true));
    acceptor.bind(wanted);
    acceptor.listen(asio::socket_base::max_listen_connections);
    impl_->endpoint = acceptor.local_endpoint();
    impl_->acceptor = std::move(acceptor);
}

tcp::endpoint server::local_endpoint() const {
    return impl_->endpoint;
}

void server::start() {
    impl_->start();
}

void server::stop() {
    impl_->stopped = true;
    asio::post(impl_->strand, [self = impl_] {
        self->services->draining = true;
        self->stop_accepting();
        self->connections->set_open(false);
        self->connections->abort_all();
    });
}

asio::awaitable<bool> server::drain(deadline limit) {
    auto const self = impl_;
    bool const by_themselves =
        co_await asio::co_spawn(self->strand, impl::drain(self, limit), asio::use_awaitable);
    // co_spawn resumes its caller on the server's strand. Leave it.
    co_await asio::post(asio::use_awaitable);
    co_return by_themselves;
}

} // namespace otpd::http
