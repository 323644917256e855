// What the operator sees of numbers, destinations and clients, as the document describes it.

#include "api_service.hpp"
#include "unimplemented_store.hpp"

#include <boost/json/serialize.hpp>

using namespace otpd;
using namespace openapi_test;
using namespace std::chrono_literals;
namespace json = boost::json;

namespace {

constexpr char const* asked_number = "31612345678";

std::string body_of(json::object body) {
    return json::serialize(body);
}
std::string question() {
    return body_of({{"phone_number", asked_number}});
}
std::string send_of(char const* to = asked_number) {
    return body_of({{"phone_number", to}});
}
std::string override_of(char const* destination, char const* action = "deny", int seconds = 3600) {
    return body_of({{"destination", destination},
                    {"action", action},
                    {"for_seconds", seconds},
                    {"reason", "ticket 4711"}});
}
std::string end_of(char const* destination, char const* action = "deny") {
    return body_of({{"destination", destination}, {"action", action}, {"reason", "over"}});
}

/// A policy without pauses, with one limit of each kind.
otp::policy with_limits() {
    auto rules = with_debug_codes();
    rules.cooldown = {};
    for (auto const key : {otp::limit_key::number, otp::limit_key::prefix, otp::limit_key::client,
                           otp::limit_key::caller_address}) {
        otp::limit one;
        one.name = "limit_" + std::to_string(static_cast<int>(key));
        one.key = key;
        one.quota = 10;
        one.window = 600s;
        rules.limits.push_back(std::move(one));
    }
    return rules;
}

json::object limit_named(json::value const& answer, std::string_view name) {
    for (auto const& entry : answer.at("limits").as_array())
        if (entry.at("name").as_string() == name) return entry.as_object();
    return {};
}

std::string text_at(json::value const& of, char const* member) {
    return std::string(of.at(member).as_string());
}

} // namespace

BOOST_AUTO_TEST_SUITE(openapi_operator)

BOOST_AUTO_TEST_CASE(a_number_is_found_with_what_happened_to_it) {
    service s(with_limits());
    BOOST_TEST(s.post("/numbers/find", question(), 200).at("clients").as_array().empty());
    auto const sent = s.post("/send-otp", send_of(), 200);
    auto const code = s.gateway.last_code();
    s.post(
        "/verify-otp",
        body_of({{"phone_number", asked_number}, {"code", code == "000000" ? "000001" : "000000"}}),
        400);
    auto const found = s.post("/numbers/find", question(), 200);
    BOOST_TEST(text_at(found, "phone_number") == "*******5678");
    BOOST_TEST(found.at("next_client").is_null());
    BOOST_TEST_REQUIRE(found.at("clients").as_array().size() == 1U);
    auto const& client = found.at("clients").at(0);
    BOOST_TEST(text_at(client, "client") == "default");
    BOOST_TEST(client.at("wrong_guesses").to_number<int>() == 1);
    BOOST_TEST(client.at("wrong_guesses_max").to_number<int>() == 20);
    BOOST_TEST_REQUIRE(client.at("verifications").as_array().size() == 1U);
    auto const& verification = client.at("verifications").at(0);
    BOOST_TEST((verification.at("verification_id") == sent.at("verification_id")));
    BOOST_TEST(text_at(verification, "status") == "active");
    BOOST_TEST(text_at(verification, "purpose") == "login");
    BOOST_TEST(text_at(verification.at("message"), "status") == "accepted");
    BOOST_TEST((verification.at("message").at("bx_message_id") == sent.at("bx_message_id")));
    BOOST_TEST(text_at(found.at("destination"), "country") == "NL");
    BOOST_TEST(text_at(found.at("destination"), "verdict") == "allowed");
    BOOST_TEST(s.last.content().find(asked_number) == std::string::npos);
}

BOOST_AUTO_TEST_CASE(the_limits_of_a_number_are_read_and_not_counted) {
    service s(with_limits());
    s.post("/send-otp", send_of(), 200);
    for (int n = 0; n < 20; ++n) {
        auto const found = s.post("/numbers/limits", question(), 200);
        BOOST_TEST(!found.as_object().contains("clients"));
        for (auto const* name : {"limit_0", "limit_2"}) { // of the number and its prefix
            auto const limit = limit_named(found, name);
            BOOST_TEST_REQUIRE(!limit.empty(), name);
            BOOST_TEST(limit.at("remaining").to_number<int>() == 9);
            BOOST_TEST(limit.at("reset_seconds").to_number<int>() == 60);
        }
        BOOST_TEST(limit_named(found, "limit_5").empty()); // of an address
        BOOST_TEST(limit_named(found, "limit_6").empty()); // of a client
        BOOST_TEST(limit_named(found, "pumping_prefix").at("remaining").to_number<int>() == 59);
    }
}

BOOST_AUTO_TEST_CASE(a_number_is_looked_up_with_every_client) {
    service s(with_limits(), {client_of("a", {"token-a"}), client_of("b", {"token-b"})});
    s.authorization = "Bearer token-b";
    auto const sent = s.post("/send-otp", send_of(), 200);
    s.authorization = "Bearer token-a"; // also the operator's
    auto const found = s.post("/numbers/find", question(), 200);
    BOOST_TEST_REQUIRE(found.at("clients").as_array().size() == 1U);
    BOOST_TEST(text_at(found.at("clients").at(0), "client") == "b");
    BOOST_TEST(text_at(json::value(limit_named(found, "limit_0")), "client") == "b");
    auto const from_b = body_of({{"phone_number", asked_number}, {"from_client", "b"}});
    BOOST_TEST(s.post("/numbers/find", from_b, 200).at("clients").as_array().size() == 1U);
    auto const nobody = body_of({{"phone_number", asked_number}, {"from_client", "c"}});
    BOOST_TEST(s.refused("/numbers/find", nobody, 404) == "client_not_found");

    auto const path = "/verifications/" + text_at(sent, "verification_id");
    s.get(path, 404); // of the client a
    s.asks_admin = true;
    BOOST_TEST(text_at(s.get(path, 200), "client") == "b");
    s.get("/verifications/" + std::string(64, '0'), 404);
    s.asks_admin = false;
    s.authorization = "Bearer token-b";
    BOOST_TEST(!s.get(path, 200).as_object().contains("client"));
}

BOOST_AUTO_TEST_CASE(a_denied_destination_is_refused_until_the_override_ends_by_itself) {
    service s(with_limits());
    for (auto const* destination : {"316", "NL"}) {
        s.post("/send-otp", send_of(), 200);
        BOOST_TEST(text_at(s.post("/destinations", override_of(destination), 200), "status") ==
                   "override_made");
        BOOST_TEST(s.refused("/send-otp", send_of(), 403) == "destination_not_allowed");
        auto const where = s.post("/numbers/limits", question(), 200).at("destination");
        BOOST_TEST(text_at(where, "verdict") == "denied");
        BOOST_TEST(text_at(where, "why") == "override: deny");
        s.post("/send-otp", send_of("4915123456789"), 200); // elsewhere
        s.clock.advance(1h);
        BOOST_TEST(s.get("/destinations", 200).at("destinations").as_array().empty());
    }
    s.post("/send-otp", send_of(), 200);
}

BOOST_AUTO_TEST_CASE(an_override_is_listed_replaced_and_ended_early) {
    service s(with_limits());
    s.post("/destinations", override_of("+316"), 200);
    BOOST_TEST(text_at(s.post("/destinations", override_of("316", "deny", 60), 200), "status") ==
               "override_replaced");
    auto const list = s.get("/destinations", 200).at("destinations");
    BOOST_TEST_REQUIRE(list.as_array().size() == 1U);
    BOOST_TEST(text_at(list.at(0), "destination") == "316");
    BOOST_TEST(text_at(list.at(0), "action") == "deny");
    BOOST_TEST(text_at(list.at(0), "reason") == "ticket 4711");
    BOOST_TEST(s.refused("/destinations/end", end_of("316", "trust"), 404) ==
               "destination_not_found");
    BOOST_TEST(text_at(s.post("/destinations/end", end_of("316"), 200), "status") ==
               "override_ended");
    s.post("/send-otp", send_of(), 200);
}

BOOST_AUTO_TEST_CASE(an_override_takes_precedence_over_the_settings_and_a_denial_over_others) {
    auto rules = with_limits();
    rules.destinations.denied = {{"316"}};
    rules.destinations.countries = {"DE"};
    auto client = client_of("default");
    service s(rules, {client});
    BOOST_TEST(s.refused("/send-otp", send_of(), 403) == "destination_not_allowed");
    BOOST_TEST(text_at(s.post("/numbers/limits", question(), 200).at("destination"), "why") ==
               "numbers.denied");
    s.post("/destinations", override_of("NL", "allow"), 200);
    s.post("/send-otp", send_of(), 200);
    BOOST_TEST(text_at(s.post("/numbers/limits", question(), 200).at("destination"), "why") ==
               "override: allow");
    s.post("/destinations", override_of("31612", "deny"), 200);
    BOOST_TEST(s.refused("/send-otp", send_of(), 403) == "destination_not_allowed");
}

BOOST_AUTO_TEST_CASE(a_client_s_own_countries_hold_whatever_is_allowed) {
    auto client = client_of("default");
    client.profile.countries = {"DE"};
    service s(with_limits(), {client});
    s.post("/destinations", override_of("NL", "allow"), 200);
    BOOST_TEST(s.refused("/send-otp", send_of(), 403) == "destination_not_allowed");
    auto const where = s.post("/numbers/limits", question(), 200).at("destination");
    BOOST_TEST(text_at(where, "verdict") == "allowed");
    BOOST_TEST(where.at("denied_clients").at(0).as_string() == "default");
}

BOOST_AUTO_TEST_CASE(a_trusted_destination_passes_the_conversion_guard) {
    auto rules = with_limits();
    rules.pumping.prefix_out_max = 1;
    service s(rules);
    s.post("/send-otp", send_of(), 200);
    BOOST_TEST(s.refused("/send-otp", send_of("31612345679"), 429) == "limit_exceeded");
    s.post("/destinations", override_of("316", "trust"), 200);
    s.post("/send-otp", send_of("31612345679"), 200);
    auto const found = s.post("/numbers/limits", question(), 200);
    BOOST_TEST(found.at("destination").at("trusted").as_bool());
    BOOST_TEST(limit_named(found, "pumping_prefix").empty());
    s.clock.advance(1h);
    BOOST_TEST(
        !s.post("/numbers/limits", question(), 200).at("destination").at("trusted").as_bool());
}

BOOST_AUTO_TEST_CASE(every_fault_of_an_override) {
    service s;
    auto const faults = [&s](std::string const& body, char const* path = "/destinations") {
        return s.post(path, body, 422).at("errors").as_array().size();
    };
    BOOST_TEST(faults("{}") == 4U);
    BOOST_TEST(faults("{}", "/destinations/end") == 3U);
    BOOST_TEST(faults("{}", "/numbers/find") == 1U);
    for (auto const* destination : {"", "nl", "NLD", "+NL", "0316", "316123456", "31 6", "+"})
        BOOST_TEST(faults(override_of(destination)) == 1U, destination);
    for (auto const* action : {"", "Deny", "block"})
        BOOST_TEST(faults(override_of("NL", action)) == 1U, action);
    for (int const seconds : {0, -1, 2'678'401})
        BOOST_TEST(faults(override_of("NL", "deny", seconds)) == 1U, seconds);
    for (auto const* reason : {"", "  ", "a\nb", "call from +31612345678", "06 12-34.56.78"})
        BOOST_TEST(faults(body_of({{"destination", "NL"},
                                   {"action", "deny"},
                                   {"for_seconds", 60},
                                   {"reason", reason}})) == 1U,
                   reason);
    BOOST_TEST(s.get("/destinations", 200).at("destinations").as_array().empty());
}

BOOST_AUTO_TEST_CASE(a_full_list_of_overrides_takes_no_other) {
    service s;
    for (std::size_t n = 0; n < store::overrides_max; ++n)
        s.post("/destinations", override_of(std::to_string(10'000 + n).c_str()), 200);
    BOOST_TEST(s.refused("/destinations", override_of("NL"), 409) == "destinations_full");
}

BOOST_AUTO_TEST_CASE(the_clients_are_listed_without_their_tokens) {
    auto first = client_of("a", {"token-a", "token-a-2"});
    first.profile.purposes = {"login"};
    first.profile.routes = {3, 5};
    first.profile.is_tenant = true;
    service s(with_limits(), {first, client_of("b", {"token-b"})});
    s.authorization = "Bearer token-a";
    auto const clients = s.get("/clients", 200).at("clients");
    BOOST_TEST_REQUIRE(clients.as_array().size() == 2U);
    BOOST_TEST(text_at(clients.at(0), "client") == "a");
    BOOST_TEST(clients.at(0).at("tokens").to_number<int>() == 2);
    BOOST_TEST(clients.at(0).at("tenant").as_bool());
    BOOST_TEST(json::serialize(clients.at(0).at("routes")) == "[3,5]");
    BOOST_TEST(json::serialize(clients.at(0).at("purposes")) == R"(["login"])");
    BOOST_TEST(clients.at(1).at("tokens").to_number<int>() == 1);
}

BOOST_AUTO_TEST_CASE(a_store_that_does_not_answer_finds_nothing) {
    test::unimplemented_store broken;
    service s(with_limits(), {client_of("default")}, &broken);
    s.post("/numbers/find", question(), 503);
    s.post("/numbers/limits", question(), 503);
    BOOST_TEST(s.get("/clients", 200).at("clients").at(0).at("budgets").is_null());
}

BOOST_AUTO_TEST_CASE(a_store_that_does_not_answer_is_not_asked_for_each_client_in_turn) {
    struct counting_store : test::unimplemented_store {
        reply<std::vector<std::int64_t>> spent(std::vector<otpd::store::budget_key>) override {
            ++asked;
            co_return otpd::store::fault::unknown;
        }
        int asked = 0;
    } broken;
    service s(with_limits(), {client_of("a", {"token-a"}), client_of("b", {"token-b"})}, &broken);
    s.authorization = "Bearer token-a";
    auto const clients = s.get("/clients", 200).at("clients");
    BOOST_TEST_REQUIRE(clients.as_array().size() == 2U);
    BOOST_TEST(clients.at(1).at("spent_today").is_null());
    BOOST_TEST(broken.asked == 1);
}

BOOST_AUTO_TEST_SUITE_END()
