// What a reload answers, and which rules a request has that runs meanwhile.

#include "api_service.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/json/serialize.hpp>
#include <boost/smart_ptr/make_shared.hpp>
#include <boost/smart_ptr/weak_ptr.hpp>

#include <optional>

using namespace otpd;
using namespace openapi_test;
namespace json = boost::json;
using deps_ptr = boost::shared_ptr<api::dependencies const>;

namespace {

constexpr char const* body_of_send = R"({"phone_number":"31612345678"})";

/// Serves with the present dependencies, which the test exchanges.
struct exchanging_service : service {
    exchanging_service() {
        routes = http::router();
        api::add_routes(routes, [this] { return present; });
        admin_routes = http::router();
        api::add_operator_routes(admin_routes, [this] { return present; });
    }
    deps_ptr made(std::string const& delivery_url, api::reload_report outcome = {}) {
        return boost::make_shared<api::dependencies const>(api::dependencies{
            domain,
            catalogue,
            report,
            stats,
            limit,
            callers,
            {},
            {},
            {},
            delivery_url,
            false,
            false,
            [outcome = std::move(outcome)]() -> boost::asio::awaitable<api::reload_report> {
                co_return outcome;
            }});
    }
    std::string delivery_url_of(http::response const& sent) {
        return std::string(json::parse(sent.content()).at("delivery_status_url").as_string());
    }

    deps_ptr present = made("https://before.example");
};

} // namespace

BOOST_AUTO_TEST_SUITE(openapi_reloads)

BOOST_AUTO_TEST_CASE(a_reload_lists_what_has_changed_and_what_needs_a_restart) {
    exchanging_service s;
    s.present = s.made("", {{"client.shop", "a \"quoted\" one"}, {"server.threads"}, {}});
    auto const done = s.post("/reload", "{}", 200);
    BOOST_TEST(json::serialize(done) ==
               R"({"status":"reloaded","changed":["client.shop","a \"quoted\" one"],)"
               R"("restart_needed":["server.threads"]})");
}

BOOST_AUTO_TEST_CASE(a_reload_of_bad_settings_lists_every_fault) {
    exchanging_service s;
    s.present = s.made("", {{}, {}, {"one", "another"}});
    auto const refused = s.post("/reload", "", 422);
    BOOST_TEST(refused.at("code").as_string() == "validation_failed");
    auto const& errors = refused.at("errors").as_array();
    BOOST_TEST_REQUIRE(errors.size() == 2U);
    BOOST_TEST(json::serialize(errors[0].at("loc")) == R"(["settings"])");
    BOOST_TEST(errors[0].at("msg").as_string() == "one");
    BOOST_TEST(errors[1].at("msg").as_string() == "another");
}

BOOST_AUTO_TEST_CASE(a_request_keeps_what_it_began_with_until_its_response_is_complete) {
    exchanging_service s;
    boost::weak_ptr<api::dependencies const> const before = s.present;
    s.gateway.on_send = [&](bridgexapi::sms const&) {
        s.present = s.made("https://after.example"); // a reload in the middle of the send
        BOOST_TEST(!before.expired());
        return bridgexapi::send_outcome(test::fake_gateway::default_receipt());
    };
    {
        service::call sends(s, http::method::post, "/send-otp", body_of_send);
        auto const reply = test::run(s.context, sends.start());
        BOOST_TEST_REQUIRE(reply.status == 200U);
        BOOST_TEST(s.delivery_url_of(reply).starts_with("https://before.example/"));
    }
    BOOST_TEST(before.expired()); // with the last request
    s.clock.advance(std::chrono::hours(1));
    s.gateway.on_send = {[](bridgexapi::sms const&) {
        return bridgexapi::send_outcome(test::fake_gateway::default_receipt());
    }};
    service::call sends(s, http::method::post, "/send-otp", body_of_send);
    BOOST_TEST(s.delivery_url_of(test::run(s.context, sends.start()))
                   .starts_with("https://after.example/"));
}

BOOST_AUTO_TEST_CASE(without_an_operator_his_routes_are_unknown) {
    exchanging_service s;
    s.routes = http::router();
    api::add_operator_routes(s.routes, [&] { return s.present; });
    s.present = nullptr;
    service::call nobody(s, http::method::get, "/routes/scores", "");
    auto const reply = test::run(s.context, nobody.start());
    BOOST_TEST(reply.status == 404U);
    BOOST_TEST(json::parse(reply.content()).at("code").as_string() == "not_found");
    s.present = s.made("");
    service::call somebody(s, http::method::get, "/routes/scores", "");
    BOOST_TEST(test::run(s.context, somebody.start()).status == 200U);
}

BOOST_AUTO_TEST_CASE(a_server_for_this_machine_only_refuses_others_until_a_reload) {
    exchanging_service s;
    auto const status = [&s] {
        service::call asks(s, http::method::get, "/livez", "");
        return test::run(s.context, asks.start()).status;
    };
    s.fields.push_back({"X-Forwarded-For", "192.0.2.1"});
    BOOST_TEST(status() == 200U);
    auto local = *s.made("");
    local.is_local_only = true;
    s.present = boost::make_shared<api::dependencies const>(local);
    BOOST_TEST(status() == 403U);
}

BOOST_AUTO_TEST_SUITE_END()
