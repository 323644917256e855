#pragma once

/// The closed sets of label values. Any other value counts as `other`.

#include <array>
#include <string_view>

namespace otpd::telemetry::labels {

using word = std::string_view;

inline constexpr std::array<word, 3> listeners{"api", "admin", "socket"};
inline constexpr std::array<word, 2> connection_refusals{"full", "address"};
inline constexpr std::array<word, 7> methods{"GET",    "HEAD",    "POST", "PUT",
                                             "DELETE", "OPTIONS", "PATCH"};
inline constexpr std::array<word, 27> statuses{"200", "201", "202", "204", "304", "307", "400",
                                               "401", "403", "404", "405", "406", "408", "409",
                                               "413", "414", "415", "417", "422", "429", "431",
                                               "500", "501", "502", "503", "504", "505"};

/// Why input was refused before it became a request: the words of http::framing_fault and
/// http::proxy_fault.
inline constexpr std::array<word, 26> framing{"control_character",
                                              "bare_line_ending",
                                              "folded_field",
                                              "bad_request_line",
                                              "bad_target",
                                              "target_too_long",
                                              "version_unsupported",
                                              "header_too_large",
                                              "credentials_too_large",
                                              "too_many_fields",
                                              "bad_field",
                                              "bad_host",
                                              "repeated_field",
                                              "bad_content_length",
                                              "length_and_encoding",
                                              "bad_transfer_encoding",
                                              "encoding_unsupported",
                                              "expectation_unknown",
                                              "body_too_large",
                                              "chunk_overhead",
                                              "bad_body",
                                              "header_timeout",
                                              "body_timeout",
                                              "untrusted_proxy",
                                              "proxy_header_missing",
                                              "bad_proxy_header"};

/// How a wrong bearer token was answered (http::observer::wrong_token).
inline constexpr std::array<word, 3> wrong_token_answers{"at_once", "late", "closed"};

/// Reported by otp::operations.
inline constexpr std::array<word, 16> send_outcomes{
    "accepted",          "test",    "replayed",    "rejected",       "not_sent",    "unknown",
    "cooldown",          "limited", "not_allowed", "invalid_number", "in_progress", "key_reused",
    "store_unavailable", "full",    "no_route",    "challenge"};
inline constexpr std::array<word, 7> check_outcomes{
    "verified", "wrong", "exhausted", "locked", "absent", "limited", "store_unavailable"};
inline constexpr std::array<word, 2> released_parts{"locks", "devices"};
inline constexpr std::array<word, 8> route_ids{"1", "2", "3", "4", "5", "6", "7", "8"};

inline constexpr std::array<word, 18> store_operations{
    "admit",         "settle",          "replace_reservation",
    "update",        "check_code",      "find",
    "cancel",        "release_number",  "spent",
    "scores",        "live_codes",      "claim_journals",
    "write_journal", "read_journal",    "inspect",
    "overrides",     "change_override", "ping"};
inline constexpr std::array<word, 2> limit_modes{"enforce", "observe"};

inline constexpr std::array<word, 9> upstream_operations{
    "send_sms", "estimate", "balance",    "routes",          "route",
    "pricing",  "delivery", "deliveries", "order_deliveries"};
inline constexpr std::array<word, 5> upstream_outcomes{"ok", "rejected", "not_sent", "unknown",
                                                       "failed"};
/// `none`: the call has no reason.
inline constexpr std::array<word, 20> upstream_reasons{"none",
                                                       "authentication",
                                                       "invalid_route",
                                                       "route_not_authorized",
                                                       "caller_id_not_allowed",
                                                       "insufficient_balance",
                                                       "no_pricing",
                                                       "vendor_failed",
                                                       "not_found",
                                                       "invalid_request",
                                                       "rate_limited",
                                                       "upstream_error",
                                                       "protocol_error",
                                                       "connect_failed",
                                                       "tls_failed",
                                                       "connection_lost",
                                                       "timed_out",
                                                       "circuit_open",
                                                       "pool_exhausted",
                                                       "shutting_down"};
/// How a plan left a route. `hedged`: its message had no report in time.
inline constexpr std::array<word, 4> step_results{"skipped", "rejected", "not_sent", "hedged"};
/// `absent`: a send of unknown outcome turned out not to have been sent.
inline constexpr std::array<word, 3> message_states{"delivered", "failed", "absent"};
/// `dropped`: the queue was full. `given_up`: the last attempt failed.
inline constexpr std::array<word, 4> webhook_results{"delivered", "failed", "given_up", "dropped"};
inline constexpr std::array<word, 3> gate_stats{"limit", "running", "waiting"};
inline constexpr std::array<word, 2> results{"ok", "failed"};
inline constexpr std::array<word, 3> handshakes{"full", "resumed", "failed"};
inline constexpr std::array<word, 2> pool_states{"busy", "idle"};

} // namespace otpd::telemetry::labels
