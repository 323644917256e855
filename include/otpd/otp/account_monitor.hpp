#pragma once

/// Monitors the upstream account: warns when its balance is low, and compares what left the account
/// with what the ledger says was spent. A difference (the ledger drift) shows somebody else's
/// spending, a lost settlement or a wrong price.

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
    /// Between two reads of the balance, with jitter: up to an eighth less; 0: never read.
    std::chrono::milliseconds interval{60'000};
    /// Below it: log event `balance_low`, once until the balance is above it again; 0: never.
    money low{};
    /// A larger drift, either way: log event `ledger_drift`, once until the drift is within half of
    /// this again. A rise of the balance is a top-up when it is larger than this. Balance and
    /// ledger are not read at the same moment, so set it above what is spent between the two reads.
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
            "When what left the account and what the ledger says differ by more, it is an alarm.");
    }
};

/// What the last read found.
struct account_state {
    std::optional<money> balance; ///< from a read or from an accepted send
    /// What left the account since this process started, beyond what the ledger says. A top-up
    /// resets it.
    std::optional<money> drift; ///< nothing before the second read
    wall_time at;               ///< of the balance
};

/// Reads balance and ledger at an interval, on a strand of its own. When the upstream or the store
/// does not answer, the read is skipped: the next one covers the time since the last good one.
class account_monitor {
public:
    /// Everything must outlive it. `ledger` names the budget in which every instance sums its
    /// spending at a given time: one budget for each hour or longer period, kept for hours beyond
    /// its end, because sends may be settled late.
    struct dependencies {
        store::store& store;
        bridgexapi::gateway& gateway;
        std::function<store::budget_key(wall_time)> ledger;
        clock const& now;
        random_source& random;
        telemetry::logger& log;
        telemetry::metrics& metrics;
    };

    account_monitor(boost::asio::any_io_executor executor, account_options options,
                    dependencies deps);
    ~account_monitor();

    /// The balance in the answer to an accepted send. From any thread, never waits.
    void on_balance(money balance) noexcept;
    [[nodiscard]] account_state state() const;

    /// To be called once.
    void start();
    /// Cancels the read under way; soon afterwards the executor has no work of it left. From any
    /// thread.
    void stop();

private:
    class impl;
    std::shared_ptr<impl> impl_;
};

} // namespace otpd::otp
