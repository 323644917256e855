#include "otpd/store/redis_store.hpp"

#include "otpd/core/encoding.hpp"
#include "otpd/net/run_on.hpp"
#include "session.hpp"
#include "shadow.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>

#include <charconv>
#include <cstring>
#include <deque>

namespace otpd::store {

namespace asio = boost::asio;
using redis::fields;
using redis::script;

namespace {

/// No code lives longer (SECURITY.md; the bound of otp.ttl_seconds).
constexpr std::chrono::seconds code_life_max{600};

// --- what goes to the server ---------------------------------------------------------------------

std::string text_of(std::span<std::byte const> bytes) {
    return {reinterpret_cast<char const*>(bytes.data()), bytes.size()};
}

std::string text_of(duration time) {
    return std::to_string(time.count());
}

/// All keys of a number share a hash tag.
std::string prefix_of(number_key const& number) {
    return "otp:{" + to_hex(number) + "}:";
}
std::string code_key(record_key const& key) {
    return prefix_of(key.number) + "code:" + key.purpose;
}
std::string guesses_key(number_key const& number) {
    return prefix_of(number) + "guesses";
}
std::string counter_key(number_key const& number, charge const& c) {
    return prefix_of(number) + "n:" + c.counter;
}

void append(fields& to, redis::seen_guesses const& known) {
    to.push_back(std::to_string(known.count));
    to.push_back(text_of(known.known_for));
}

// --- what comes back -----------------------------------------------------------------------------

/// The fields of an answer, one after the other. What is missing or no number makes it bad, not undefined.
class reader {
public:
    explicit reader(fields const& from) noexcept : from_(from) {}

    std::string const& text() {
        static std::string const none;
        if (next_ < from_.size()) return from_[next_++];
        good_ = false;
        return none;
    }
    template <class Number>
    Number number() {
        auto const& digits = text();
        Number value{};
        auto const* const end = digits.data() + digits.size();
        auto const [stop, error] = std::from_chars(digits.data(), end, value);
        if (error != std::errc() || stop != end) good_ = false;
        return value;
    }
    duration milliseconds() { return duration(number<duration::rep>()); }
    verification_id id() {
        verification_id value{};
        auto const& bytes = text();
        if (bytes.size() == value.size())
            std::memcpy(value.data(), bytes.data(), value.size());
        else
            good_ = false;
        return value;
    }
    [[nodiscard]] bool more() const noexcept { return next_ < from_.size(); }
    [[nodiscard]] bool good() const noexcept { return good_; }

private:
    fields const& from_;
    std::size_t next_ = 0;
    bool good_ = true;
};

std::optional<receipt> read_receipt(reader& answer) {
    receipt sent;
    auto const& route = answer.text();
    sent.order_id = answer.text();
    sent.bx_message_id = answer.text();
    auto const& cost = answer.text();
    if (route.empty()) return std::nullopt; // not settled yet
    auto const read = [](std::string const& digits, auto& to) {
        auto const* const end = digits.data() + digits.size();
        auto const [stop, error] = std::from_chars(digits.data(), end, to);
        return error == std::errc() && stop == end;
    };
    std::int64_t micros = 0;
    read(route, sent.route_id);
    if (!cost.empty() && read(cost, micros)) sent.cost = money::from_micros(micros);
    return sent;
}

refused read_violations(reader& answer, std::vector<charge> const& charges) {
    refused no;
    while (answer.more() && answer.good()) {
        auto const counter = answer.number<std::size_t>();
        auto const wait = answer.milliseconds();
        if (counter == 0)
            no.violations.push_back(violation{guesses_counter, wait});
        else if (counter <= charges.size())
            no.violations.push_back(violation{charges[counter - 1].counter, wait});
    }
    return no;
}

} // namespace

/// A session and what its instance remembers of the numbers that are asked for over it.
struct redis_store_lane {
    redis_store_lane(asio::any_io_executor const& executor, redis::session_options const& options,
                     redis::session_events events, std::size_t remembered_max)
        : session(executor, options, std::move(events)), remembered(remembered_max) {}

    redis::session session;
    redis::shadow remembered; // on the session's strand

    // All of these run on the session's strand.
    asio::awaitable<result<admit_outcome>> admit(admission request);
    asio::awaitable<result<settle_outcome>> settle(settlement request);
    asio::awaitable<result<check_outcome>> check_code(check request);
    check_outcome judge(check const& request, reader& answer);
};

asio::awaitable<result<admit_outcome>> redis_store_lane::admit(admission request) {
    auto const& key = request.key;
    auto const known =
        remembered.guesses(key.number, session.epoch(), std::chrono::steady_clock::now());
    fields keys{code_key(key), guesses_key(key.number)};
    fields arguments{text_of(request.id), std::to_string(request.code.key_id),
                     text_of(request.code.value), text_of(request.ttl),
                     std::to_string(request.guesses.quota)};
    append(arguments, known);
    for (auto const& c : request.charges) {
        keys.push_back(counter_key(key.number, c));
        arguments.push_back(std::to_string(cost(c).count()));
        arguments.push_back(std::to_string(counter_time(c.window).count()));
    }
    auto const answer =
        co_await session.call(script::admit, std::move(keys), std::move(arguments), "admitted");
    if (!answer) co_return answer.error();

    reader from(*answer);
    auto const& word = from.text();
    if (word == "admitted") {
        redis::seen_code code;
        code.id = text_of(request.id);
        code.made = from.number<redis::server_time>();
        remembered.admitted(key, std::move(code), std::chrono::steady_clock::now(), code_life_max);
        if (from.good()) co_return admit_outcome(admitted{});
    }
    if (word == "refused") {
        auto no = read_violations(from, request.charges);
        if (from.good() && !no.violations.empty()) co_return admit_outcome(std::move(no));
    }
    co_return fault::unavailable;
}

asio::awaitable<result<settle_outcome>> redis_store_lane::settle(settlement request) {
    auto const& key = request.key;
    fields keys{code_key(key)};
    fields arguments{text_of(request.id)};
    switch (request.result) {
    case send_result::accepted:
        arguments.emplace_back("accepted");
        if (auto const& sent = request.accepted)
            arguments.insert(arguments.end(),
                             {std::to_string(sent->route_id), sent->order_id, sent->bx_message_id,
                              sent->cost ? std::to_string(sent->cost->micros()) : std::string()});
        break;
    case send_result::unknown:
        arguments.emplace_back("unknown");
        break;
    case send_result::refused:
        arguments.emplace_back("refused");
        arguments.push_back(std::to_string(request.back_off ? cost(*request.back_off).count() : 0));
        for (auto const& c : request.give_back) {
            keys.push_back(counter_key(key.number, c));
            arguments.push_back(std::to_string(cost(c).count()));
        }
        if (request.back_off) keys.push_back(counter_key(key.number, *request.back_off));
        break;
    }
    auto const answer =
        co_await session.call(script::settle, std::move(keys), std::move(arguments));
    if (!answer) co_return answer.error();
    if (answer->front() == "settled") co_return settle_outcome::settled;
    if (answer->front() == "superseded") co_return settle_outcome::superseded;
    co_return fault::unavailable;
}

asio::awaitable<result<check_outcome>> redis_store_lane::check_code(check request) {
    auto const& key = request.key;
    auto const now = std::chrono::steady_clock::now();
    auto const code = remembered.code(key, now);
    auto const known = remembered.guesses(key.number, session.epoch(), now);
    fields keys{code_key(key), guesses_key(key.number)};
    fields arguments{std::to_string(request.attempts_max),
                     std::to_string(request.guesses.quota),
                     text_of(request.guesses.window),
                     request.id ? text_of(*request.id) : std::string(),
                     code.id,
                     std::to_string(code.attempts),
                     std::to_string(code.made)};
    append(arguments, known);
    for (auto const& candidate : request.candidates) {
        arguments.push_back(std::to_string(candidate.key_id));
        arguments.push_back(text_of(candidate.value));
    }
    auto const answer =
        co_await session.call(script::check, std::move(keys), std::move(arguments), "verified");
    if (!answer) co_return answer.error();
    reader from(*answer);
    auto outcome = judge(request, from);
    if (!from.good()) co_return fault::unavailable;
    co_return outcome;
}

/// Reads the answer and remembers what it says of the code.
check_outcome redis_store_lane::judge(check const& request, reader& answer) {
    auto const now = std::chrono::steady_clock::now();
    auto const& word = answer.text();
    if (word == "absent") return absent{};
    if (word == "exhausted") return exhausted{answer.milliseconds()};
    if (word == "locked") return locked{answer.milliseconds()};
    if (word == "verified") {
        verified right;
        right.id = answer.id();
        redis::seen_code code{text_of(right.id), answer.number<redis::server_time>(), 0};
        right.sent = read_receipt(answer);
        if (answer.good()) remembered.verified(request.key, std::move(code), now, code_life_max);
        return right;
    }
    wrong guess;
    if (word == "wrong") guess.attempts_left = answer.number<std::uint32_t>();
    redis::seen_code code;
    code.id = text_of(answer.id());
    code.made = answer.number<redis::server_time>();
    code.attempts = answer.number<std::uint32_t>();
    redis::seen_guesses const guesses{answer.number<std::uint32_t>(), request.guesses.window};
    if (answer.good())
        remembered.wrong(request.key, std::move(code), guesses, session.epoch(), now,
                         code_life_max);
    return guess;
}

class redis_store::impl {
public:
    impl(asio::any_io_executor const& executor, redis_options const& options, observer& tell)
        : executor_(executor), tell_(tell) {
        redis::session_options each;
        each.where = options.where;
        each.ca_file = options.ca_file;
        each.timeout = options.timeout;
        each.replicas = options.replicas;
        each.in_flight_max = options.in_flight_max;
        auto const connections = std::max<std::size_t>(1, options.connections);
        redis::session_events const events{
            [this](redis::server_info const& server) { session_ready(server); },
            [this](bool was_ready, std::string const& why) { session_lost(was_ready, why); }};
        for (std::size_t i = 0; i < connections; ++i)
            lanes_.emplace_back(executor, each, events, options.remembered_max / connections);
        where_ = options.where.to_string();
    }

    /// Runs `step(lane)` on the strand of the lane that the number belongs to.
    template <class Outcome, class Step>
    asio::awaitable<result<Outcome>> visit(number_key const& number, Step step) {
        auto& lane = lane_of(number);
        co_return co_await net::run_on(lane.session.executor(), step(lane));
    }

    asio::awaitable<result<fields>> ask_any(script which, fields keys, fields arguments) {
        auto& lane = ready_lane(asked_.fetch_add(1, std::memory_order_relaxed));
        auto asked = lane.session.call(which, std::move(keys), std::move(arguments));
        co_return co_await net::run_on(lane.session.executor(), std::move(asked));
    }

    asio::awaitable<std::optional<std::string>> start() {
        for (auto& lane : lanes_) {
            auto ended = [this](std::exception_ptr thrown) {
                if (thrown) tell_.failed(thrown);
            };
            asio::co_spawn(lane.session.executor(), lane.session.run(), ended);
        }
        auto& first = lanes_.front().session;
        auto const attempt = co_await net::run_on(first.executor(), first.first());
        if (attempt.usable_later) co_return std::nullopt;
        co_return where_ + ": " + attempt.why;
    }

    void stop() {
        for (auto& lane : lanes_)
            asio::post(lane.session.executor(), [&lane] { lane.session.stop(); });
    }

private:
    /// One number's steps go over one connection, so that what is remembered of it is in one place. While
    /// that connection is down another one serves: remembering is a help, the limits are the server's.
    redis_store_lane& lane_of(number_key const& number) {
        std::size_t tail = 0;
        std::memcpy(&tail, number.data() + number.size() - sizeof tail, sizeof tail);
        return ready_lane(tail);
    }
    redis_store_lane& ready_lane(std::size_t preferred) {
        for (std::size_t i = 0; i < lanes_.size(); ++i) {
            auto& lane = lanes_[(preferred + i) % lanes_.size()];
            if (lane.session.ready()) return lane;
        }
        return lanes_[preferred % lanes_.size()];
    }

    void session_ready(redis::server_info const& server) {
        if (ready_.fetch_add(1) != 0) return;
        tell_.ready(server.product + " " + server.version + " at " + where_);
    }
    /// Told once for all connections, and not again for each attempt that fails.
    void session_lost(bool was_ready, std::string const& why) {
        bool const last = was_ready && ready_.fetch_sub(1) == 1;
        bool const never_there = !was_ready && ready_ == 0 && !told_unreachable_.exchange(true);
        if (last) told_unreachable_ = true;
        if (last || never_there) tell_.lost(where_ + ": " + why);
    }

    asio::any_io_executor executor_;
    observer& tell_;
    std::string where_;
    std::deque<redis_store_lane> lanes_; // never moves its elements
    std::atomic<std::size_t> asked_{0};
    std::atomic<std::size_t> ready_{0}; ///< sessions
    std::atomic<bool> told_unreachable_{false};
};

redis_store::redis_store(asio::any_io_executor executor, redis_options options, observer& tell)
    : impl_(std::make_unique<impl>(executor, options, tell)) {}

redis_store::~redis_store() = default;

asio::awaitable<result<admit_outcome>> redis_store::admit(admission request) {
    auto const number = request.key.number;
    auto step = [&request](redis_store_lane& lane) { return lane.admit(std::move(request)); };
    co_return co_await impl_->visit<admit_outcome>(number, step);
}

asio::awaitable<result<settle_outcome>> redis_store::settle(settlement request) {
    auto const number = request.key.number;
    auto step = [&request](redis_store_lane& lane) { return lane.settle(std::move(request)); };
    co_return co_await impl_->visit<settle_outcome>(number, step);
}

asio::awaitable<result<check_outcome>> redis_store::check_code(check request) {
    auto const number = request.key.number;
    auto step = [&request](redis_store_lane& lane) { return lane.check_code(std::move(request)); };
    co_return co_await impl_->visit<check_outcome>(number, step);
}

asio::awaitable<result<std::uint64_t>> redis_store::live_codes() {
    fields longest{std::to_string(code_life_max.count())};
    auto const answer = co_await impl_->ask_any(script::live, {}, std::move(longest));
    if (!answer) co_return answer.error();
    reader from(*answer);
    auto const count = from.number<std::uint64_t>();
    if (!from.good()) co_return fault::unavailable;
    co_return count;
}

asio::awaitable<result<std::monostate>> redis_store::ping() {
    fields keys{"otp:probe"};
    auto const answer = co_await impl_->ask_any(script::probe, std::move(keys), {});
    if (!answer) co_return answer.error();
    co_return std::monostate{};
}

asio::awaitable<std::optional<std::string>> redis_store::start() {
    co_return co_await impl_->start();
}

void redis_store::stop() {
    impl_->stop();
}

} // namespace otpd::store
