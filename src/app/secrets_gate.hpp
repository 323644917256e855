#pragma once

/// Lets nobody to a store before it is known that this instance has the secrets of all others
/// there.

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

/// Any thread. All arguments must outlive it.
class secrets_gate {
public:
    secrets_gate(store::backend& store, store_events const& events, store::shared_secrets secrets,
                 telemetry::logger& log)
        : store_(store), events_(events), mine_(std::move(secrets)), log_(log) {}

    /// It agreed, and was not away since: nothing has to be asked.
    [[nodiscard]] bool is_open() const noexcept { return agreed_when_ == events_.times_ready(); }
    /// Asks the store, and again whenever it was away. A difference is logged as an error.
    boost::asio::awaitable<bool> passes();
    /// What differs, as a line for the operator; nothing when it agrees, or does not answer.
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
