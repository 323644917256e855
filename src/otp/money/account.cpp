#include "otpd/otp/account.hpp"

#include "otpd/telemetry/log.hpp"
#include "otpd/telemetry/metrics.hpp"

#include <cstdlib>

namespace otpd::otp {

void account::on_balance(money balance) noexcept {
    // Sends are answered in any order, so their balances go up and down around the threshold. Only
    // a read may end the alarm, if there are reads.
    bool const is_never_read = options().interval == std::chrono::milliseconds::zero();
    note(balance, is_never_read);
}

wall_time account::on_read(money balance) {
    return note(balance, true);
}

wall_time account::note(money balance, bool can_end_alarm) {
    auto const now = now_.wall();
    balance_ = balance.micros();
    at_ = now.time_since_epoch().count();
    metrics_.balance(balance.micros());
    auto const low = options().low;
    bool const is_low = low > money() && balance < low;
    if (is_low && !is_low_.exchange(true))
        log_.warn("balance_low", {{"balance", balance.units()}, {"low", low.units()}});
    if (!is_low && can_end_alarm) is_low_ = false;
    return now;
}

account_state account::state() const {
    auto const known = [](std::int64_t micros) {
        return micros == not_known ? std::nullopt : std::optional(money::from_micros(micros));
    };
    return {known(balance_), known(drift_), wall_time(wall_time::duration(at_.load()))};
}

void account::on_compared(std::int64_t left, std::int64_t spent) {
    auto const tolerance = options().drift_tolerance.micros();
    if (-left > tolerance) {
        log_.info("balance_topped_up", {{"by", money::from_micros(-left).units()}});
        drift_ = 0;
    } else {
        auto const before = drift_ == not_known ? 0 : drift_.load();
        drift_ = before + left - spent;
    }
    auto const drift = drift_.load();
    metrics_.ledger_drift(drift);
    if (std::abs(drift) > tolerance && !has_drifted_.exchange(true))
        log_.warn("ledger_drift", {{"drift", money::from_micros(drift).units()}});
    if (std::abs(drift) <= tolerance / 2) has_drifted_ = false;
}

void account::on_read_failed() {
    log_.warn("account_read_failed");
}

} // namespace otpd::otp
