#include "otpd/store/redis_store.hpp"

#include "lane.hpp"
#include "otpd/net/run_on.hpp"

#include <boost/asio/co_spawn.hpp>

#include <cstring>
#include <deque>

namespace otpd::store {

namespace asio = boost::asio;
using redis::lane;

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

    /// Runs a step on the strand of the lane that the number belongs to.
    template <class Outcome, class Request>
    asio::awaitable<result<Outcome>> visit(number_key number,
                                           asio::awaitable<result<Outcome>> (lane::*step)(Request),
                                           Request request) {
        auto& home = lane_of(number);
        auto work = (home.*step)(std::move(request));
        co_return co_await net::run_on(home.link().executor(), std::move(work));
    }

    /// Runs a step that belongs to no number.
    template <class Outcome, class... Request>
    asio::awaitable<result<Outcome>>
    visit_any(asio::awaitable<result<Outcome>> (lane::*step)(Request...), Request... request) {
        auto& next = ready_lane(asked_.fetch_add(1, std::memory_order_relaxed));
        auto work = (next.*step)(std::move(request)...);
        co_return co_await net::run_on(next.link().executor(), std::move(work));
    }

    asio::awaitable<std::optional<std::string>> start() {
        for (auto& each : lanes_) {
            auto ended = [this](std::exception_ptr thrown) {
                if (thrown) tell_.failed(thrown);
            };
            asio::co_spawn(each.link().executor(), each.link().run(), ended);
        }
        auto& first = lanes_.front().link();
        auto const attempt = co_await net::run_on(first.executor(), first.first());
        if (attempt.usable_later) co_return std::nullopt;
        co_return where_ + ": " + attempt.why;
    }

    void stop() {
        for (auto& each : lanes_)
            asio::post(each.link().executor(), [&each] { each.link().stop(); });
    }

private:
    /// One number's steps go over one connection, so that what is remembered of it is in one place. While
    /// that connection is down another one serves: remembering is a help, the limits are the server's.
    lane& lane_of(number_key const& number) {
        std::size_t tail = 0;
        std::memcpy(&tail, number.data() + number.size() - sizeof tail, sizeof tail);
        return ready_lane(tail);
    }
    lane& ready_lane(std::size_t preferred) {
        for (std::size_t i = 0; i < lanes_.size(); ++i) {
            auto& each = lanes_[(preferred + i) % lanes_.size()];
            if (each.link().ready()) return each;
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
    std::deque<lane> lanes_; // never moves its elements
    std::atomic<std::size_t> asked_{0};
    std::atomic<std::size_t> ready_{0}; ///< sessions
    std::atomic<bool> told_unreachable_{false};
};

redis_store::redis_store(asio::any_io_executor executor, redis_options options, observer& tell)
    : impl_(std::make_unique<impl>(executor, options, tell)) {}

redis_store::~redis_store() = default;

asio::awaitable<result<admit_outcome>> redis_store::admit(admission request) {
    auto const number = request.key.number;
    co_return co_await impl_->visit(number, &lane::admit, std::move(request));
}

asio::awaitable<result<settle_outcome>> redis_store::settle(settlement request) {
    auto const number = request.key.number;
    co_return co_await impl_->visit(number, &lane::settle, std::move(request));
}

asio::awaitable<result<rebook_outcome>> redis_store::rebook(rebooking request) {
    auto const number = request.of.number;
    co_return co_await impl_->visit(number, &lane::rebook, std::move(request));
}

asio::awaitable<result<update_outcome>> redis_store::update(delivery_update request) {
    auto const number = request.at.number;
    co_return co_await impl_->visit(number, &lane::update, std::move(request));
}

asio::awaitable<result<check_outcome>> redis_store::check_code(check request) {
    auto const number = request.key.number;
    co_return co_await impl_->visit(number, &lane::check_code, std::move(request));
}

asio::awaitable<result<std::optional<verification>>> redis_store::find(verification_address at) {
    co_return co_await impl_->visit(at.number, &lane::find, at);
}

asio::awaitable<result<cancel_outcome>> redis_store::cancel(cancellation request) {
    auto const number = request.at.number;
    co_return co_await impl_->visit(number, &lane::cancel, std::move(request));
}

asio::awaitable<result<std::vector<std::int64_t>>> redis_store::spent(std::vector<budget_key> of) {
    co_return co_await impl_->visit_any(&lane::spent, std::move(of));
}

asio::awaitable<result<std::uint64_t>> redis_store::live_codes() {
    co_return co_await impl_->visit_any(&lane::live_codes);
}

asio::awaitable<result<std::monostate>> redis_store::ping() {
    co_return co_await impl_->visit_any(&lane::probe);
}

asio::awaitable<std::optional<std::string>> redis_store::start() {
    co_return co_await impl_->start();
}

void redis_store::stop() {
    impl_->stop();
}

} // namespace otpd::store
