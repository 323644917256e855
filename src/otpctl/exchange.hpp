#pragma once

/// One request to otpd and its answer, over the Unix socket or TCP.

#include "otpd/core/secret.hpp"

#include <chrono>
#include <stdexcept>
#include <string>

namespace otpd::otpctl {

/// Where otpd is, and how long an answer may take.
struct place {
    std::string socket;    ///< a path; empty: use host and port
    std::string authority; ///< for the Host field
    std::string host;
    std::string port;
    secret_string token; ///< empty: none
    std::chrono::milliseconds timeout{};
};

struct call {
    std::string verb; ///< GET or POST
    std::string target;
    std::string body; ///< JSON; empty: none
};

struct reply {
    unsigned status = 0;
    std::string body;
};

/// There is no answer, for the reason in what().
class no_answer : public std::runtime_error {
public:
    using std::runtime_error::runtime_error;
};

/// The place that `url` names, `http://HOST[:PORT]`. Throws std::invalid_argument.
[[nodiscard]] place place_of(std::string const& url);

/// Throws no_answer, at the latest after the timeout.
[[nodiscard]] reply exchange(place const& at, call const& what);

} // namespace otpd::otpctl
