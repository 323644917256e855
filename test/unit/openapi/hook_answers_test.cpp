// What a hook answers for each way in which its send can end, in the form that its provider reads
// and the document describes.

#include "api_service.hpp"
#include "hook_signing.hpp"
#include "unimplemented_store.hpp"

using namespace otpd;
using namespace openapi_test;
using namespace std::chrono_literals;

namespace {

constexpr auto of_supabase = R"({"user":{"phone":"31612345678"},"sms":{"otp":"561166"}})";
constexpr auto of_logto = R"({"to":"31612345678","payload":{"code":"561166"}})";
constexpr auto of_authgear = R"({"to":"+31612345678","template_variables":{"code":"561166"}})";

std::int64_t seconds_of(wall_time at) {
    return std::chrono::duration_cast<std::chrono::seconds>(at.time_since_epoch()).count();
}

/// The header fields live until the next request.
struct hook_service : service {
    using service::service;

    boost::json::value hook(std::string const& provider, std::string const& body,
                            unsigned expected) {
        signed_with = {{"Authorization", std::string("Bearer ") + hook_secret}};
        if (provider == "supabase")
            signed_with = test::standard_webhook(std::string(32, 'k'), body, "msg_1",
                                                 seconds_of(clock.wall()));
        if (provider == "authgear") signed_with = test::authgear_signature(hook_secret, body);
        fields.clear();
        for (auto const& [name, value] : signed_with)
            fields.push_back({name, value});
        return post("/hooks/default/" + provider, body, expected);
    }
    void answer(bridgexapi::send_outcome outcome) {
        gateway.on_send = [outcome](bridgexapi::sms const&) { return outcome; };
    }

    test::header_list signed_with;
};

std::string text_at(boost::json::value const& body, char const* name) {
    return std::string(body.at(name).as_string());
}

} // namespace

BOOST_AUTO_TEST_SUITE(openapi_hook_answers)

BOOST_AUTO_TEST_CASE(a_code_that_was_sent_is_a_success_with_its_verification) {
    hook_service s;
    auto const id = text_at(s.hook("supabase", of_supabase, 200), "verification_id");
    BOOST_TEST(id.size() == 64U);
    // The same code for the same number, by another provider of the same client.
    BOOST_TEST(text_at(s.hook("logto", of_logto, 200), "verification_id") == id);
    auto const again = s.hook("authgear", of_authgear, 200);
    BOOST_TEST(text_at(again, "verification_id") == id);
    BOOST_TEST(text_at(again, "code") == "ok");
    BOOST_TEST(s.gateway.sent().size() == 1U);
}

// A provider that hears of a failure might drop a code that arrives.
BOOST_AUTO_TEST_CASE(a_code_that_was_perhaps_sent_is_a_success_and_is_not_sent_again) {
    hook_service s;
    s.answer(bridgexapi::unknown{bridgexapi::reason::timed_out});
    for (int n = 0; n < 3; ++n)
        BOOST_TEST(s.hook("supabase", of_supabase, 200).as_object().empty());
    BOOST_TEST(text_at(s.hook("authgear", of_authgear, 200), "code") == "ok");
    BOOST_TEST(s.gateway.sent().size() == 1U);
}

BOOST_AUTO_TEST_CASE(a_refusal_upstream_is_an_error_to_each_provider) {
    hook_service s;
    s.answer(bridgexapi::rejected{bridgexapi::reason::no_pricing});
    auto const error = s.hook("supabase", of_supabase, 200).at("error");
    BOOST_TEST(error.at("http_code").as_int64() == 502);
    s.clock.advance(1min);
    BOOST_TEST(text_at(s.hook("logto", of_logto, 502), "code") == "upstream_rejected");
    s.clock.advance(1min);
    auto const refused = s.hook("authgear", of_authgear, 502);
    BOOST_TEST(text_at(refused, "code") == "unknown_error");
    BOOST_TEST(!text_at(refused, "description").empty());
}

BOOST_AUTO_TEST_CASE(without_the_store_a_provider_is_asked_to_come_back) {
    test::unimplemented_store broken;
    hook_service s(with_debug_codes(), {client_of("default")}, &broken);
    for (std::string const provider : {"supabase", "logto", "authgear"}) {
        s.hook(provider,
               provider == "supabase" ? of_supabase
               : provider == "logto"  ? of_logto
                                      : of_authgear,
               503);
        BOOST_TEST(s.field("Retry-After") != "none");
    }
    BOOST_TEST(s.gateway.sent().empty());
}

BOOST_AUTO_TEST_CASE(a_forged_request_is_401_to_all) {
    hook_service s;
    for (auto const provider : api::provider_names)
        s.post("/hooks/default/" + std::string(provider), of_logto, 401);
    BOOST_TEST(s.gateway.sent().empty());
}

BOOST_AUTO_TEST_CASE(an_outcome_is_answered_as_described) {
    hook_service s;
    auto const id = text_at(s.hook("logto", of_logto, 200), "verification_id");
    auto const path = "/verifications/" + id + "/outcome";
    s.post(path, R"({"outcome":"perhaps"})", 422);
    s.post(path, R"({"outcome":"failed"})", 200);
    s.post(path, R"({"outcome":"verified"})", 409);
    s.post("/verifications/x/outcome", R"({"outcome":"verified"})", 404);
}

BOOST_AUTO_TEST_SUITE_END()
