#pragma once

#include "otpd/core/secret.hpp"
#include "otpd/core/trace.hpp"
#include "otpd/otp/client.hpp"

#include <boost/smart_ptr/shared_ptr.hpp>

#include <optional>
#include <string>

namespace otpd::otp {

/// What is known of a number by its pseudonym: for requests of the past, which a backtest makes
/// again (docs/backtest.md). No numbering plan is asked.
struct stand_in {
    std::string prefix;  ///< the prefix's pseudonym
    std::string country; ///< empty: unknown
    bool has_solved_challenge = false;
};

/// The API client that makes a request, and the end user for whom it does. Addresses are in the
/// form that limits count by: IPv4 in full, IPv6 as its /64.
struct caller {
    otp::client const* client = nullptr;         ///< outlives the call and a second message
    std::string address;                         ///< of the client's machine
    std::optional<std::string> end_user_address; ///< as the client attests it
    /// Of the end user, as the client attests it. Who has it passes for a known device.
    std::optional<secret_string> device;
    std::string request_id; ///< for the log
    trace_context trace{};
    std::string tracestate{}; ///< of its client, with the trace
    std::optional<otp::stand_in> stand_in = std::nullopt;
    /// Owns the client, and the rules that the request runs with, until nobody keeps the caller;
    /// null: somebody else does.
    boost::shared_ptr<void const> generation = nullptr;
};

} // namespace otpd::otp
