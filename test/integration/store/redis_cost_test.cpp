/// The store's cost on the server: one round trip per step with known states, and no remaining
/// keys.

#include "redis_fixture.hpp"

using namespace otpd::test;
using namespace otpd;

namespace {

/// The number of calls of a command by clients since the last CONFIG RESETSTAT.
std::size_t calls(redis_process const& server, std::string const& command) {
    auto const stats = server.ask({"INFO", "commandstats"});
    auto const name = "cmdstat_" + command + ":calls=";
    auto const at = stats.find(name);
    return at == std::string::npos ? 0 : std::stoul(stats.substr(at + name.size()));
}

} // namespace

BOOST_AUTO_TEST_SUITE(redis_cost)

// An instance loads a shared state once, and reads sums twice.
BOOST_AUTO_TEST_CASE(a_step_is_one_command) {
    redis_process server;
    driven_redis_backend store(redis_at(server.url()));
    constexpr std::uint32_t numbers = 100;
    for (std::uint32_t n = 0; n <= numbers; ++n) {
        if (n == 1) server.ask({"CONFIG", "RESETSTAT"});
        auto request = free_send_of(n, 111, n);
        request.idempotency = full_send_of(n, 111, n).idempotency;
        BOOST_CHECK(is<store::admitted>(store.admit(std::move(request))));
        BOOST_CHECK(is<store::reservation_replaced>(store.replace_reservation(
            {address_of(n, n), {store::note{}}, {}, full_send_of(n, 0, n).reservations})));
        store.settle(full_settlement_of(n, n, store::send_result::accepted));
        BOOST_CHECK((store.update(full_update_of(n, n)).value() == store::update_outcome::updated));
        BOOST_TEST(store.spent({daily_budget()}).value().at(0) > 0);
        BOOST_CHECK(is<store::wrong>(store.check(full_guess_of(n, 222))));
        BOOST_TEST(store.find(address_of(n, n)).value().has_value());
        BOOST_CHECK(is<store::verified>(store.check(full_guess_of(n, 111))));
        BOOST_CHECK(is<store::admitted>(store.admit(full_send_of(n, 111, 1000 + n))));
        BOOST_CHECK(
            (store.cancel(address_of(n, 1000 + n)).value() == store::cancel_outcome::canceled));
    }
    BOOST_TEST(calls(server, "evalsha") == 11 * numbers);
    for (auto const* other : {"eval", "script|load", "wait", "multi", "watch", "select", "hello"})
        BOOST_TEST(calls(server, other) == 0U, other);
}

// When everything has expired, the server is as empty as before.
BOOST_AUTO_TEST_CASE(nothing_stays) {
    redis_process server(redis_setup{.tcp = false, .turned_clock = OTPD_TURNED_CLOCK, .more = {}});
    driven_redis_backend store(redis_at(server.url()));
    for (std::uint32_t n = 0; n < 2000; ++n) {
        store.admit(full_send_of(n, 111, n));
        if (n % 3 == 0)
            store.settle(full_settlement_of(n, n, store::send_result::accepted));
        else if (n % 3 == 1)
            store.settle(full_settlement_of(n, n, store::send_result::refused));
        for (std::uint32_t i = 0; i < n % 7; ++i)
            store.check(full_guess_of(n, 222));
        if (n % 4 == 0) store.update(full_update_of(n, n));
        if (n % 2 == 0) store.check(full_guess_of(n, 111));
        if (n % 5 == 0) store.cancel(address_of(n, n));
    }
    BOOST_TEST(server.ask({"DBSIZE"}) != ":0");
    server.advance(91 * one_day); // the retention of a success
    // KEYS visits every key, which deletes expired ones.
    BOOST_TEST(server.ask({"EVAL", "return #redis.call('KEYS', '*')", "0"}) == ":0");
}

BOOST_AUTO_TEST_SUITE_END()
