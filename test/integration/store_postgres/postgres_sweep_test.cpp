/// Expiry, and the number of stored rows.

#include "postgres_fixture.hpp"

using namespace otpd::test;
using namespace otpd;

namespace {

struct sweep_fixture {
    postgres_process server{postgres_setup{
        .tcp = false, .turned_clock = OTPD_TURNED_CLOCK, .password = "", .more = {"fsync=off"}}};

    std::string rows() { return server.ask("select count(*) from otpd.subject"); }
};

} // namespace

BOOST_FIXTURE_TEST_SUITE(postgres_sweeping, sweep_fixture)

BOOST_AUTO_TEST_CASE(every_row_ends_and_is_deleted) {
    auto options = postgres_at(server.url());
    options.sweep_interval = 5ms;
    options.sweep_pages = 1; // several slices
    driven_postgres store(options);
    constexpr std::uint32_t sends = 200;
    for (std::uint32_t n = 1; n <= sends; ++n)
        BOOST_REQUIRE(is<store::admitted>(store.admit(hot_send(n))));
    BOOST_TEST(run(store.context(), store->live_codes()).value() == sends);
    BOOST_TEST(rows() == std::to_string(sends + 2)); // the limit and the budget
    server.advance(24h * 30);
    eventually([&] { return rows() == "0"; });
    eventually([&] { return store.swept_rows == sends + 2; });
    BOOST_TEST(run(store.context(), store->live_codes()).value() == 0U);
}

BOOST_AUTO_TEST_CASE(a_full_store_takes_no_more_sends) {
    auto options = postgres_at(server.url());
    options.states_max = 10;
    driven_postgres store(options);
    std::uint32_t n = 0;
    while (is<store::admitted>(store.admit(free_send_of(n + 1, 111, n + 1))))
        ++n;
    BOOST_TEST(n == 10U);
    BOOST_CHECK(is<store::verified>(store.check(guess_of(1, 111))));
    driven_postgres other(options);
    BOOST_TEST(run(other.context(), other->live_codes()).value() == 9U); // counts the rows too
    BOOST_CHECK(!is<store::admitted>(other.admit(free_send_of(50, 111, 50))));
}

// The server's clock decides, whatever it shows.
BOOST_AUTO_TEST_CASE(a_clock_that_is_turned_is_followed) {
    driven_postgres store(postgres_at(server.url()));
    BOOST_CHECK(is<store::admitted>(store.admit(send_of(1, 111, 1))));
    BOOST_CHECK(!is<store::admitted>(store.admit(send_of(1, 111, 2))));
    server.advance(11s); // the cooldown has ended
    BOOST_CHECK(is<store::admitted>(store.admit(send_of(1, 111, 3))));
    server.advance(-24h);
    BOOST_CHECK(is<store::verified>(store.check(guess_of(1, 111))));
    BOOST_CHECK(is<store::admitted>(store.admit(send_of(2, 111, 4))));
}

BOOST_AUTO_TEST_SUITE_END()
