#include "otpd/otp/account_monitor.hpp"

#include <algorithm>
#include <chrono>
#include <exception>
#include <optional>
#include <utility>
#include <vector>

namespace otpd::otp {

namespace asio = boost::asio;

namespace {

/// A send may still be settled this long after its hour, and change that hour's sum.
constexpr std::chrono::hours settled_within{2};
/// The longest gap between two reads whose hours are still read.
constexpr std::chrono::hours made_up_for{31 * 24};
/// Until a reload.
constexpr std::chrono::hours no_reads{365 * 24};

} // namespace

class account_monitor::impl : public std::enable_shared_from_this<impl> {
public:
    impl(periodic runner, bridgexapi::reader& upstream, spending_report const& spending,
         account& account)
        : runner_(std::move(runner)), upstream_(upstream), spending_(spending), account_(account) {}

    void start() {
        interval_ = account_.options().interval;
        if (interval_ == interval_.zero() || std::exchange(is_started_, true)) return;
        runner_.start([self = shared_from_this()] { return self->run(); });
    }
    void apply() {
        if (account_.options().interval == interval_) return;
        start();
        runner_.wake();
    }
    void stop() { runner_.stop(); }

private:
    /// What the next one is compared with.
    struct reading {
        money balance;
        wall_time at;
        std::vector<spent_hour> ledger; ///< the latest hours
    };

    asio::awaitable<steady_time::duration> run() {
        if (pause() == no_reads) co_return no_reads;
        try {
            co_await read();
        } catch (std::exception const&) {
            account_.on_read_failed();
        }
        co_return pause(); // it may be another one now
    }

    [[nodiscard]] steady_time::duration pause() const {
        auto const interval = account_.options().interval;
        if (interval == interval.zero()) return no_reads;
        return interval;
    }

    asio::awaitable<void> read() {
        auto const answer =
            co_await upstream_.get_balance(deadline::in(account_.options().timeout));
        if (!answer || runner_.is_stopped()) co_return;
        auto const at = account_.on_read(answer->amount);
        // Also hours before the last read, in which something may still change.
        auto const since = last_ ? std::max(std::min(last_->at, at), at - made_up_for) : at;
        auto hours = co_await spending_.by_hour(since - settled_within, at);
        if (!hours) co_return;
        reading now{answer->amount, at, *std::move(hours)};
        if (last_)
            account_.on_compared(last_->balance.micros() - now.balance.micros(),
                                 spent_since_last(now));
        last_ = std::move(now);
    }

    /// An hour that was not read before has begun since.
    [[nodiscard]] std::int64_t spent_since_last(reading const& now) const {
        std::int64_t sum = 0;
        for (auto const& entry : now.ledger) {
            auto const before = std::ranges::find(last_->ledger, entry.hour, &spent_hour::hour);
            sum += entry.micros - (before == last_->ledger.end() ? 0 : before->micros);
        }
        return sum;
    }

    periodic runner_;
    bridgexapi::reader& upstream_;
    spending_report const& spending_;
    account& account_;
    std::optional<reading> last_; ///< of the runner only
    std::chrono::milliseconds interval_{0};
    bool is_started_ = false;
};

account_monitor::account_monitor(periodic runner, bridgexapi::reader& upstream,
                                 spending_report const& spending, account& account)
    : impl_(std::make_shared<impl>(std::move(runner), upstream, spending, account)) {}

account_monitor::~account_monitor() = default;

void account_monitor::start() {
    impl_->start();
}

void account_monitor::apply() {
    impl_->apply();
}

void account_monitor::stop() {
    impl_->stop();
}

} // namespace otpd::otp
