#pragma once

#include "otpd/http/observer.hpp"
#include "otpd/http/router.hpp"
#include "otpd/http/server.hpp"
#include "wrong_tokens.hpp"

#include <atomic>
#include <cstddef>

namespace otpd::http {

/// What the connections of a server share. Immutable, except for the atomic members.
struct connection_services {
    server_options const options;
    router const& routes;
    observer& events;
    std::atomic<bool> draining{false};
    /// Connections that were asked to leave and have neither closed nor received a request since.
    mutable std::atomic<std::size_t> leaving{0};
    mutable wrong_tokens shown_wrong_tokens{};
};

} // namespace otpd::http
