#pragma once

/// Watches the account that pays: whether its balance is running out, and whether what it lost is what the
/// ledger says was spent. Somebody else's spending, a lost settlement and a wrong price all show there.

#include "otpd/bridgexapi/gateway.hpp"
#include "otpd/core/clock.hpp"
#include "otpd/core/money.hpp"
#include "otpd/core/random.hpp"
#include "otpd/store/store.hpp"

#include <boost/asio/any_io_executor.hpp>

#include <chrono>
#include <functional>
#include <memory>
#include <optional>

namespace otpd::telemetry {
class logger;
class metrics;
} // namespace otpd::telemetry

namespace otpd::otp {

struct account_options {
    /// Between two looks at the balance, with jitter: up to an eighth less; 0: none.
    std::chrono::milliseconds interval{60'000};
    /// Under it: log event `balance_low`, once until a look finds it over it again; 0: never.
    money low{};
    /// More drift either way: log event `ledger_drift`, once until it is within half of it again. Also what a
    /// rise of the balance has to exceed to be a top-up. The balance and the ledger cannot be read in one
    /// moment, so it has to be more than what is sent meanwhile.
    money drift_tolerance = money::from_micros(1'000'000);
    std::chrono::milliseconds timeout{10'000};

    /// Keys of [money] in the settings.
    template <class Keys>
    static void declare(Keys keys) {
        using o = account_options;
        keys.whole("balance_interval_seconds", &o::interval, 0, 86'400,
                   "Between two looks at the account's balance; 0: none.");
        keys.amount("balance_low", &o::low, "A balance under this is an alarm; 0: never.");
        keys.price(
            "drift_tolerance", &o::drift_tolerance,
            "When what left the account and what was booked differ by more, it is an alarm.");
    }
};

/// What was learned last.
struct account_state {
    std::optional<money> balance; ///< by a look or by an accepted send
    /// What left the account since this process began to watch, beyond what the ledger says; an increase of
    /// the balance (a top-up) begins it anew.
    std::optional<money> drift; ///< nothing before the second look
    wall_time at;               ///< of the balance
};

/// Looks from time to time, on a strand of its own. A look at which the upstream or the store does not answer is
/// left out: the next one sees what happened since the last good one.
class account_watch {
public:
    /// Everything must outlive it. `ledger` names the budget in which all spending of the time given is
    /// summed, by every instance: one for each hour or longer period, kept for hours beyond its end, as sends
    /// are settled late.
    struct dependencies {
        store::store& store;
        bridgexapi::gateway& gateway;
        std::function<store::budget_key(wall_time)> ledger;
        clock const& now;
        random_source& random;
        telemetry::logger& log;
        telemetry::metrics& metrics;
    };

    account_watch(boost::asio::any_io_executor executor, account_options options,
                  dependencies uses);
    ~account_watch();

    /// The balance that an accepted send told. From any thread, never waits.
    void saw_balance(money balance) noexcept;
    [[nodiscard]] account_state state() const;

    /// To be called once.
    void start();
    /// Cancels the look under way; the executor then soon has no work of it left. From any thread.
    void stop();

private:
    class impl;
    std::shared_ptr<impl> impl_;
};

} // namespace otpd::otp
