#include "admission_undo.hpp"

#include <boost/asio/deferred.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>

#include <algorithm>

namespace otpd::otp {

namespace asio = boost::asio;

namespace {

/// How late it is seen that all are to end.
constexpr std::chrono::milliseconds nap{100};

asio::awaitable<void> pass(std::chrono::milliseconds time) {
    asio::steady_timer timer(co_await asio::this_coro::executor, time);
    co_await timer.async_wait(asio::deferred);
}

} // namespace

asio::awaitable<bool> admission_undo::run(store::settlement admitted) {
    constexpr int looks_needed = 2;
    constexpr int longest_pause = 100; // of the first one
    struct count {
        explicit count(std::atomic<std::size_t>& of) noexcept : running(of) { ++running; }
        ~count() { --running; }
        std::atomic<std::size_t>& running;
    } const counted(running_);
    auto const until = std::chrono::steady_clock::now() + give_up_after_;
    auto pause = pause_;
    int looks = 0;
    bool is_last = false;
    while (!is_last && std::chrono::steady_clock::now() < until) {
        co_await wait(pause);
        is_last = is_draining_;
        auto request = admitted;
        auto const answer = co_await store_.settle(std::move(request));
        if (answer && *answer == store::settle_outcome::settled) co_return true;
        if (answer && ++looks == looks_needed) co_return true;
        pause = std::min(2 * pause, longest_pause * pause_);
    }
    co_return looks > 0;
}

asio::awaitable<void> admission_undo::wait(std::chrono::milliseconds pause) {
    for (; pause > pause.zero() && !is_draining_; pause -= nap)
        co_await pass(std::min(pause, nap));
}

asio::awaitable<void> admission_undo::drain(deadline limit) {
    is_draining_ = true;
    while (running_ > 0 && !limit.expired())
        co_await pass(
            std::min(nap, std::chrono::ceil<std::chrono::milliseconds>(limit.remaining())));
}

} // namespace otpd::otp
