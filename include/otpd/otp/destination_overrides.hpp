#pragma once

/// Overrides of destinations: what an operator denies, trusts or allows for a time, whatever the
/// settings say. The store has them, so all instances see them within a second.

#include "otpd/core/clock.hpp"
#include "otpd/core/phone_number.hpp"
#include "otpd/otp/caller.hpp"
#include "otpd/otp/destinations.hpp"
#include "otpd/otp/failure.hpp"
#include "otpd/otp/periodic.hpp"
#include "otpd/store/store.hpp"
#include "otpd/telemetry/forward.hpp"

#include <boost/asio/awaitable.hpp>

#include <chrono>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace otpd::otp {

struct override_request {
    otp::caller caller; ///< the operator
    destination where;
    store::override_action action = store::override_action::deny;
    std::chrono::seconds lasts{}; ///< 0: it ends now
    std::string reason;           ///< for the log and the list; printable ASCII
};

[[nodiscard]] std::string_view to_string(store::override_action action) noexcept;

struct override_options {
    std::chrono::milliseconds refresh{500};
};

/// Thread-safe.
class destination_overrides {
public:
    /// All must outlive this object and its last run.
    struct dependencies {
        store::override_store& store;
        clock const& now;
        telemetry::logger& log;
    };

    destination_overrides(periodic runner, override_options options, dependencies deps);
    ~destination_overrides();

    /// Whether an override with that action covers the number. An empty country is unknown. Direct
    /// read, from any thread.
    [[nodiscard]] bool has(store::override_action action, phone_number const& number,
                           std::string const& country) const;

    /// As the store has them now.
    boost::asio::awaitable<outcome<std::vector<store::destination_override>>> list();

    /// This instance sees the change at once. Each change is a warning in the log, for audits.
    /// Cancelling the caller does not stop it. Returns override_outcome::made, replaced or ended.
    boost::asio::awaitable<outcome<store::override_outcome::kind>> change(override_request request);

    /// Reads them once. If the store does not answer, what is known stays until it ends.
    boost::asio::awaitable<bool> refresh();
    /// Reads them repeatedly.
    void start();
    void stop();

private:
    class impl;
    std::shared_ptr<impl> impl_;
};

} // namespace otpd::otp
