// What an operator does for a number, as the document describes it.

#include "api_service.hpp"
#include "unimplemented_store.hpp"

#include <boost/json/serialize.hpp>

using namespace otpd;
using namespace openapi_test;
namespace json = boost::json;

namespace {

constexpr char const* unlock = "/numbers/unlock";
constexpr char const* forget = "/numbers/forget-devices";
constexpr char const* number = "31612345678";

std::string release_of(char const* client, char const* reason = "ticket 4711") {
    return json::serialize(
        json::object{{"client", client}, {"phone_number", number}, {"reason", reason}});
}

std::string wrong_guess(service const& s) {
    auto const code = s.gateway.last_code();
    json::object const guess{{"phone_number", number},
                             {"code", code == "000000" ? "000001" : "000000"}};
    return json::serialize(guess);
}

std::string right_guess(service const& s) {
    return json::serialize(json::object{{"phone_number", number}, {"code", s.gateway.last_code()}});
}

void send(service& s) {
    s.post("/send-otp", json::serialize(json::object{{"phone_number", number}}), 200);
}

/// The samples of otpd_numbers_released_total with that label.
bool has_counted(service const& s, char const* part, int times) {
    auto const line = "otpd_numbers_released_total{part=\"" + std::string(part) + "\"} " +
                      std::to_string(times) + '\n';
    return s.metrics.scrape().find(line) != std::string::npos;
}

} // namespace

BOOST_AUTO_TEST_SUITE(openapi_numbers)

BOOST_AUTO_TEST_CASE(a_locked_number_is_unlocked) {
    auto rules = with_debug_codes();
    rules.guesses.consecutive_max = 2;
    service s(std::move(rules));
    send(s);
    for (int n = 0; n < 2; ++n)
        s.post("/verify-otp", wrong_guess(s), 400);
    BOOST_TEST(s.refused("/verify-otp", right_guess(s), 429) == "attempts_exceeded");
    auto const done = s.post(unlock, release_of("default"), 200);
    BOOST_TEST(done.at("status").as_string() == "number_unlocked");
    BOOST_TEST(done.at("client").as_string() == "default");
    BOOST_TEST(done.at("phone_number").as_string() == "*******5678");
    BOOST_TEST(done.at("wrong_guesses").to_number<int>() == 2);
    BOOST_TEST(done.at("failures_in_a_row").to_number<int>() == 2);
    BOOST_TEST(has_counted(s, "locks", 1));
    s.post("/verify-otp", right_guess(s), 200);
    auto const again = s.post(unlock, release_of("default"), 200);
    BOOST_TEST(again.at("wrong_guesses").to_number<int>() == 0);
}

BOOST_AUTO_TEST_CASE(devices_are_forgotten_with_a_reason_or_without) {
    service s;
    auto const body =
        json::serialize(json::object{{"client", "default"}, {"phone_number", number}});
    auto const done = s.post(forget, body, 200);
    BOOST_TEST(done.at("status").as_string() == "devices_forgotten");
    BOOST_TEST(done.at("devices").to_number<int>() == 0);
    s.post(forget, release_of("default"), 200);
    BOOST_TEST(has_counted(s, "devices", 2));
}

BOOST_AUTO_TEST_CASE(a_client_that_there_is_not_has_no_numbers) {
    service s;
    for (auto const* path : {unlock, forget}) {
        BOOST_TEST(s.refused(path, release_of("Default"), 404) == "client_not_found");
        BOOST_TEST(s.refused(path, release_of(""), 404) == "client_not_found");
    }
    BOOST_TEST(has_counted(s, "locks", 0));
}

BOOST_AUTO_TEST_CASE(every_fault_of_a_release) {
    service s;
    auto const faults = [&s](char const* path, std::string const& body) {
        return s.post(path, body, 422).at("errors").as_array().size();
    };
    BOOST_TEST(faults(unlock, "{}") == 3U);
    BOOST_TEST(faults(forget, "{}") == 2U);
    BOOST_TEST(faults(unlock, R"({"client":1,"phone_number":"0612345678","reason":null})") == 3U);
    for (auto const* path : {unlock, forget}) {
        for (auto const* reason : {"", "   ", "a\nb", "\x7f", "gesperrt f\xc3\xbcr"})
            BOOST_TEST(faults(path, release_of("default", reason)) == 1U, reason);
        BOOST_TEST(faults(path, release_of("default", std::string(201, 'x').c_str())) == 1U);
        for (auto const* reason : {"call from +31612345678", "nr 0612345678", "06-12 34 56 78"})
            BOOST_TEST(faults(path, release_of("default", reason)) == 1U, reason);
        s.post(path, release_of("default", std::string(200, 'x').c_str()), 200);
    }
}

BOOST_AUTO_TEST_CASE(a_store_that_does_not_answer_releases_nothing) {
    test::unimplemented_store broken;
    service s(with_debug_codes(), {client_of("default")}, &broken);
    for (auto const* path : {unlock, forget})
        s.post(path, release_of("default"), 503);
    BOOST_TEST(has_counted(s, "locks", 0)); // certainly not done
}

BOOST_AUTO_TEST_SUITE_END()
