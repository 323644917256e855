#include "problems.hpp"

#include <boost/json/array.hpp>
#include <boost/json/string.hpp>

#include <string>

namespace otpd::api {

namespace json = boost::json;

namespace {

struct row {
    unsigned status;
    std::string_view code;
    std::string_view detail;
};

row row_of(otp::errc code) {
    using enum otp::errc;
    switch (code) {
    case cooldown_active:
        return {429, "cooldown_active", "OTP was sent too recently."};
    case limit_exceeded:
        return {429, "limit_exceeded", "Too many requests for this number."};
    case route_not_allowed:
        return {403, "route_not_allowed", "This route is not enabled."};
    case upstream_rejected:
        return {502, "upstream_rejected", "The SMS was refused upstream. Nothing was sent."};
    case upstream_unavailable:
        return {503, "upstream_unavailable", "The SMS could not be handed over. Nothing was sent."};
    case delivery_unknown:
        return {504, "delivery_unknown",
                "The SMS may have been sent. If it arrives, its code is valid."};
    case capacity_exhausted:
        return {503, "store_full", "Too many codes are live. Nothing was sent."};
    case invalid_code:
        return {400, "invalid_code", "Invalid OTP."};
    case no_active_otp:
        return {404, "no_active_otp", "No active OTP found for this phone number and purpose."};
    case attempts_exceeded:
    case guesses_exceeded:
        return {429, "attempts_exceeded", "OTP attempts exceeded."};
    case store_unavailable:
        return {503, "store_unavailable", "The service is temporarily unavailable."};
    }
    return {500, "internal_error", ""};
}

} // namespace

http::problem to_problem(otp::failure const& why) {
    auto const row = row_of(why.code);
    http::problem what;
    what.status = row.status;
    what.code = row.code;
    what.detail = row.detail;
    what.retry_after = why.retry_after;
    if (why.code == otp::errc::cooldown_active)
        what.detail += " Retry in " + std::to_string(why.retry_after.value().count()) + " seconds.";
    if (why.attempts_left) {
        what.detail += " Attempts left: " + std::to_string(*why.attempts_left);
        what.members["attempts_left"] = *why.attempts_left;
    }
    if (why.reason) what.members["reason"] = json::string(bridgexapi::to_string(*why.reason));
    if (!why.violated.empty()) {
        json::array names;
        for (auto const& name : why.violated)
            names.emplace_back(json::string(name));
        what.members["violated"] = std::move(names);
    }
    return what;
}

} // namespace otpd::api
