#include "otpd/otp/admission_undo.hpp"

#include "otpd/core/encoding.hpp"
#include "otpd/telemetry/log.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <exception>
#include <utility>

namespace otpd::otp {

namespace asio = boost::asio;

struct admission_undo::shared {
    store::store& in;
    std::chrono::milliseconds const pause;
    std::chrono::milliseconds const give_up_after;
    std::atomic<bool> is_draining{false};
    std::atomic<std::size_t> running{0};
};

namespace {

/// How long it takes until a waiting undo notices that the service drains.
constexpr std::chrono::milliseconds nap{100};

asio::awaitable<void> pass(std::chrono::milliseconds time) {
    asio::steady_timer timer(co_await asio::this_coro::executor, time);
    co_await timer.async_wait(asio::deferred);
}

asio::awaitable<void> pass(std::chrono::milliseconds time, std::atomic<bool> const& is_over) {
    for (; time > time.zero() && !is_over; time -= nap)
        co_await pass(std::min(time, nap));
}

class counted {
public:
    explicit counted(std::atomic<std::size_t>& count) noexcept : in_(count) { ++in_; }
    ~counted() { --in_; }
    counted(counted const&) = delete;
    counted& operator=(counted const&) = delete;

private:
    std::atomic<std::size_t>& in_;
};

} // namespace

admission_undo::admission_undo(store::store& store, telemetry::logger& log,
                               std::chrono::milliseconds pause,
                               std::chrono::milliseconds give_up_after)
    : log_(log), shared_(std::make_shared<shared>(store, pause, give_up_after)) {}

asio::awaitable<void> admission_undo::start(store::settlement admitted, std::string request_id) {
    auto report = [&log = log_, request_id = std::move(request_id), id = admitted.id,
                   trace = admitted.trace](std::exception_ptr thrown, bool is_gone) {
        if (thrown || !is_gone)
            log.error(
                "admission_not_undone",
                {{"request_id", request_id}, {"trace_id", trace}, {"verification_id", to_hex(id)}});
    };
    auto const here = co_await asio::this_coro::executor;
    asio::co_spawn(here, run(std::move(admitted)), std::move(report));
}

asio::awaitable<bool> admission_undo::run(store::settlement admitted) {
    constexpr int looks_needed = 2;
    constexpr int longest_pause = 100; // in multiples of the first pause
    auto const all = shared_;
    counted const running(all->running);
    auto const until = std::chrono::steady_clock::now() + all->give_up_after;
    auto pause = all->pause;
    int looks = 0;
    bool is_last = false;
    while (!is_last && std::chrono::steady_clock::now() < until) {
        co_await pass(pause, all->is_draining);
        is_last = all->is_draining;
        auto request = admitted;
        auto const answer = co_await all->in.settle(std::move(request));
        if (answer && *answer != store::settle_outcome::superseded) co_return true;
        if (answer && ++looks == looks_needed) co_return true;
        pause = std::min(2 * pause, longest_pause * all->pause);
    }
    co_return looks > 0;
}

asio::awaitable<void> admission_undo::drain(deadline limit) {
    auto const all = shared_;
    all->is_draining = true;
    while (all->running > 0 && !limit.expired())
        co_await pass(
            std::min(nap, std::chrono::ceil<std::chrono::milliseconds>(limit.remaining())));
}

} // namespace otpd::otp
