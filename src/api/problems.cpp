#include "problems.hpp"

#include "limit_fields.hpp"
#include "steps.hpp"

#include <boost/json/array.hpp>
#include <boost/json/string.hpp>

#include <string>

namespace otpd::api {

namespace json = boost::json;

namespace {

struct problem_row {
    unsigned status;
    std::string_view detail;
};

problem_row problem_row_of(otp::errc code) {
    using enum otp::errc;
    switch (code) {
    case cooldown_active:
        return {429, "OTP was sent too recently."};
    case limit_exceeded:
        return {429, "Too many requests. Nothing was sent or checked."};
    case challenge_required:
        return {403,
                "Nothing was sent. Have the user solve a captcha, then repeat with the token."};
    case send_in_progress:
        return {409, "The same request is being worked on."};
    case idempotency_key_reused:
        return {422, "This Idempotency-Key was used with another request."};
    case number_invalid:
    case number_other_spelling:
    case message_too_long:
        return {422, "The request body is not valid."};
    case destination_not_allowed:
        return {403, "Nothing is sent to this number."};
    case purpose_not_allowed:
        return {403, "This purpose is not enabled."};
    case route_not_allowed:
        return {403, "This route is not enabled."};
    case route_plan_unknown:
        return {422, "There is no such route plan. Nothing was sent."};
    case no_route:
        return {403, "No route may be taken for this SMS. Nothing was sent."};
    case upstream_rejected:
        return {502, "The SMS was refused upstream. Nothing was sent."};
    case upstream_unavailable:
        return {503, "The SMS could not be handed over. Nothing was sent."};
    case delivery_unknown:
        return {504, "The SMS may have been sent. If it arrives, its code is valid."};
    case capacity_exhausted:
        return {503, "Too many codes are live. Nothing was sent."};
    case invalid_code:
        return {400, "Invalid OTP."};
    case no_active_otp:
        return {404, "No active OTP found for this phone number and purpose."};
    case attempts_exceeded:
    case guesses_exceeded:
        return {429, "OTP attempts exceeded."};
    case verification_not_found:
        return {404, "No such verification."};
    case verification_ended:
        return {409, "The verification is over already."};
    case delivery_not_found:
        return {404, "No such message."};
    case client_not_found:
        return {404, "No such API client."};
    case destination_not_found:
        return {404, "There is no such override of that destination."};
    case destinations_full:
        return {409, "There are 256 overrides. End one, or set numbers.denied."};
    case operator_only:
        return {403, "This is for the operator, on the admin listener."};
    case upstream_failed:
        return {502, "The upstream did not answer this question."};
    case store_unavailable:
        return {503, "The service is temporarily unavailable."};
    }
    return {500, ""};
}

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
    for (auto const& each : violated) {
        json::object limit;
        limit["limit"] = json::string(each.name);
        limit["retry_after_seconds"] = each.retry_after.count();
        list.push_back(std::move(limit));
    }
    return list;
}

} // namespace

http::problem to_problem(otp::failure const& why) {
    auto const row = problem_row_of(why.code);
    http::problem problem;
    problem.status = row.status;
    problem.code = otp::problem_code(why.code);
    problem.detail = row.detail;
    problem.retry_after = why.retry_after;
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
