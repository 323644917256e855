#pragma once

/// Blocks the store until it is known that this instance has the same secrets as the others that
/// use it.

#include "events.hpp"
#include "otpd/store/backend.hpp"
#include "otpd/telemetry/log.hpp"

#include <boost/asio/awaitable.hpp>

#include <atomic>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>

namespace otpd::app {

/// Thread-safe. All arguments must outlive this object.
class secrets_gate {
public:
    secrets_gate(store::backend& store, store_events const& events, store::shared_secrets secrets,
                 telemetry::logger& log)
        : store_(store), events_(events), mine_(std::move(secrets)), log_(log) {}

    /// Whether the secrets matched and the store has not been away since: no check is necessary.
    [[nodiscard]] bool is_open() const noexcept { return agreed_when_ == events_.times_ready(); }
    /// Compares the secrets, again each time the store was away. Logs a difference as an error.
    boost::asio::awaitable<bool> passes();
    /// Returns the difference as a line for the operator; nothing if there is none, or if the store
    /// does not answer.
    boost::asio::awaitable<std::optional<std::string>> difference();

private:
    store::backend& store_;
    store_events const& events_;
    store::shared_secrets const mine_;
    telemetry::logger& log_;
    static constexpr auto never = std::numeric_limits<std::uint64_t>::max();
    std::atomic<std::uint64_t> agreed_when_{never}; ///< store_events::times_ready()
    std::atomic<std::uint64_t> told_when_{never};   ///< of a difference
};

} // namespace otpd::app
