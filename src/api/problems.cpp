#include "problems.hpp"

#include "limit_fields.hpp"
#include "steps.hpp"

#include <boost/json/array.hpp>
#include <boost/json/string.hpp>

#include <array>
#include <string>

namespace otpd::api {

namespace json = boost::json;

namespace {

struct problem_row {
    otp::errc code;
    unsigned status;
    std::string_view detail;
};

using otp::errc;

constexpr std::array<problem_row, 30> problem_rows{{
    {errc::number_invalid, 422, "The request body is not valid."},
    {errc::number_other_spelling, 422, "The request body is not valid."},
    {errc::destination_not_allowed, 403, "Nothing is sent to this number."},
    {errc::purpose_not_allowed, 403, "This purpose is not enabled."},
    {errc::route_not_allowed, 403, "This route is not enabled."},
    {errc::route_plan_unknown, 422, "There is no such route plan. Nothing was sent."},
    {errc::no_route, 403, "No route may be taken for this SMS. Nothing was sent."},
    {errc::message_too_long, 422, "The request body is not valid."},
    {errc::cooldown_active, 429, "OTP was sent too recently."},
    {errc::limit_exceeded, 429, "Too many requests. Nothing was sent or checked."},
    {errc::challenge_required, 403,
     "Nothing was sent. Have the user solve a captcha, then repeat with the token."},
    {errc::send_in_progress, 409, "The same request is being worked on."},
    {errc::idempotency_key_reused, 422, "This Idempotency-Key was used with another request."},
    {errc::upstream_rejected, 502, "The SMS was refused upstream. Nothing was sent."},
    {errc::upstream_unavailable, 503, "The SMS could not be handed over. Nothing was sent."},
    {errc::delivery_unknown, 504, "The SMS may have been sent. If it arrives, its code is valid."},
    {errc::capacity_exhausted, 503, "Too many codes are live. Nothing was sent."},
    {errc::invalid_code, 400, "Invalid OTP."},
    {errc::no_active_otp, 404, "No active OTP found for this phone number and purpose."},
    {errc::attempts_exceeded, 429, "OTP attempts exceeded."},
    {errc::guesses_exceeded, 429, "OTP attempts exceeded."},
    {errc::verification_not_found, 404, "No such verification."},
    {errc::verification_ended, 409, "The verification is over already."},
    {errc::delivery_not_found, 404, "No such message."},
    {errc::client_not_found, 404, "No such API client."},
    {errc::destination_not_found, 404, "There is no such override of that destination."},
    {errc::destinations_full, 409, "There are 256 overrides. End one, or set numbers.denied."},
    {errc::operator_only, 403, "This is for the operator, on the admin listener."},
    {errc::upstream_failed, 502, "The upstream did not answer this question."},
    {errc::store_unavailable, 503, "The service is temporarily unavailable."},
}};

constexpr bool is_in_order() {
    for (std::size_t n = 0; n < problem_rows.size(); ++n)
        if (problem_rows[n].code != static_cast<errc>(n)) return false;
    return problem_rows.back().code == errc::store_unavailable;
}
static_assert(is_in_order(), "each code has its row");

/// Returns the fault of a body whose members are well-formed individually.
json::array errors_of(otp::errc code) {
    json::object fault;
    if (code == otp::errc::number_invalid) {
        fault["loc"] = json::array{"body", "phone_number"};
        fault["msg"] = "Value error, phone_number is not a number that exists in any country.";
    } else if (code == otp::errc::number_other_spelling) {
        fault["loc"] = json::array{"body", "phone_number"};
        fault["msg"] = "Value error, phone_number is not in its international form: it has an "
                       "obsolete prefix, or the calling code of another country than its line's.";
    } else {
        fault["loc"] = json::array{"body"};
        fault["msg"] = "Value error, the message would be longer than one SMS holds: 158 "
                       "characters, or 140 with app_hash.";
    }
    fault["type"] = "value_error";
    return json::array{std::move(fault)};
}

/// Returns whether the upstream was not reached, so that a retry makes sense.
bool was_not_reached(std::optional<bridgexapi::reason> why) {
    using enum bridgexapi::reason;
    return why == connect_failed || why == tls_failed || why == circuit_open ||
           why == pool_exhausted || why == shutting_down;
}

json::array names_of(std::vector<otp::violated_limit> const& violated) {
    json::array list;
    for (auto const& entry : violated) {
        json::object limit;
        limit["limit"] = json::string(entry.name);
        limit["retry_after_seconds"] = entry.retry_after.count();
        list.push_back(std::move(limit));
    }
    return list;
}

} // namespace

http::problem to_problem(otp::failure const& why) {
    auto const& row = problem_rows[static_cast<std::size_t>(why.code)];
    http::problem problem{.status = row.status,
                          .code = otp::problem_code(why.code),
                          .detail = std::string(row.detail),
                          .retry_after = why.retry_after};
    if (why.code == otp::errc::upstream_failed) {
        if (was_not_reached(why.reason)) problem.status = 503;
        if (!problem.retry_after) problem.retry_after = std::chrono::seconds(1);
    }
    if (why.code == otp::errc::cooldown_active)
        problem.detail +=
            " Retry in " + std::to_string(why.retry_after.value().count()) + " seconds.";
    if (why.code_expires_in) {
        // The text of cooldown_active is the reference's.
        if (why.code == otp::errc::limit_exceeded)
            problem.detail += " The code that you have is still good.";
        problem.members["expires_in_seconds"] = why.code_expires_in->count();
    }
    if (!why.challenge_token.empty())
        problem.members["challenge_token"] = json::string(why.challenge_token);
    if (why.attempts_left) {
        problem.detail += " Attempts left: " + std::to_string(*why.attempts_left);
        problem.members["attempts_left"] = *why.attempts_left;
    }
    if (why.reason) problem.members["reason"] = json::string(bridgexapi::to_string(*why.reason));
    if (!why.steps.empty()) problem.members["steps"] = steps_member(why.steps);
    if (why.code == otp::errc::limit_exceeded && !why.violated.empty())
        problem.members["violated"] = names_of(why.violated);
    add_limit_fields(problem.headers, why.violated);
    if (problem.code == "validation_failed") problem.members["errors"] = errors_of(why.code);
    return problem;
}

} // namespace otpd::api
