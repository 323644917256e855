// Releases of numbers by an operator: whose number, and what the log says.

#include "domain_fixture.hpp"

#include <boost/test/unit_test.hpp>

using namespace otpd;
using namespace otpd::test;
using otp::errc;
using store::release_part;

namespace {

otp::outcome<store::released> release(domain_fixture& f, release_part what,
                                      std::string client = "default") {
    otp::release_request request{f.who(), std::move(client), *phone_number::parse(one_number), what,
                                 "ticket 4711"};
    return f.run(f.context, f.domain.releaser.release(std::move(request)));
}

bool has(std::string const& log, std::string_view text) {
    return log.find(text) != std::string::npos;
}

} // namespace

BOOST_AUTO_TEST_SUITE(number_releases)

BOOST_AUTO_TEST_CASE(forget_what_is_asked_for_and_say_so_in_the_log) {
    domain_fixture f;
    f.send();
    f.verify(f.wrong_code());
    BOOST_TEST((release(f, release_part::locks).value() == store::released{1, 0, 0}));
    BOOST_TEST((release(f, release_part::devices).value() == store::released{}));
    auto const log = f.logged();
    for (auto const* line :
         {R"("level":"warn","event":"number_unlocked","request_id":"req-1","by":"default",)"
          R"("client":"default","phone":"*******0670","reason":"ticket 4711","outcome":"done",)"
          R"("wrong_guesses":1,"failures_in_a_row":0})",
          R"("level":"warn","event":"devices_forgotten","request_id":"req-1","by":"default",)"
          R"("client":"default","phone":"*******0670","reason":"ticket 4711","outcome":"done",)"
          R"("devices":0})"})
        BOOST_TEST(has(log, line), log);
    BOOST_TEST(!has(log, one_number));
}

BOOST_AUTO_TEST_CASE(of_a_client_that_there_is_not_do_nothing) {
    domain_fixture f;
    BOOST_TEST((release(f, release_part::locks, "shop").error().code == errc::client_not_found));
    BOOST_TEST(!has(f.logged(), "number_unlocked"));
}

BOOST_AUTO_TEST_CASE(that_may_have_happened_are_in_the_log) {
    domain_fixture f;
    f.store.releases = false;
    BOOST_TEST((release(f, release_part::locks).error().code == errc::store_unavailable));
    BOOST_TEST(has(f.logged(), R"("outcome":"unknown","wrong_guesses":0)"));
}

BOOST_AUTO_TEST_SUITE_END()
