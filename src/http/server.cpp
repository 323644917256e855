#include "otpd/http/server.hpp"

#include "connection.hpp"
#include "descriptor_limit.hpp"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/bind_executor.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/strand.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <atomic>
#include <cerrno>
#include <exception>
#include <list>
#include <new>

namespace otpd::http {

namespace asio = boost::asio;
using boost::system::error_code;
using tcp = asio::ip::tcp;

namespace {

/// Clients that are being told that there is no room for them. Further ones are closed unheard: a
/// flood must not take more by being refused than by being served.
constexpr std::size_t turned_away_max = 64;
/// Wait before the next accept when there was no descriptor or memory for the last.
constexpr std::chrono::milliseconds accept_backoff{150};
/// What cancelled handlers get to end.
constexpr std::chrono::seconds abort_grace{1};

/// Errors of one client's connection, gone before it was accepted: no reason to wait (accept(2)).
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

} // namespace

/// Members are used on `strand_`; those marked otherwise are not.
class server::impl : public std::enable_shared_from_this<impl> {
public:
    impl(asio::io_context& context, server_options options, router const& routes, observer& events)
        : context_(context), strand_(asio::make_strand(context)), acceptor_(strand_),
          backoff_(strand_), ended_(strand_),
          services_(std::make_shared<connection_services>(std::move(options), routes, events)) {}

    // Before `start`, on any thread.
    void listen();
    void start();
    [[nodiscard]] tcp::endpoint local_endpoint() const { return endpoint_; }

    // On any thread.
    void stop();
    [[nodiscard]] asio::strand<asio::io_context::executor_type> strand() const { return strand_; }

    static asio::awaitable<bool> drain(std::shared_ptr<impl> self, deadline limit);

private:
    struct entry {
        std::shared_ptr<connection> client;
        bool turned_away = false;
    };
    using entries = std::list<entry>;

    class going_on;
    static asio::awaitable<void> accept_loop(std::shared_ptr<impl> self);
    [[nodiscard]] asio::any_io_executor executor_of_a_connection();
    asio::awaitable<void> recover(error_code ec);
    void admit(tcp::socket socket, tcp::endpoint const& peer);
    void spawn(std::shared_ptr<connection> client, bool turned_away);
    void forget(entries::iterator place, std::exception_ptr failure);
    void stop_accepting();
    void abort_all();
    asio::awaitable<void> wait_until_empty(steady_time limit);

    [[nodiscard]] server_options const& options() const noexcept { return services_->options; }
    [[nodiscard]] observer& events() const noexcept { return services_->events; }

    asio::io_context& context_;
    asio::strand<asio::io_context::executor_type> strand_;
    tcp::acceptor acceptor_;
    tcp::endpoint endpoint_; ///< written by `listen` only
    asio::steady_timer backoff_;
    asio::steady_timer ended_; ///< cancelled when the last connection has ended
    std::shared_ptr<connection_services> services_;
    std::size_t connections_max_ = 0; ///< written by `listen` only
    entries clients_;
    std::size_t turned_away_ = 0;       ///< how many of them
    std::atomic<bool> stopped_ = false; ///< by its owner
};

void server::impl::listen() {
    connections_max_ = clip_to_descriptors(options().connections_max);
    services_->shown_wrong_tokens.hold_back_at_most(connections_max_ / 4);
    auto const wanted = resolve(context_, options().host, options().port);
    acceptor_.open(wanted.protocol());
    acceptor_.set_option(tcp::acceptor::reuse_address(true));
    acceptor_.bind(wanted);
    acceptor_.listen(asio::socket_base::max_listen_connections);
    endpoint_ = acceptor_.local_endpoint();
}

void server::impl::start() {
    asio::co_spawn(strand_, accept_loop(shared_from_this()),
                   [self = shared_from_this()](std::exception_ptr failure) {
                       if (failure) self->events().connection_failed(self->options().name, failure);
                   });
}

/// Where Asio has no memory to begin an operation it throws past a coroutine that is suspended already: that is
/// destroyed, not resumed, and cannot catch anything. A listener that accepts no more is the end of the service, so the
/// loop is begun anew.
class server::impl::going_on {
public:
    explicit going_on(std::shared_ptr<impl> of) noexcept : of_(std::move(of)) {}
    going_on(going_on const&) = delete;
    going_on& operator=(going_on const&) = delete;
    ~going_on() {
        if (of_->stopped_ || !of_->acceptor_.is_open()) return;
        try {
            of_->events().connection_failed(of_->options().name,
                                            std::make_exception_ptr(std::bad_alloc()));
            asio::post(of_->strand_, [self = of_] { self->start(); });
        } catch (std::bad_alloc const&) {
            std::terminate(); // not even that: whoever supervises the service starts it anew
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
            tcp::socket socket(self->executor_of_a_connection());
            tcp::endpoint peer;
            co_await self->acceptor_.async_accept(socket, peer,
                                                  asio::redirect_error(asio::use_awaitable, ec));
            if (!ec) self->admit(std::move(socket), peer);
        } catch (std::bad_alloc const&) {
            ec = asio::error::no_memory; // one client's; the listener goes on
        }
        if (ec) co_await self->recover(ec);
    }
}

/// Without a strand an event runs its handler at once; with one, it queues the strand, which is queued to run the handler.
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

void server::impl::admit(tcp::socket socket, tcp::endpoint const& peer) {
    bool const full = clients_.size() - turned_away_ >= connections_max_;
    bool const unheard = full && turned_away_ >= turned_away_max;
    if (full) events().connection_refused(options().name, !unheard);
    if (unheard || services_->draining) return;
    error_code ec;
    socket.set_option(tcp::no_delay(true), ec);
    if (!ec) socket.non_blocking(true, ec);
    if (ec) return; // the client is gone already
    spawn(std::make_shared<connection>(std::move(socket), peer.address(), services_), full);
}

void server::impl::spawn(std::shared_ptr<connection> client, bool turned_away) {
    if (turned_away)
        ++turned_away_;
    else
        events().connection_opened(options().name);
    auto const place = clients_.insert(clients_.end(), {client, turned_away});
    auto const ended = [self = shared_from_this(), place](std::exception_ptr failure) {
        self->forget(place, failure);
    };
    auto const executor = client->executor();
    auto const slot = client->slot();
    try {
        asio::co_spawn(executor,
                       turned_away ? connection::turn_away(std::move(client))
                                   : connection::serve(std::move(client)),
                       asio::bind_cancellation_slot(slot, asio::bind_executor(strand_, ended)));
    } catch (...) {
        forget(place,
               std::current_exception()); // no memory: nobody serves it, so nobody would end it
    }
}

void server::impl::forget(entries::iterator place, std::exception_ptr failure) {
    if (failure) events().connection_failed(options().name, failure);
    if (place->turned_away)
        --turned_away_;
    else
        events().connection_closed(options().name);
    clients_.erase(place);
    if (clients_.empty()) ended_.cancel();
}

void server::impl::stop_accepting() {
    services_->draining = true;
    error_code ignored;
    acceptor_.close(ignored);
    backoff_.cancel();
}

void server::impl::abort_all() {
    for (auto const& e : clients_)
        e.client->abort();
}

void server::impl::stop() {
    stopped_ = true;
    asio::post(strand_, [self = shared_from_this()] {
        self->stop_accepting();
        self->abort_all();
    });
}

asio::awaitable<void> server::impl::wait_until_empty(steady_time limit) {
    while (!clients_.empty() && std::chrono::steady_clock::now() < limit) {
        ended_.expires_at(limit);
        error_code ignored;
        co_await ended_.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
    }
}

asio::awaitable<bool> server::impl::drain(std::shared_ptr<impl> self, deadline limit) {
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
    // co_spawn resumes its caller inside the server's strand: leave it.
    co_await asio::post(asio::use_awaitable);
    co_return by_themselves;
}

} // namespace otpd::http
