#include "app/refused_prefixes.hpp"
#include "coroutines.hpp"

#include <boost/test/unit_test.hpp>

#include <map>
#include <random>
#include <string>

using namespace otpd;
using namespace std::chrono_literals;

namespace {

app::refused_prefix one_of(std::string prefix, std::chrono::seconds at = 0s) {
    return {std::move(prefix), "NL", 1, 0, "a_limit", wall_time(at), wall_time(at)};
}

otp::verification_event refusal_of(std::string prefix, std::string error = "limit_exceeded") {
    otp::verification_event event;
    event.type = otp::event_type::blocked;
    event.number_prefix = std::move(prefix);
    event.error = std::move(error);
    return event;
}

} // namespace

BOOST_AUTO_TEST_SUITE(refused_prefixes)

// The bound of the algorithm: what is refused more often than all refusals divided by the size of
// the table is in it, and no count is too low or too high by more than it says.
BOOST_AUTO_TEST_CASE(the_heaviest_of_many_prefixes_are_found) {
    app::prefix_table table;
    std::map<std::string, std::uint64_t> truth;
    std::mt19937 random(1);
    for (int i = 0; i < 20'000; ++i) {
        auto const heavy = random() % 4 == 0;
        auto const prefix = (heavy ? "3161" : "44") + std::to_string(random() % (heavy ? 3 : 5000));
        ++truth[prefix];
        table.count(one_of(prefix));
    }
    auto const list = table.heaviest(wall_time());
    BOOST_TEST(list.size() == app::prefix_table::size_max);
    for (std::size_t i = 0; i < 3; ++i)
        BOOST_TEST(list.at(i).prefix.starts_with("3161"));
    for (auto const& entry : list) {
        BOOST_TEST(entry.refused >= truth.at(entry.prefix));
        BOOST_TEST(entry.refused - entry.over_by_at_most <= truth.at(entry.prefix));
    }
}

BOOST_AUTO_TEST_CASE(a_prefix_that_is_quiet_for_an_hour_goes) {
    app::prefix_table table;
    table.count(one_of("31612345"));
    table.count(one_of("31699999", 1800s));
    BOOST_TEST(table.heaviest(wall_time(3600s)).size() == 2U);
    auto const later = table.heaviest(wall_time(3601s));
    BOOST_REQUIRE(later.size() == 1U);
    BOOST_TEST(later.front().prefix == "31699999");
    table.count(one_of("31612345", 4000s));
    BOOST_TEST(table.heaviest(wall_time(4000s)).front().refused == 1U);
}

// The place of a quiet prefix is free, but who takes it may have been in the table before.
BOOST_AUTO_TEST_CASE(a_prefix_that_was_displaced_comes_back_with_no_count_that_is_too_low) {
    app::prefix_table table;
    auto const count = [&table](std::string const& prefix, int times, std::chrono::seconds at) {
        for (int i = 0; i < times; ++i)
            table.count(one_of(prefix, at));
    };
    for (std::size_t i = 1; i < app::prefix_table::size_max; ++i)
        count("44" + std::to_string(i), 30, 0s);
    count("31612345", 20, 1800s);
    count("31699999", 1, 1800s); // displaces it
    count("31612345", 1, 3700s);
    for (auto const& entry : table.heaviest(wall_time(3700s)))
        if (entry.prefix == "31612345") {
            BOOST_TEST(entry.refused == 21U);
            BOOST_TEST(entry.over_by_at_most == 20U);
        }
    BOOST_TEST(table.heaviest(wall_time(3700s)).size() == 2U);
    // An hour later nobody who was displaced is counted any more.
    count("31655555", 1, 8000s);
    auto const list = table.heaviest(wall_time(8000s));
    BOOST_REQUIRE(list.size() == 1U);
    BOOST_TEST(list.front().refused == 1U);
    BOOST_TEST(list.front().over_by_at_most == 0U);
}

BOOST_AUTO_TEST_CASE(a_cooldown_is_no_abuse) {
    boost::asio::io_context context;
    app::refused_prefixes prefixes(context.get_executor());
    prefixes.on_event(refusal_of("31612345"));
    prefixes.on_event(refusal_of("31612345", "challenge_required"));
    prefixes.on_event(refusal_of("31611111", "cooldown_active"));
    auto const list = test::run(context, prefixes.heaviest(wall_time()));
    BOOST_REQUIRE(list.size() == 1U);
    BOOST_TEST(list.front().prefix == "31612345");
    BOOST_TEST(list.front().refused == 2U);
}

BOOST_AUTO_TEST_CASE(a_flood_waits_in_a_bounded_queue) {
    boost::asio::io_context context;
    app::refused_prefixes prefixes(context.get_executor());
    for (int i = 0; i < 5000; ++i)
        prefixes.on_event(refusal_of("31612345"));
    auto const list = test::run(context, prefixes.heaviest(wall_time()));
    BOOST_REQUIRE(list.size() == 1U);
    BOOST_TEST(list.front().refused == 1024U);
}

BOOST_AUTO_TEST_SUITE_END()
