#pragma once

/// The known state of the upstream account: its balance, and the ledger drift, which is spending
/// that the ledger has not recorded. A drift indicates spending by somebody else, a lost settlement
/// or a wrong price.

#include "otpd/core/clock.hpp"
#include "otpd/core/money.hpp"
#include "otpd/telemetry/forward.hpp"

#include <boost/smart_ptr/atomic_shared_ptr.hpp>
#include <boost/smart_ptr/make_shared.hpp>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <limits>
#include <optional>

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
                   "Time between two queries of the account's balance; 0: none.");
        keys.add("balance_low", &o::low, keys.amount(),
                 "Balance below which otpd warns; 0: never.");
        keys.add("drift_tolerance", &o::drift_tolerance, keys.price(),
                 "otpd warns when what left the account differs by more than this from what the "
                 "ledger says.");
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

/// Logs the state and updates the metrics. Thread-safe.
class account {
public:
    /// All arguments must outlive it.
    account(account_options const& options, clock const& now, telemetry::logger& log,
            telemetry::metrics& metrics)
        : options_(boost::make_shared<account_options const>(options)), now_(now), log_(log),
          metrics_(metrics) {}

    /// Other options, after a reload.
    void apply(account_options const& options) {
        options_.store(boost::make_shared<account_options const>(options));
    }
    [[nodiscard]] account_options options() const { return *options_.load(); }

    /// Takes the balance from the answer to an accepted send, or to a read of a request. Never
    /// waits.
    void on_balance(money balance) noexcept;
    [[nodiscard]] account_state state() const;

    /// Takes the balance that the account monitor has read. Returns the time of the read.
    wall_time on_read(money balance);
    /// Between the monitor's last two reads, `left` micros left the account and the ledger recorded
    /// `spent`. Called by the monitor only.
    void on_compared(std::int64_t left, std::int64_t spent);
    void on_read_failed();

private:
    static constexpr std::int64_t not_known = std::numeric_limits<std::int64_t>::min();

    wall_time note(money balance, bool can_end_alarm);

    boost::atomic_shared_ptr<account_options const> options_; // see price_cache.cpp
    clock const& now_;
    telemetry::logger& log_;
    telemetry::metrics& metrics_;
    std::atomic<std::int64_t> balance_{not_known};
    std::atomic<std::int64_t> drift_{not_known};
    std::atomic<wall_time::rep> at_{0};
    std::atomic<bool> is_low_{false};
    std::atomic<bool> has_drifted_{false}; ///< and it was logged
};

} // namespace otpd::otp
