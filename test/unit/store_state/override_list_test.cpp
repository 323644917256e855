// The list of overrides and its stored form.

#include "state/override_list.hpp"
#include "states.hpp"

#include <boost/test/unit_test.hpp>

using namespace otpd::store;
using namespace otpd::store::state;
using namespace otpd::test;

namespace {

override_state override_number(std::size_t n) {
    override_state one;
    one.destination = std::to_string(100'000 + n);
    one.action = static_cast<override_action>(n % 3);
    one.reason = std::string(n % (override_reason_max + 1), 'r');
    one.made = first_time + std::chrono::milliseconds(1003) * n;
    one.end = one.made + std::chrono::seconds(n + 1);
    return one;
}

override_list list_of_overrides(std::size_t count) {
    override_list list;
    for (std::size_t n = 0; n < count; ++n)
        list.entries.push_back(override_number(n));
    return list;
}

std::string written(override_list const& list) {
    std::string bytes;
    encode(bytes, list, 77);
    return bytes;
}

/// Whether a list of one such override can be read.
template <class Change>
bool is_read(Change change) {
    auto list = list_of_overrides(1);
    change(list.entries.front());
    override_list read;
    bool const is_good = decode(written(list), read);
    BOOST_TEST(is_good != read.is_empty());
    return is_good;
}

} // namespace

BOOST_AUTO_TEST_SUITE(override_lists)

BOOST_AUTO_TEST_CASE(a_list_of_overrides_is_read_as_it_was_written) {
    for (std::size_t const count : {std::size_t{1}, std::size_t{2}, overrides_max}) {
        auto const bytes = written(list_of_overrides(count));
        override_list read;
        BOOST_REQUIRE(decode(bytes, read));
        BOOST_TEST((read == list_of_overrides(count)));
        BOOST_TEST(version_of(bytes) == 77U);
    }
}

BOOST_AUTO_TEST_CASE(what_no_rule_writes_is_no_list_of_overrides) {
    override_list read;
    BOOST_TEST(!decode(written(override_list()), read)); // an empty one is not stored
    BOOST_TEST(!decode(written(list_of_overrides(overrides_max + 1)), read));
    auto twice = list_of_overrides(1);
    twice.entries.push_back(twice.entries.front());
    BOOST_TEST(!decode(written(twice), read));
    BOOST_TEST(is_read([](override_state&) {}));
    BOOST_TEST(is_read([](override_state& one) { one.destination += "00"; }));
    BOOST_TEST(is_read([](override_state& one) { one.end = one.made + override_longest; }));
    BOOST_TEST(!is_read([](override_state& one) { one.destination.clear(); }));
    BOOST_TEST(!is_read([](override_state& one) { one.destination += "000"; }));
    BOOST_TEST(!is_read([](override_state& one) { one.action = static_cast<override_action>(3); }));
    BOOST_TEST(!is_read([](override_state& one) { one.reason = std::string(201, 'r'); }));
    BOOST_TEST(!is_read([](override_state& one) { one.end = one.made; }));
    BOOST_TEST(!is_read([](override_state& one) { one.end = one.made - counter_time(1); }));
    BOOST_TEST(!is_read(
        [](override_state& one) { one.end = one.made + override_longest + counter_time(1); }));
}

BOOST_AUTO_TEST_CASE(a_cut_list_of_overrides_is_refused) {
    auto const bytes = written(list_of_overrides(3));
    override_list read;
    for (std::size_t size = 0; size < bytes.size(); ++size)
        BOOST_TEST(!decode(std::string_view(bytes).substr(0, size), read));
    BOOST_TEST(!decode(bytes + 'x', read));
}

BOOST_AUTO_TEST_CASE(an_ended_override_is_dropped_and_one_of_the_future_was_made_now) {
    auto list = list_of_overrides(3); // they end after 1 s, 3.003 s and 5.006 s
    BOOST_TEST(!list.advance(first_time + std::chrono::seconds(2)));
    BOOST_TEST(list.entries.size() == 2U);
    auto const early = first_time - std::chrono::hours(1);
    BOOST_TEST(list.advance(early));
    BOOST_TEST((list.entries.back().made == early));
    BOOST_TEST((list.entries.back().end == early + std::chrono::seconds(3)));
    BOOST_TEST((list.retained_until() == list.entries.back().end + std::chrono::minutes(1)));
}

BOOST_AUTO_TEST_CASE(an_override_that_is_barely_in_the_future_was_made_by_another_instance) {
    for (auto const ahead : {clock_tolerance, clock_tolerance + 1us}) {
        auto list = list_of_overrides(1);
        auto const now = first_time - ahead;
        bool const is_moved = ahead > clock_tolerance;
        BOOST_TEST(list.advance(now) == is_moved);
        BOOST_TEST((list.entries.at(0).made == (is_moved ? now : first_time)));
    }
}

BOOST_AUTO_TEST_SUITE_END()
