/// The upstream's JSON, and the interpretation of an answer to a send. The first byte selects the
/// status.

#include "bridgexapi/error_class.hpp"
#include "bridgexapi/replies.hpp"
#include "target.hpp"

#include <array>
#include <cmath>
#include <limits>

using namespace otpd::bridgexapi;
using otpd::fuzz::cutter;
using otpd::fuzz::must;

namespace {

constexpr std::array<unsigned, 16> statuses = {200, 201, 204, 301, 303, 400, 401, 402,
                                               404, 408, 422, 429, 500, 502, 503, 599};

void check_amount(otpd::money amount) {
    must(std::abs(amount.units()) <= otpd::money::max_units, "an amount is bounded");
}
template <class T>
void check_amount(std::optional<T> const& amount) {
    if (amount) check_amount(*amount);
}

void check_route(route const& one) {
    must(one.route_id >= 0, "a route has a number");
}

void read_everything(std::string_view body) {
    if (auto const sent = read_accepted(body)) {
        check_amount(sent->cost);
        check_amount(sent->balance_after);
    }
    if (auto const price = read_estimate(body)) {
        check_amount(price->estimated_cost);
        check_amount(price->balance);
    }
    if (auto const money = read_balance(body)) check_amount(money->amount);
    if (auto const routes = read_routes(body))
        for (auto const& one : *routes)
            check_route(one);
    if (auto const prices = read_pricing(body))
        for (auto const& one : *prices)
            check_amount(one.amount);
    if (auto const page = read_delivery_page(body))
        must(page->reports.size() <= body.size(), "a page lists what is in the body");
    if (auto const report = read_delivery(body))
        must(!report->route_id || *report->route_id >= 0, "a route has a number");
}

/// Checks for the one mistake that costs money: treating a send as refused when it was not, and
/// sending again.
void check_send(otpd::net::http_response const& reply) {
    auto const outcome = judge_send(reply);
    bool const refusal = std::holds_alternative<rejected>(outcome);
    must(!std::holds_alternative<not_sent>(outcome), "who answers has got the request");
    if (is_success(reply.status))
        must(!refusal &&
                 std::holds_alternative<accepted>(outcome) == read_accepted(reply.body).has_value(),
             "a success is a receipt or not understood");
    else
        must(!std::holds_alternative<accepted>(outcome), "nothing else is a success");
    if (reply.status >= 500)
        must(refusal == stated_reason(reply.body).has_value(),
             "a failure is a refusal only when it says so");
    if (reply.status >= 400 && reply.status < 500)
        must(refusal == (reply.status != 408), "a client error is a refusal");
    must(!to_string(judge_read(reply).why).empty(), "a reason has a word");
}

} // namespace

OTPD_FUZZ_TARGET(upstream_reply) {
    cutter input(bytes);
    otpd::net::http_response reply;
    reply.status = statuses[input.byte() % statuses.size()];
    reply.body = input.rest();
    read_everything(reply.body);
    check_send(reply);
}
