#pragma once

/// Reads the upstream account's balance at an interval, and compares what left the account with
/// what the ledger says was spent.

#include "otpd/bridgexapi/gateway.hpp"
#include "otpd/otp/account.hpp"
#include "otpd/otp/periodic.hpp"
#include "otpd/otp/spending_report.hpp"

#include <memory>

namespace otpd::otp {

/// If the upstream or the store does not answer, the read is skipped; the next one covers the time
/// since the last good one.
class account_monitor {
public:
    /// All must outlive it. The options are those of the account.
    account_monitor(periodic runner, bridgexapi::reader& upstream, spending_report const& spending,
                    account& account);
    ~account_monitor();

    /// Call once.
    void start();
    /// Call after the account has got other options.
    void apply();
    /// Cancels the read under way; soon afterwards the executor has no work of it left. From any
    /// thread.
    void stop();

private:
    class impl;
    std::shared_ptr<impl> impl_;
};

} // namespace otpd::otp
