#include "admission_undo.hpp"

#include <boost/asio/deferred.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>

#include <algorithm>

namespace otpd::otp {

namespace asio = boost::asio;

asio::awaitable<bool> undo_admission(store::store& in, store::settlement admitted,
                                     std::chrono::milliseconds pause,
                                     std::chrono::milliseconds give_up_after) {
    constexpr int looks_needed = 2;
    constexpr int longest_pause = 100; // of the first one
    asio::steady_timer timer(co_await asio::this_coro::executor);
    auto const until = std::chrono::steady_clock::now() + give_up_after;
    auto const longest = longest_pause * pause;
    for (int looks = 0; std::chrono::steady_clock::now() < until;) {
        timer.expires_after(pause);
        co_await timer.async_wait(asio::deferred);
        auto const answer = co_await in.settle(admitted);
        if (answer && *answer == store::settle_outcome::settled) co_return true;
        if (answer && ++looks == looks_needed) co_return true;
        pause = std::min(2 * pause, longest);
    }
    co_return false;
}

} // namespace otpd::otp
