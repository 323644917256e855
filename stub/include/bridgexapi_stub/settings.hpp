// Everything about the fake upstream that no source documents reliably, so that a test can choose
// it: statuses and texts of errors, shapes of lists, validation rules, deliveries. Set it through
// the control interface or directly.
#pragma once

#include "bridgexapi_stub/clock.hpp"
#include "bridgexapi_stub/ledger.hpp"
#include "bridgexapi_stub/money.hpp"

#include <boost/json/object.hpp>

#include <array>
#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace bridgexapi_stub {

struct account {
    std::string key;
    std::string username = "demo";
    bool active = true;
    bool sandbox = false;
    micro_euros balance = 1'000'000 * one_euro; // enough for any benchmark
    std::set<std::int64_t> routes{1, 2, 3, 4, 8};
    std::set<std::string> sender_ids{"BRIDGEXAPI", "YOURAPP"}; // allow list of route 8
};

// Reasons why the API refuses a request.
enum class refusal {
    missing_key,
    bad_key,
    invalid_route,
    route_not_allowed,
    casino_not_allowed,
    sender_not_allowed,
    no_pricing,
    insufficient_balance,
    vendor_failed,
    dlr_not_found,
    order_not_found,
    mixed_country,
    too_many_numbers,
    not_found,
    method_not_allowed,
    body_too_large,
};
inline constexpr std::size_t refusal_count = 16;

struct refusal_reply {
    unsigned status;
    std::string detail; // "{route}" and "{reason}" are replaced
};
std::array<refusal_reply, refusal_count> default_refusals();
std::string_view to_string(refusal why);

// Replaces `settings::plan` for matching numbers.
struct delivery_rule {
    std::string number; // exact, or a prefix with a trailing '*'
    delivery_plan plan;
};
bool number_matches(std::string_view pattern, std::string_view number);

struct settings {
    std::array<refusal_reply, refusal_count> refusals = default_refusals();
    unsigned validation_status = 422;
    bool validation_as_text = false; // {"detail": "first message"} instead of FastAPI's list

    std::string routes_shape = "routes"; // array, routes, items, data
    std::string routes_items = "both"; // catalogue (display_name ...), bot (name, is_active), both
    std::string pricing_shape = "pricing"; // array, pricing, items, prices, data
    std::string pricing_items = "country"; // country, destination, country_name
    std::string balance_shape = "flat";    // flat, account
    time_format created_at = time_format::naive;

    bool sandbox_nulls = false; // sandbox accounts get null ids, cost and balance_after
    bool empty_message = true;  // an empty text is accepted
    bool same_country = true;   // all numbers of a request must match the same price prefix
    bool unknown_order_is_error = false;
    std::size_t numbers_max = 500;
    std::int64_t limit_max = 1000; // per page

    delivery_plan plan;
    std::vector<delivery_rule> rules; // the first match applies

    refusal_reply const& of(refusal why) const { return refusals[static_cast<std::size_t>(why)]; }
    delivery_plan const& plan_for(std::string_view number) const;
};

} // namespace bridgexapi_stub
