#include "app/event_bus.hpp"
#include "support/temporary_directory.hpp"

#include <boost/test/unit_test.hpp>

#include <fstream>
#include <iterator>
#include <string>

using namespace otpd;

BOOST_AUTO_TEST_SUITE(a_timeline_file)

/// The second half would give readers of the file access to the verification.
BOOST_AUTO_TEST_CASE(has_the_half_of_a_verification_id_that_the_log_has) {
    test::temporary_directory const directory;
    auto const path = directory.path() + "/timeline.jsonl";
    std::string const random_half(32, 'a');
    std::string const place(32, 'b');
    {
        app::timeline_file file({.path = path}, 16);
        otp::verification_event happening;
        happening.verification_id = random_half + place;
        file.on_event(happening);
    }
    std::ifstream in(path);
    std::string const text{std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
    BOOST_TEST(text.find("\"verification_id\":\"" + random_half + "\"") != std::string::npos);
    BOOST_TEST(text.find(place) == std::string::npos);
}

BOOST_AUTO_TEST_CASE(has_pseudonyms_and_what_refused) {
    test::temporary_directory const directory;
    auto const path = directory.path() + "/timeline.jsonl";
    {
        app::timeline_file file({.path = path}, 16);
        otp::verification_event happening;
        happening.type = otp::event_type::refused;
        happening.who.number.fill(std::byte{0x1f});
        happening.device = "known";
        happening.is_guess = true;
        happening.error = "limit_exceeded";
        happening.limits = "guesses_client_1m,guesses_address_1h";
        file.on_event(happening);
    }
    std::ifstream in(path);
    std::string const text{std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
    BOOST_TEST(text.find(R"("event":"refused")") != std::string::npos);
    BOOST_TEST(text.find(R"("number":"1f1f1f1f1f1f1f1f","device":"known","guess":true)") !=
               std::string::npos);
    BOOST_TEST(
        text.find(R"("error":"limit_exceeded","limits":"guesses_client_1m,guesses_address_1h")") !=
        std::string::npos);
}

BOOST_AUTO_TEST_SUITE_END()
