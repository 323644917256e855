#include "otpd/otp/read_limit.hpp"

#include "otpd/telemetry/metrics.hpp"

#include <algorithm>
#include <utility>

namespace otpd::otp {

namespace asio = boost::asio;

read_limit::read_limit(asio::any_io_executor executor, std::uint64_t quota, clock const& now,
                       telemetry::metrics& metrics)
    : quota_(quota), now_(now), metrics_(metrics), strand_(asio::make_strand(executor)) {}

asio::awaitable<std::optional<failure>> read_limit::refusal(client const& client) {
    auto const quota = quota_.load();
    if (quota == 0) co_return std::nullopt;
    auto take = [&] { return wait_of(client.name, quota); };
    auto const wait = co_await net::on_strand(strand_, take);
    if (!wait) co_return std::nullopt;
    metrics_.limit_violated(read_limit_name, false);
    violated_limit limit;
    limit.name = read_limit_name;
    limit.retry_after = std::chrono::ceil<std::chrono::seconds>(*wait);
    limit.quota = quota;
    limit.window = window;
    failure result{errc::limit_exceeded, limit.retry_after};
    result.violated.push_back(std::move(limit));
    co_return result;
}

std::optional<steady_time::duration> read_limit::wait_of(std::string const& who,
                                                         std::uint64_t quota) {
    using duration = steady_time::duration;
    auto const now = now_.now();
    auto const unit = duration(window) / static_cast<duration::rep>(quota);
    forget_idle(now);
    auto& tat = tats_[who];
    auto const next = std::max(tat, now) + unit;
    auto const wait = next - now - duration(window);
    if (wait > duration::zero()) return wait;
    tat = next;
    return std::nullopt;
}

void read_limit::forget_idle(steady_time now) {
    if (tats_.size() < forgotten_from_) return;
    std::erase_if(tats_, [now](auto const& tat) { return tat.second <= now; });
    forgotten_from_ = std::max(clients_kept_anyway, 2 * tats_.size());
}

} // namespace otpd::otp
