#pragma once

/// What a reload exchanges: the settings and everything that is made of them alone. Each request
/// runs with the generation that it began with, and keeps it until its response is complete.

#include "otpd/api/routes.hpp"
#include "settings.hpp"

#include <optional>

namespace otpd::app {

/// What lives as long as the process, for generations. All references must outlive them.
struct generation_parts {
    otp::operations_dependencies domain; ///< except for the clients' names
    bridgexapi::reader& upstream;
    otp::price_cache const& prices;
    otp::account& account;
    /// What it has in common for all generations.
    otp::read_limit& reads;
    api::code_count live_codes;
    api::readiness why_not_ready;
    api::reload_function reload;
    otp::destination_overrides& overrides;
    api::drain_request drain;
    api::json_report service_stats;
    api::json_report abuse_report;
    api::authenticator const& local_operator;
};

/// Thread-safe.
struct generation {
    /// Throws std::invalid_argument when two clients have the same token.
    generation(app::settings with, generation_parts const& parts);
    generation(generation const&) = delete;
    generation& operator=(generation const&) = delete;

    app::settings const settings;
    api::authenticator const clients;
    std::optional<api::authenticator> const operators; ///< nobody without admin.token
    otp::operations const domain;
    otp::spending_report const spending;
    otp::catalogue catalogue;
    api::hooks const hooks;
    api::dependencies const for_clients;   ///< of the API's listener
    api::dependencies const for_operators; ///< of the admin listener; unused without operators
    api::dependencies const for_socket;    ///< of the Unix socket
};

} // namespace otpd::app
