#include "error_class.hpp"

#include "json_fields.hpp"
#include "otpd/core/encoding.hpp"
#include "replies.hpp"

#include <algorithm>
#include <array>

namespace otpd::bridgexapi {

namespace {

struct known_words {
    std::string_view part; ///< lower case
    reason why;
};

/// In the order of the vendor's SDK, which takes the first match. The last one is not in the SDK
/// but in the vendor's examples (`No pricing available for destination`).
constexpr std::array<known_words, 13> known_details{{
    {"missing api key", reason::authentication},
    {"invalid or inactive api key", reason::authentication},
    {"missing x-api-key header", reason::authentication},
    {"invalid route_id", reason::invalid_route},
    {"you are not authorized for route", reason::route_not_authorized},
    {"not authorized for the casino route", reason::route_not_authorized},
    {"sender id not allowed", reason::caller_id_not_allowed},
    {"insufficient balance", reason::insufficient_balance},
    {"vendor send failed", reason::vendor_failed},
    {"pricing failed", reason::no_pricing},
    {"estimate failed", reason::no_pricing},
    {"dlr record not found", reason::not_found},
    {"no pricing", reason::no_pricing},
}};

struct known_status {
    unsigned status;
    reason why;
};
constexpr std::array<known_status, 8> known_statuses{{
    {400, reason::invalid_request},
    {401, reason::authentication},
    {402, reason::insufficient_balance},
    {403, reason::authentication},
    {404, reason::not_found},
    {413, reason::invalid_request},
    {422, reason::invalid_request},
    {429, reason::rate_limited},
}};

constexpr unsigned request_timeout = 408;

constexpr bool is_client_error(unsigned status) noexcept {
    return status >= 400 && status < 500;
}
constexpr bool is_server_error(unsigned status) noexcept {
    return status >= 500 && status < 600;
}

std::optional<reason> known_reason(boost::json::value const& words) {
    auto const* text = words.if_string();
    if (text == nullptr) return std::nullopt;
    auto const lower = lower_case(*text);
    for (auto const& known : known_details)
        if (lower.find(known.part) != std::string::npos) return known.why;
    return std::nullopt;
}

// In the order of net::exchange_error.
constexpr std::array<reason, 8> reasons_of_errors{
    reason::connect_failed, reason::tls_failed,      reason::circuit_open,   reason::pool_exhausted,
    reason::shutting_down,  reason::connection_lost, reason::protocol_error, reason::timed_out};
static_assert(reasons_of_errors.size() ==
              static_cast<std::size_t>(net::exchange_error::timed_out) + 1);

reason to_reason(net::exchange_error why) noexcept {
    return reasons_of_errors[static_cast<std::size_t>(why)];
}

std::optional<std::chrono::seconds> retry_after(net::exchange_failure const& failure) {
    if (!failure.retry_after) return std::nullopt;
    return std::chrono::ceil<std::chrono::seconds>(*failure.retry_after);
}

} // namespace

std::optional<reason> stated_reason(std::string_view body) {
    json_document const parsed(body);
    auto const* detail = json_fields::find(parsed.root(), "detail");
    if (detail == nullptr) return std::nullopt;
    if (!detail->is_array()) return known_reason(*detail);
    for (auto const& entry : detail->get_array()) {
        auto const* words = json_fields::find(entry, "msg");
        auto const why = words != nullptr ? known_reason(*words) : std::nullopt;
        if (why) return why;
    }
    return std::nullopt;
}

reason failure_reason(unsigned status, std::string_view body) {
    if (!is_client_error(status) && !is_server_error(status)) return reason::protocol_error;
    if (auto const stated = stated_reason(body)) return *stated;
    auto const known = std::find_if(known_statuses.begin(), known_statuses.end(),
                                    [&](auto const& entry) { return entry.status == status; });
    if (known != known_statuses.end()) return known->why;
    return reason::upstream_error;
}

send_outcome judge_send(net::http_response const& response) {
    if (is_success(response.status)) {
        if (auto receipt = read_accepted(response.body)) return std::move(*receipt);
        return unknown{reason::protocol_error};
    }
    auto const why = failure_reason(response.status, response.body);
    bool const refusal = (is_client_error(response.status) && response.status != request_timeout) ||
                         (is_server_error(response.status) && why != reason::upstream_error);
    if (!refusal) return unknown{why};
    rejected result{why};
    if (why == reason::rate_limited) result.retry_after = response.retry_after;
    return result;
}

send_outcome judge_send(net::exchange_failure const& failure) {
    if (failure.may_have_arrived) return unknown{to_reason(failure.why), failure.stale};
    return not_sent{to_reason(failure.why), retry_after(failure)};
}

failure judge_read(net::exchange_failure const& failed) {
    failure result{to_reason(failed.why)};
    result.retry_after = retry_after(failed);
    return result;
}

failure judge_read(net::http_response const& response) {
    failure result{failure_reason(response.status, response.body)};
    result.http_status = static_cast<int>(response.status);
    result.retry_after = response.retry_after;
    return result;
}

} // namespace otpd::bridgexapi
