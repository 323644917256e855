#include "connection_list.hpp"

#include "client_address.hpp"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/bind_executor.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <sys/resource.h>

#include <algorithm>
#include <optional>
#include <utility>

namespace otpd::http {

namespace asio = boost::asio;
using boost::system::error_code;
using tcp = asio::ip::tcp;

namespace {

/// The maximum number of clients that get a 503 at a time. Further ones are closed without an
/// answer: a flood must not cost more refused than served.
constexpr std::size_t rejected_max = 64;
/// The maximum number of connections that were asked to leave and have not decided yet. One with a
/// request stays.
constexpr std::size_t leaving_max = 64;
/// File descriptors for files, the store and the upstream.
constexpr rlim_t descriptors_reserved = 256;

std::size_t clip_to_descriptors(std::size_t wanted) noexcept {
    rlimit limit{};
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY) return wanted;
    auto const left =
        limit.rlim_cur > descriptors_reserved ? limit.rlim_cur - descriptors_reserved : 1;
    return std::max<std::size_t>(1, std::min<std::size_t>(wanted, left));
}

} // namespace

connection_list::connection_list(server_strand strand,
                                 std::shared_ptr<connection_services> services)
    : strand_(std::move(strand)), services_(std::move(services)),
      addresses_(services_->options.connections_per_address_max), ended_(strand_) {}

void connection_list::limit_to_descriptors() {
    connections_max_ = clip_to_descriptors(options().connections_max);
    services_->shown_wrong_tokens.hold_back_at_most(connections_max_ / 4);
}

void connection_list::admit(stream_socket socket, asio::ip::address const& address) {
    bool const is_proxy = is_trusted(address, options().trusted_proxies);
    // Behind the PROXY protocol, the client's address is not known yet.
    bool const is_stranger = !is_proxy && !options().proxy_protocol;
    std::optional<refusal> why;
    if (is_stranger && addresses_.is_full(address))
        why = refusal::address;
    else if (!make_room())
        why = refusal::full;
    if (why && !refuse(*why, address, is_proxy || is_stranger)) return;
    error_code ec;
    bool const is_tcp = options().socket_path.empty();
    if (is_tcp) socket.set_option(tcp::no_delay(true), ec);
    if (!ec) socket.non_blocking(true, ec);
    if (ec) return; // the client has disconnected
    auto client = std::make_shared<connection>(std::move(socket), address, services_);
    auto const place = entries_.emplace(entries_.end());
    place->client = std::move(client);
    place->is_rejected = why.has_value();
    spawn(place, is_stranger);
}

/// Returns whether the client gets an answer.
bool connection_list::refuse(refusal why, asio::ip::address const& client, bool may_answer) {
    bool const is_answered = may_answer && rejected_ < rejected_max;
    events().connection_refused(options().name, why, client, is_answered);
    return is_answered;
}

void connection_list::spawn(entries::iterator place, bool is_stranger) {
    if (place->is_rejected)
        ++rejected_;
    else
        events().connection_opened(options().name);
    auto const ended = [self = shared_from_this(), place](std::exception_ptr failure) {
        self->forget(place, failure);
    };
    auto const& client = place->client;
    try {
        if (is_stranger && !place->is_rejected) enter_stranger(*place);
        auto serving = place->is_rejected         ? connection::reject_overloaded(client)
                       : options().proxy_protocol ? serve_behind_proxy(shared_from_this(), place)
                                                  : connection::serve(client);
        asio::co_spawn(
            client->executor(), std::move(serving),
            asio::bind_cancellation_slot(client->slot(), asio::bind_executor(strand_, ended)));
    } catch (...) {
        // No memory: the connection would never be served or ended.
        forget(place, std::current_exception());
    }
}

asio::awaitable<void> connection_list::serve_behind_proxy(std::shared_ptr<connection_list> self,
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
    else if (place->is_rejected)
        co_await connection::reject_overloaded(client);
    else
        client->close();
}

/// Admits a client whose address came from the PROXY protocol header.
asio::awaitable<bool> connection_list::admit_named(std::shared_ptr<connection_list> self,
                                                   entries::iterator place) {
    auto const& client = place->client->peer();
    if (is_trusted(client, self->options().trusted_proxies)) co_return true;
    if (!self->addresses_.is_full(client)) {
        self->enter_stranger(*place);
        co_return true;
    }
    if (self->refuse(refusal::address, client, true)) {
        self->events().connection_closed(self->options().name);
        place->is_rejected = true;
        ++self->rejected_;
    }
    co_return false;
}

void connection_list::enter_stranger(entry& entered) {
    addresses_.enter(entered.client->peer());
    entered.is_stranger = true;
    idle_.enter(entered.idleness, *entered.client);
}

/// Makes room for one more connection. Returns false if there is none.
bool connection_list::make_room() {
    idle_.pay_for_search();
    auto const is_full = [this] {
        return entries_.size() - rejected_ - services_->leaving >= connections_max_;
    };
    while (is_full() && services_->leaving < leaving_max)
        if (!idle_.evict_one()) break;
    return !is_full();
}

void connection_list::forget(entries::iterator place, std::exception_ptr failure) {
    if (failure) events().connection_failed(options().name, failure);
    if (place->client->is_leaving()) {
        --services_->leaving;
        events().connection_evicted(options().name);
    }
    if (place->is_stranger) {
        idle_.leave(place->idleness);
        addresses_.leave(place->client->peer());
    }
    if (place->is_rejected)
        --rejected_;
    else
        events().connection_closed(options().name);
    entries_.erase(place);
    if (entries_.empty()) ended_.cancel();
}

void connection_list::set_open(bool is_open) {
    is_open_ = is_open;
    if (!is_open) ended_.cancel();
}

void connection_list::begin_drain() {
    for (auto const& one : entries_)
        one.client->begin_drain();
}

void connection_list::abort_all() {
    for (auto const& one : entries_)
        one.client->abort();
}

asio::awaitable<bool> connection_list::wait_until_empty(steady_time limit) {
    while ((is_open_ || !entries_.empty()) && std::chrono::steady_clock::now() < limit) {
        ended_.expires_at(limit);
        error_code ignored;
        co_await ended_.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
    }
    co_return entries_.empty();
}

} // namespace otpd::http
