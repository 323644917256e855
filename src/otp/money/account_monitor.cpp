#include "otpd/otp/account_monitor.hpp"

#include "otpd/net/on_strand.hpp"
#include "otpd/telemetry/log.hpp"
#include "otpd/telemetry/metrics.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/dispatch.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <exception>
#include <limits>
#include <utility>
#include <vector>

namespace otpd::otp {

namespace asio = boost::asio;

namespace {

/// The shortest period of a ledger.
constexpr std::chrono::hours period_min{1};
/// So long after its period a send may still be settled, and change what was spent in it.
constexpr std::chrono::hours settled_within{2};
/// Longest time without a look that is made up for.
constexpr std::chrono::hours made_up_for{31 * 24};

constexpr std::int64_t not_known = std::numeric_limits<std::int64_t>::min();

std::optional<money> read(std::atomic<std::int64_t> const& micros) noexcept {
    auto const value = micros.load();
    if (value == not_known) return std::nullopt;
    return money::from_micros(value);
}

} // namespace

class account_monitor::impl : public std::enable_shared_from_this<impl> {
public:
    impl(asio::any_io_executor const& executor, account_options options, dependencies deps)
        : options_(options), deps_(std::move(deps)), strand_(asio::make_strand(executor)),
          timer_(strand_) {}

    void on_balance(money amount, bool looked);
    [[nodiscard]] account_state state() const;
    void start();
    void stop();

private:
    struct booked {
        store::budget_key period;
        std::int64_t spent = 0;
    };
    /// What the next one is compared with.
    struct sight {
        money balance;
        wall_time at;
        std::vector<booked> ledger; ///< the latest periods
    };

    static asio::awaitable<void> look_until_stopped(std::shared_ptr<impl> self);
    asio::awaitable<void> read_account();
    [[nodiscard]] std::vector<store::budget_key> periods(wall_time now) const;
    [[nodiscard]] std::int64_t spent_since_last(sight const& now) const;
    void compare(sight const& now);
    void topped_up(std::int64_t by);
    void tell_drift();

    account_options const options_;
    dependencies const deps_;
    net::strand strand_;

    // From any thread.
    std::atomic<std::int64_t> balance_{not_known};
    std::atomic<std::int64_t> drift_{not_known};
    std::atomic<wall_time::rep> at_{0};
    std::atomic<bool> low_{false};

    // On strand_ only.
    asio::steady_timer timer_;
    asio::cancellation_signal cancel_;
    std::optional<sight> last_;
    bool drifted_ = false; ///< and that was logged
    bool stopped_ = false;
};

// --- the balance --------------------------------------------------------------------------------

void account_monitor::impl::on_balance(money amount, bool looked) {
    balance_ = amount.micros();
    at_ = deps_.now.wall().time_since_epoch().count();
    deps_.metrics.balance(amount.micros());
    if (options_.low > money{} && amount < options_.low) {
        if (!low_.exchange(true))
            deps_.log.warn("balance_low",
                           {{"balance", amount.units()}, {"low", options_.low.units()}});
        return;
    }
    // Sends are answered in any order: around the mark, what they tell would go up and down.
    bool const never_looks = options_.interval == std::chrono::milliseconds::zero();
    if (looked || never_looks) low_ = false;
}

account_state account_monitor::impl::state() const {
    account_state result;
    result.balance = read(balance_);
    result.drift = read(drift_);
    result.at = wall_time(wall_time::duration(at_.load()));
    return result;
}

// --- looking ------------------------------------------------------------------------------------

void account_monitor::impl::start() {
    if (options_.interval == std::chrono::milliseconds::zero()) return;
    auto ended = [self = shared_from_this()](std::exception_ptr thrown) {
        if (thrown) self->deps_.log.error("account_monitor_ended");
    };
    asio::co_spawn(strand_, look_until_stopped(shared_from_this()),
                   asio::bind_cancellation_slot(cancel_.slot(), std::move(ended)));
}

void account_monitor::impl::stop() {
    auto end = [self = shared_from_this()] {
        self->stopped_ = true;
        self->cancel_.emit(asio::cancellation_type::terminal);
    };
    asio::dispatch(strand_, std::move(end));
}

asio::awaitable<void> account_monitor::impl::look_until_stopped(std::shared_ptr<impl> self) {
    co_await asio::this_coro::throw_if_cancelled(false);
    auto const interval = self->options_.interval;
    auto const spread = static_cast<std::uint64_t>(interval.count() / 8);
    while (!self->stopped_) {
        try {
            co_await self->read_account();
        } catch (std::exception const&) {
            self->deps_.log.warn("account_read_failed");
        }
        if (self->stopped_) co_return;
        // So that instances that were started together do not look together for ever.
        auto const earlier = static_cast<std::int64_t>(self->deps_.random.below(spread + 1));
        self->timer_.expires_after(interval - std::chrono::milliseconds(earlier));
        co_await self->timer_.async_wait(asio::as_tuple(asio::deferred));
    }
}

asio::awaitable<void> account_monitor::impl::read_account() {
    auto const answered = co_await deps_.gateway.get_balance(deadline::in(options_.timeout));
    if (!answered || stopped_) co_return;
    auto const amount = answered->amount;
    on_balance(amount, true);

    sight now;
    now.balance = amount;
    now.at = deps_.now.wall();
    auto const of = periods(now.at);
    auto const sums = co_await deps_.store.spent(of);
    if (!sums || sums->size() != of.size()) co_return;
    for (std::size_t i = 0; i < of.size(); ++i)
        now.ledger.push_back(booked{of[i], (*sums)[i]});
    if (last_) compare(now);
    last_ = std::move(now);
}

/// Those since the last look, and those before in which something may still change.
std::vector<store::budget_key> account_monitor::impl::periods(wall_time now) const {
    auto const since = last_ ? std::max(std::min(last_->at, now), now - made_up_for) : now;
    std::vector<store::budget_key> result;
    auto const add = [&](wall_time at) {
        auto key = deps_.ledger(at);
        if (result.empty() || result.back() != key) result.push_back(std::move(key));
    };
    for (auto at = since - settled_within; at < now; at += period_min)
        add(at);
    add(now);
    return result;
}

/// A period that was not looked at before has begun since.
std::int64_t account_monitor::impl::spent_since_last(sight const& now) const {
    std::int64_t sum = 0;
    for (auto const& each : now.ledger) {
        auto const before = std::ranges::find(last_->ledger, each.period, &booked::period);
        sum += each.spent - (before == last_->ledger.end() ? 0 : before->spent);
    }
    return sum;
}

// --- drift --------------------------------------------------------------------------------------

void account_monitor::impl::compare(sight const& now) {
    auto const lost = last_->balance.micros() - now.balance.micros();
    auto const so_far = read(drift_).value_or(money{}).micros();
    if (-lost > options_.drift_tolerance.micros())
        topped_up(-lost);
    else
        drift_ = so_far + lost - spent_since_last(now);
    tell_drift();
}

void account_monitor::impl::topped_up(std::int64_t by) {
    deps_.log.info("balance_topped_up", {{"by", money::from_micros(by).units()}});
    drift_ = 0;
}

void account_monitor::impl::tell_drift() {
    auto const drift = drift_.load();
    auto const tolerance = options_.drift_tolerance.micros();
    deps_.metrics.ledger_drift(drift);
    if (!drifted_ && std::abs(drift) > tolerance) {
        drifted_ = true;
        deps_.log.warn("ledger_drift", {{"drift", money::from_micros(drift).units()}});
    } else if (std::abs(drift) <= tolerance / 2) {
        drifted_ = false;
    }
}

// --- account_monitor ----------------------------------------------------------------------------

account_monitor::account_monitor(asio::any_io_executor executor, account_options options,
                                 dependencies deps)
    : impl_(std::make_shared<impl>(executor, options, std::move(deps))) {}

account_monitor::~account_monitor() = default;

void account_monitor::on_balance(money balance) noexcept {
    impl_->on_balance(balance, false);
}

account_state account_monitor::state() const {
    return impl_->state();
}

void account_monitor::start() {
    impl_->start();
}

void account_monitor::stop() {
    impl_->stop();
}

} // namespace otpd::otp
