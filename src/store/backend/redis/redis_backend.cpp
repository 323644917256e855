#include "backend/redis/redis_backend.hpp"

#include "backend/redis/link.hpp"
#include "otpd/core/encoding.hpp"
#include "otpd/net/run_on.hpp"
#include "state/number_state.hpp"

#include <boost/asio/co_spawn.hpp>

#include <algorithm>
#include <charconv>
#include <random>

namespace otpd::store {

namespace asio = boost::asio;
using namespace std::chrono_literals;

namespace {

constexpr std::size_t flights_per_connection = 4;
constexpr auto memory_interval = 1s;
/// How many keys of the server are sampled to count live codes, a page at a time.
constexpr std::size_t sample_keys = 4000;
constexpr std::size_t sample_pages_max = 100;
constexpr auto sample_page = "250";

steady_time steady_now() {
    return std::chrono::steady_clock::now();
}

batch_options options_of(redis_options const& options) {
    batch_options chosen;
    chosen.queue_max = options.in_flight_max;
    chosen.flights_max = flights_per_connection * std::max<std::size_t>(1, options.connections);
    chosen.cached_max = options.cached_max;
    chosen.instance = std::random_device{}() % version_source::instances_max;
    return chosen;
}

std::string name_of_lanes() {
    std::random_device chance;
    std::array<std::uint32_t, 4> bytes{chance(), chance(), chance(), chance()};
    return std::string(redis_key_prefix) + "done:" + to_hex(std::as_bytes(std::span(bytes)));
}

template <class Int>
Int number_in(std::string_view text) {
    Int value = 0;
    std::from_chars(text.data(), text.data() + text.size(), value);
    return value;
}

} // namespace

/// The lane of a flight, with one call after the other.
struct redis_backend::lane {
    lane(flight const& by, std::string key, net::strand const& guard)
        : of(&by), name(std::move(key)), link_is_ready(guard) {}

    flight const* of;
    std::string name;
    std::uint64_t number = 0; ///< of its last call
    redis_call call;
    asio::steady_timer link_is_ready; ///< cancelled when one is ready
};

redis_backend::redis_backend(asio::any_io_executor executor, redis_options options,
                             observer& observer)
    : batched_store(executor, *this, options_of(options), options.timeout,
                    batching::yield_to_ready_handlers),
      options_(std::move(options)), observer_(observer), where_(options_.where.to_string()),
      lanes_name_(name_of_lanes()), next_look_(guard()), clock_(observer) {
    redis_link::events const events{
        [this](redis_server_info const& server, redis_reply const& probe) {
            link_ready(server, probe);
        },
        [this](bool was_ready, std::string const& why) { link_lost(was_ready, why); }};
    for (std::size_t n = 0; n < std::max<std::size_t>(1, options_.connections); ++n)
        links_.push_back(std::make_unique<redis_link>(
            guard(), options_, lanes_name_ + ":probe" + std::to_string(n), events));
}

redis_backend::~redis_backend() = default;

// --- commits ------------------------------------------------------------------------------------

void redis_backend::commit(flight& flight, flight_listener& to) {
    bool const may_be_sent = ready_link() != nullptr || steady_now() < is_back_by_;
    if (flight.changes.groups == 0 || !may_be_sent) {
        if (flight.changes.groups > 0) flight.changes.status = commit::outcome::not_executed;
        to.committed(flight);
        return;
    }
    asio::co_spawn(guard(), carry(flight, to), reports_failure(observer_));
}

asio::awaitable<void> redis_backend::carry(flight& flight, flight_listener& to) {
    auto& over = lane_of(flight);
    encode(flight.changes, over.name, ++over.number, over.call);
    over.call.replicas = flight.changes.must_survive ? options_.replicas : 0;
    flight.changes.status = commit::outcome::not_executed;
    co_await deliver(flight.changes, over);
    to.committed(flight);
}

/// Repeats the call until its outcome is known or the deadline has passed.
asio::awaitable<void> redis_backend::deliver(struct commit& commit, lane& lane) {
    auto const end = steady_now() + options_.timeout;
    for (;;) {
        auto const left = std::chrono::ceil<duration>(end - steady_now());
        if (left <= duration(0) || stopped_) co_return;
        auto* const link = ready_link();
        if (link == nullptr) {
            bool const is_sent = commit.status == commit::outcome::unknown;
            auto const until = is_sent ? end : std::min(end, is_back_by_);
            if (until <= steady_now()) co_return;
            lane.link_is_ready.expires_at(until);
            co_await lane.link_is_ready.async_wait(no_throw);
            continue;
        }
        auto const reply = co_await link->call(lane.call, left);
        if (reply.type == redis_reply::kind::refused) co_return;
        commit.status = commit::outcome::unknown;
        if (reply.type == redis_reply::kind::lost) continue;
        auto const time = decode(reply.text, commit);
        if (time) clock_.follow(reply.sent, reply.received, *time);
        // A commit that wrote nothing needs no confirmation by replicas.
        bool const is_written = std::ranges::find(commit.failed, false) != commit.failed.end();
        if (time && (reply.is_replicated || !is_written)) commit.status = commit::outcome::done;
        co_return;
    }
}

redis_backend::lane& redis_backend::lane_of(flight const& flight) {
    for (auto const& lane : lanes_)
        if (lane->of == &flight) return *lane;
    auto name = lanes_name_ + ":" + std::to_string(lanes_.size());
    return *lanes_.emplace_back(std::make_unique<lane>(flight, std::move(name), guard()));
}

void redis_backend::wake_lanes() {
    for (auto const& lane : lanes_)
        lane->link_is_ready.cancel();
}

redis_link* redis_backend::ready_link() noexcept {
    redis_link* found = nullptr;
    for (auto const& link : links_)
        if (link->is_ready() && (found == nullptr || link->in_flight() < found->in_flight()))
            found = link.get();
    return found;
}

// --- the clock and the memory of the server -----------------------------------------------------

store_time redis_backend::now() const noexcept {
    return clock_.at(steady_now());
}

void redis_backend::look_at_memory(redis_server_info const& server) {
    auto const nine_tenths = server.maxmemory - server.maxmemory / 10;
    auto const most = options_.memory_max > 0 ? options_.memory_max : nine_tenths;
    room_left_ = most == 0 ? room::ample : room_of(server.used_memory, most);
}

asio::awaitable<void> redis_backend::watch_memory() {
    while (!stopped_) {
        std::vector<std::string> info{"INFO", "memory"};
        auto const told = co_await ask(std::move(info));
        if (told && !told->empty()) look_at_memory(parse_redis_info(told->front()));
        if (stopped_) break;
        next_look_.expires_after(memory_interval);
        co_await next_look_.async_wait(no_throw);
    }
}

// --- what is asked of the server beside the steps -----------------------------------------------

asio::awaitable<result<std::vector<std::string>>>
redis_backend::ask(std::vector<std::string> command) {
    auto* const link = ready_link();
    if (link == nullptr) co_return fault::not_executed;
    auto reply = co_await link->ask(std::move(command), options_.timeout);
    if (reply.type != redis_reply::kind::answered) co_return fault::not_executed;
    co_return std::move(reply.values);
}

asio::awaitable<result<std::uint64_t>> redis_backend::live_codes() {
    co_return co_await net::run_on(guard(), count_live_codes());
}

/// The server returns pages of keys in hash order, so any range of them is a fair sample.
asio::awaitable<result<std::uint64_t>> redis_backend::count_live_codes() {
    std::vector<std::string> words{"TIME"};
    auto const time = co_await ask(std::move(words));
    words = {"DBSIZE"};
    auto const size = co_await ask(std::move(words));
    if (!time || !size || time->size() != 2 || size->size() != 1) co_return fault::not_executed;
    store_time const at(std::chrono::seconds(number_in<std::int64_t>(time->front())));
    auto const keys = number_in<std::uint64_t>(size->front());
    bool const is_sample = keys > sample_keys;
    std::string cursor = is_sample ? std::to_string(std::random_device{}()) : "0";
    auto const of_numbers =
        std::string(redis_key_prefix) + static_cast<char>(state::key_kind::number);
    std::uint64_t seen = 0;
    std::uint64_t codes = 0;
    for (std::size_t pages = 0; pages < sample_pages_max && seen < sample_keys; ++pages) {
        words = {"SCAN", cursor, "COUNT", sample_page};
        auto const page = co_await ask(std::move(words));
        if (!page || page->empty()) co_return fault::not_executed;
        cursor = page->front();
        seen += page->size() - 1;
        words = {"MGET"};
        std::copy_if(page->begin() + 1, page->end(), std::back_inserter(words),
                     [&](std::string const& key) { return key.starts_with(of_numbers); });
        if (words.size() > 1) {
            auto const blobs = co_await ask(std::move(words));
            if (!blobs) co_return fault::not_executed;
            for (auto const& blob : *blobs)
                codes += state::live_codes_in(blob, at).count;
        }
        if (cursor == "0" && !is_sample) co_return codes;
    }
    auto const of_all = keys * codes;
    co_return of_all / std::max<std::uint64_t>(1, seen);
}

asio::awaitable<result<std::monostate>> redis_backend::ping() {
    co_return co_await net::run_on(guard(), probe());
}

asio::awaitable<result<std::monostate>> redis_backend::probe() {
    auto* const link = ready_link();
    if (link == nullptr) co_return fault::not_executed;
    auto const reply = co_await link->probe(options_.timeout);
    if (reply.type != redis_reply::kind::answered) co_return fault::not_executed;
    co_return std::monostate();
}

// --- start and end ------------------------------------------------------------------------------

asio::awaitable<std::optional<std::string>> redis_backend::start() {
    for (auto const& link : links_)
        asio::co_spawn(guard(), link->run(), reports_failure(observer_));
    auto const unusable = co_await net::run_on(guard(), links_.front()->first());
    asio::co_spawn(guard(), watch_memory(), reports_failure(observer_));
    if (!unusable) co_return std::nullopt;
    co_return where_ + ": " + *unusable;
}

void redis_backend::stop() {
    asio::post(guard(), [this] {
        stopped_ = true;
        next_look_.cancel();
        for (auto const& link : links_)
            link->stop();
        wake_lanes();
    });
}

void redis_backend::link_ready(redis_server_info const& server, redis_reply const& probe) {
    if (std::exchange(run_id_, server.run_id) != server.run_id) steps().expect_lost_writes();
    look_at_memory(server);
    struct commit nothing;
    if (auto const time = decode(probe.text, nothing))
        clock_.follow(probe.sent, probe.received, *time);
    wake_lanes();
    if (ready_++ == 0) observer_.ready(server.product + " " + server.version + " at " + where_);
}

/// Reported once for all links, and not again for each failed attempt.
void redis_backend::link_lost(bool was_ready, std::string const& why) {
    if (was_ready) --ready_;
    if (was_ready && ready_ == 0) is_back_by_ = steady_now() + options_.reconnect_patience;
    if (ready_ > 0 || (!was_ready && told_unreachable_)) return;
    told_unreachable_ = true;
    observer_.lost(where_ + ": " + why);
}

std::unique_ptr<backend> make_redis_store(asio::any_io_executor executor, redis_options options,
                                          observer& observer) {
    return std::make_unique<redis_backend>(std::move(executor), std::move(options), observer);
}

} // namespace otpd::store
