#include "otpd/otp/read_limit.hpp"

#include "otpd/net/on_strand.hpp"
#include "otpd/telemetry/metrics.hpp"

#include <algorithm>
#include <atomic>
#include <string>
#include <unordered_map>
#include <utility>

namespace otpd::otp {

namespace asio = boost::asio;

class read_limit::impl {
public:
    impl(asio::any_io_executor const& executor, std::uint64_t quota, clock const& now,
         telemetry::metrics& metrics)
        : quota_(quota), now_(now), metrics_(metrics), strand_(asio::make_strand(executor)) {}

    asio::awaitable<std::optional<failure>> refusal(client const& client) {
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

    void set_quota(std::uint64_t quota) noexcept { quota_ = quota; }

private:
    using duration = steady_time::duration;

    /// Runs on strand_. Returns how long the client must wait; nullopt if it may read now, which is
    /// then counted.
    std::optional<duration> wait_of(std::string const& who, std::uint64_t quota) {
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

    /// After many reloads, those of clients that are no more.
    void forget_idle(steady_time now) {
        if (tats_.size() < forgotten_from_) return;
        std::erase_if(tats_, [now](auto const& each) { return each.second <= now; });
        forgotten_from_ = std::max(clients_kept_anyway, 2 * tats_.size());
    }

    static constexpr std::size_t clients_kept_anyway = 1024;

    std::atomic<std::uint64_t> quota_;
    clock const& now_;
    telemetry::metrics& metrics_;
    net::strand strand_;
    std::unordered_map<std::string, steady_time> tats_; ///< theoretical arrival times
    std::size_t forgotten_from_ = clients_kept_anyway;  ///< sizes of tats_
};

read_limit::read_limit(asio::any_io_executor executor, std::uint64_t quota, clock const& now,
                       telemetry::metrics& metrics)
    : impl_(std::make_unique<impl>(executor, quota, now, metrics)) {}

read_limit::~read_limit() = default;

void read_limit::set_quota(std::uint64_t quota) noexcept {
    impl_->set_quota(quota);
}

asio::awaitable<std::optional<failure>> read_limit::refusal(client const& client) {
    return impl_->refusal(client);
}

} // namespace otpd::otp
