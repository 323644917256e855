#include "otpd/http/server.hpp"

#include "address_counts.hpp"
#include "client_address.hpp"
#include "connection.hpp"
#include "descriptor_limit.hpp"
#include "idle_clients.hpp"
#include "unix_socket.hpp"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/bind_executor.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/strand.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstring>
#include <exception>
#include <list>
#include <new>
#include <optional>

namespace otpd::http {

namespace asio = boost::asio;
using boost::system::error_code;
using tcp = asio::ip::tcp;

namespace {

/// The maximum number of clients that are being told about the overload. Further ones are closed
/// without an answer: a flood must not cost more refused than served.
constexpr std::size_t turned_away_max = 64;
/// The maximum number of connections that were asked to leave and have not decided yet. One with a
/// request stays.
constexpr std::size_t leaving_max = 64;
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

/// Members are used on `strand_`, except where noted.
class server::impl : public std::enable_shared_from_this<impl> {
public:
    impl(asio::io_context& context, server_options options, router const& routes, observer& events)
        : context_(context), strand_(asio::make_strand(context)), acceptor_(strand_),
          backoff_(strand_), ended_(strand_),
          services_(std::make_shared<connection_services>(std::move(options), routes, events)),
          addresses_(services_->options.connections_per_address_max) {}

    // Call before `start`. Any thread.
    void listen();
    void start();
    [[nodiscard]] tcp::endpoint local_endpoint() const { return endpoint_; }

    // Any thread.
    void stop();
    [[nodiscard]] asio::strand<asio::io_context::executor_type> strand() const { return strand_; }

    static asio::awaitable<bool> drain(std::shared_ptr<impl> self, deadline limit);

private:
    struct entry {
        explicit entry(std::shared_ptr<connection> connection) noexcept
            : client(std::move(connection)) {}

        std::shared_ptr<connection> client;
        bool turned_away = false;
        bool is_strangers = false; ///< counted in `idle_` and `addresses_`
        idle_client idleness;
    };
    using entries = std::list<entry>;

    class going_on;
    static asio::awaitable<void> accept_loop(std::shared_ptr<impl> self);
    [[nodiscard]] asio::any_io_executor executor_of_a_connection();
    asio::awaitable<void> recover(error_code ec);
    void admit(stream_socket socket, asio::ip::address const& address);
    /// Returns whether the client gets an answer.
    [[nodiscard]] bool refuse(refusal why, asio::ip::address const& client, bool may_hear);
    void spawn(entries::iterator place, bool is_strangers);
    static asio::awaitable<void> serve_behind_proxy(std::shared_ptr<impl> self,
                                                    entries::iterator place);
    static asio::awaitable<bool> admit_named(std::shared_ptr<impl> self, entries::iterator place);
    void enter_stranger(entry& entered);
    [[nodiscard]] std::size_t served() const noexcept {
        return clients_.size() - turned_away_ - services_->leaving;
    }
    [[nodiscard]] bool make_room();
    void forget(entries::iterator place, std::exception_ptr failure);
    void take_the_queue();
    void stop_accepting();
    void abort_all();
    asio::awaitable<void> wait_until_empty(steady_time limit);

    [[nodiscard]] server_options const& options() const noexcept { return services_->options; }
    [[nodiscard]] observer& events() const noexcept { return services_->events; }

    asio::io_context& context_;
    asio::strand<asio::io_context::executor_type> strand_;
    stream_acceptor acceptor_;
    tcp::endpoint endpoint_;  ///< written by `listen` only
    unix_socket socket_file_; ///< if it listens on one
    asio::steady_timer backoff_;
    asio::steady_timer ended_; ///< cancelled when the last connection has ended
    std::shared_ptr<connection_services> services_;
    std::size_t connections_max_ = 0; ///< written by `listen` only
    entries clients_;
    std::size_t turned_away_ = 0; ///< how many of `clients_`
    idle_clients idle_;
    address_counts addresses_;
    bool accepting_ = false;            ///< the accept loop runs
    std::atomic<bool> stopped_ = false; ///< set by the owner
};

void server::impl::listen() {
    connections_max_ = clip_to_descriptors(options().connections_max);
    services_->shown_wrong_tokens.hold_back_at_most(connections_max_ / 4);
    if (!options().socket_path.empty()) {
        socket_file_.listen(acceptor_, options().socket_path);
        return;
    }
    auto const wanted = resolve(context_, options().host, options().port);
    tcp::acceptor acceptor(strand_, wanted.protocol());
    acceptor.set_option(tcp::acceptor::reuse_address(true));
    acceptor.bind(wanted);
    acceptor.listen(asio::socket_base::max_listen_connections);
    endpoint_ = acceptor.local_endpoint();
    acceptor_ = std::move(acceptor);
}

void server::impl::start() {
    accepting_ = true;
    asio::co_spawn(strand_, accept_loop(shared_from_this()),
                   [self = shared_from_this()](std::exception_ptr failure) {
                       if (failure) self->events().connection_failed(self->options().name, failure);
                   });
}

/// Restarts the accept loop after it was destroyed. If Asio has no memory to start an operation, it
/// throws past a coroutine that is suspended already. That coroutine is destroyed, not resumed, and
/// cannot catch anything. The service must not lose its listener, so the loop is started again.
class server::impl::going_on {
public:
    explicit going_on(std::shared_ptr<impl> of) noexcept : of_(std::move(of)) {}
    going_on(going_on const&) = delete;
    going_on& operator=(going_on const&) = delete;
    ~going_on() {
        if (of_->stopped_) return;
        if (!of_->acceptor_.is_open()) {
            of_->accepting_ = false;
            of_->ended_.cancel();
            return;
        }
        try {
            of_->events().connection_failed(of_->options().name,
                                            std::make_exception_ptr(std::bad_alloc()));
            asio::post(of_->strand_, [self = of_] { self->start(); });
        } catch (std::bad_alloc const&) {
            std::terminate(); // no memory even for that: the supervisor restarts the service
        }
    }

private:
    std::shared_ptr<impl> of_;
};

asio::awaitable<void> server::impl::accept_loop(std::shared_ptr<impl> self) {
    going_on const at_end(self);
    while (self->acceptor_.is_open()) {
        error_code ec;
        try {
            stream_socket socket(self->executor_of_a_connection());
            peer_endpoint peer;
            co_await self->acceptor_.async_accept(socket, peer,
                                                  asio::redirect_error(asio::use_awaitable, ec));
            if (!ec) self->admit(std::move(socket), address_of(peer));
        } catch (std::bad_alloc const&) {
            ec = asio::error::no_memory; // concerns one client; the listener continues
        }
        if (ec) co_await self->recover(ec);
    }
}

/// Without a strand, an event runs its handler directly. With one, the event first queues the
/// strand.
asio::any_io_executor server::impl::executor_of_a_connection() {
    if (options().one_thread) return context_.get_executor();
    return asio::make_strand(context_);
}

asio::awaitable<void> server::impl::recover(error_code ec) {
    if (!acceptor_.is_open()) co_return;
    bool const backing_off = !is_of_one_client(ec);
    events().accept_failed(options().name, ec, backing_off);
    if (!backing_off) co_return;
    backoff_.expires_after(accept_backoff);
    error_code ignored;
    co_await backoff_.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
}

void server::impl::admit(stream_socket socket, asio::ip::address const& address) {
    if (stopped_) return;
    bool const is_proxy = is_trusted(address, options().trusted_proxies);
    // Behind the PROXY protocol, the client's address is not known yet.
    bool const is_strangers = !is_proxy && !options().proxy_protocol;
    std::optional<refusal> why;
    if (is_strangers && addresses_.is_full(address))
        why = refusal::address;
    else if (!make_room())
        why = refusal::full;
    if (why && !refuse(*why, address, is_proxy || is_strangers)) return;
    error_code ec;
    bool const is_tcp = options().socket_path.empty();
    if (is_tcp) socket.set_option(tcp::no_delay(true), ec);
    if (!ec) socket.non_blocking(true, ec);
    if (ec) return; // the client has disconnected
    auto client = std::make_shared<connection>(std::move(socket), address, services_);
    auto const place = clients_.emplace(clients_.end(), std::move(client));
    place->turned_away = why.has_value();
    spawn(place, is_strangers);
}

bool server::impl::refuse(refusal why, asio::ip::address const& client, bool may_hear) {
    bool const heard = may_hear && turned_away_ < turned_away_max;
    events().connection_refused(options().name, why, client, heard);
    return heard;
}

void server::impl::spawn(entries::iterator place, bool is_strangers) {
    if (place->turned_away)
        ++turned_away_;
    else
        events().connection_opened(options().name);
    auto const ended = [self = shared_from_this(), place](std::exception_ptr failure) {
        self->forget(place, failure);
    };
    auto const& client = place->client;
    try {
        if (is_strangers && !place->turned_away) enter_stranger(*place);
        auto serving = place->turned_away         ? connection::reject_overloaded(client)
                       : options().proxy_protocol ? serve_behind_proxy(shared_from_this(), place)
                                                  : connection::serve(client);
        asio::co_spawn(
            client->executor(), std::move(serving),
            asio::bind_cancellation_slot(client->slot(), asio::bind_executor(strand_, ended)));
    } catch (...) {
        forget(place,
               std::current_exception()); // no memory: the connection would never be served or
                                          // ended
    }
}

asio::awaitable<void> server::impl::serve_behind_proxy(std::shared_ptr<impl> self,
                                                       entries::iterator place) {
    auto const client = place->client;
    bool const named = co_await connection::introduce(client);
    if (!named) co_return;
    bool const admitted =
        co_await asio::co_spawn(self->strand_, admit_named(self, place), asio::use_awaitable);
    // co_spawn resumes its caller on the server's strand. Leave it.
    co_await asio::post(asio::use_awaitable);
    if (admitted)
        co_await connection::serve(client);
    else if (place->turned_away)
        co_await connection::reject_overloaded(client);
    else
        client->close();
}

/// Admits a client whose address came from the PROXY protocol header.
asio::awaitable<bool> server::impl::admit_named(std::shared_ptr<impl> self,
                                                entries::iterator place) {
    auto const& client = place->client->peer();
    if (is_trusted(client, self->options().trusted_proxies)) co_return true;
    if (!self->addresses_.is_full(client)) {
        self->enter_stranger(*place);
        co_return true;
    }
    if (self->refuse(refusal::address, client, true)) {
        self->events().connection_closed(self->options().name);
        place->turned_away = true;
        ++self->turned_away_;
    }
    co_return false;
}

void server::impl::enter_stranger(entry& entered) {
    addresses_.enter(entered.client->peer());
    entered.is_strangers = true;
    idle_.enter(entered.idleness, *entered.client);
}

/// Makes room for one more connection. Returns false if there is none.
bool server::impl::make_room() {
    idle_.pay_for_search();
    while (served() >= connections_max_ && services_->leaving < leaving_max)
        if (!idle_.evict_one()) break;
    return served() < connections_max_;
}

void server::impl::forget(entries::iterator place, std::exception_ptr failure) {
    if (failure) events().connection_failed(options().name, failure);
    if (place->client->is_leaving()) {
        --services_->leaving;
        events().connection_evicted(options().name);
    }
    if (place->is_strangers) {
        idle_.leave(place->idleness);
        addresses_.leave(place->client->peer());
    }
    if (place->turned_away)
        --turned_away_;
    else
        events().connection_closed(options().name);
    clients_.erase(place);
    if (clients_.empty()) ended_.cancel();
}

/// Accepts the connections in the kernel's queue. They may have sent requests, and closing the
/// acceptor would reset them.
void server::impl::take_the_queue() {
    error_code ec;
    acceptor_.non_blocking(true, ec);
    try {
        for (int n = 0; !ec && n < asio::socket_base::max_listen_connections; ++n) {
            stream_socket socket(executor_of_a_connection());
            peer_endpoint peer;
            acceptor_.accept(socket, peer, ec);
            if (!ec) admit(std::move(socket), address_of(peer));
        }
    } catch (std::bad_alloc const&) {
        return; // give up those that are left
    }
}

void server::impl::stop_accepting() {
    error_code ignored;
    acceptor_.close(ignored);
    socket_file_.remove();
    backoff_.cancel();
}

void server::impl::abort_all() {
    for (auto const& e : clients_)
        e.client->abort();
}

void server::impl::stop() {
    stopped_ = true;
    asio::post(strand_, [self = shared_from_this()] {
        self->services_->draining = true;
        self->stop_accepting();
        self->accepting_ = false;
        self->ended_.cancel();
        self->abort_all();
    });
}

asio::awaitable<void> server::impl::wait_until_empty(steady_time limit) {
    while ((accepting_ || !clients_.empty()) && std::chrono::steady_clock::now() < limit) {
        ended_.expires_at(limit);
        error_code ignored;
        co_await ended_.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
    }
}

asio::awaitable<bool> server::impl::drain(std::shared_ptr<impl> self, deadline limit) {
    self->services_->draining = true;
    self->take_the_queue();
    self->stop_accepting();
    for (auto const& e : self->clients_)
        e.client->begin_drain();
    co_await self->wait_until_empty(limit.at());
    bool const by_themselves = self->clients_.empty();
    self->abort_all();
    co_await self->wait_until_empty(std::chrono::steady_clock::now() + abort_grace);
    co_return by_themselves;
}

server::server(asio::io_context& context, server_options options, router const& routes,
               observer& events)
    : impl_(std::make_shared<impl>(context, std::move(options), routes, events)) {}

server::~server() {
    impl_->stop();
}

void server::listen() {
    impl_->listen();
}

tcp::endpoint server::local_endpoint() const {
    return impl_->local_endpoint();
}

void server::start() {
    impl_->start();
}

void server::stop() {
    impl_->stop();
}

asio::awaitable<bool> server::drain(deadline limit) {
    auto const self = impl_;
    bool const by_themselves =
        co_await asio::co_spawn(self->strand(), impl::drain(self, limit), asio::use_awaitable);
    // co_spawn resumes its caller on the server's strand. Leave it.
    co_await asio::post(asio::use_awaitable);
    co_return by_themselves;
}

} // namespace otpd::http
