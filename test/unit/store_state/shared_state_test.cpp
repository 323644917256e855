// What many steps share: named integers, their stored form, and the hours and days of a conversion
// guard.

#include "states.hpp"

#include <boost/test/unit_test.hpp>

using namespace otpd::store;
using namespace otpd::store::state;
using namespace otpd::test;

namespace {

shared_state guarded(std::int64_t sent, std::int64_t verified) {
    shared_state state;
    state.add_guard(some_time);
    for (auto const& [name, value] :
         std::vector<std::pair<std::string_view, std::int64_t>>{{field_name::sent, sent},
                                                                {field_name::sent_before, 5},
                                                                {field_name::verified, verified},
                                                                {field_name::verified_before, 3},
                                                                {field_name::verified_today, 99}}) {
        auto& each = *state.find(name);
        each.stored = each.current = value;
    }
    for (std::size_t n = 0; n < 14; ++n) {
        auto& each = state.fields[field_name::first_day + n];
        each.stored = each.current = static_cast<std::int64_t>(n) + 1;
    }
    std::int16_t place = 0;
    for (auto& each : state.fields)
        each.source = place++;
    return state;
}

/// Of a guard that is the first of a state: yesterday is 1.
std::int64_t verified_days_ago(shared_state const& of, std::size_t days) {
    return of.fields.at(of.guard->fields_at + field_name::first_day + days - 1).current;
}

} // namespace

BOOST_AUTO_TEST_SUITE(shared_states)

BOOST_AUTO_TEST_CASE(a_state_is_read_as_it_was_written) {
    random_states random(4);
    shared_state read;
    for (int n = 0; n < 1000; ++n) {
        auto const state = random.shared();
        std::string bytes;
        encode(bytes, state, 77);
        BOOST_REQUIRE(decode(bytes, read));
        // written are the stored values, not what a batch adds
        auto expected = state;
        for (auto& each : expected.fields)
            each.current = each.stored;
        BOOST_TEST(same(expected, read), "state " << n);
        BOOST_TEST(version_of(bytes) == 77U);
    }
}

BOOST_AUTO_TEST_CASE(the_integers_are_where_other_programs_look_for_them) {
    shared_state state;
    state.add_field("a").stored = 0x0102;
    state.add_field("b").stored = 1;
    std::string bytes;
    encode(bytes, state, 77);
    BOOST_TEST(bytes[field_count_at] == 2);
    std::string const fields("\x02\x01\0\0\0\0\0\0\x01\0\0\0\0\0\0\0", 16);
    BOOST_TEST((bytes.substr(fields_at, 16) == fields));
}

BOOST_AUTO_TEST_CASE(damaged_bytes_are_refused_or_read_as_something_whole) {
    random_states random(5);
    for (int n = 0; n < 20; ++n) {
        std::string bytes;
        encode(bytes, random.shared(), 77);
        check_damaged<shared_state>(bytes);
        shared_state read;
        for (std::size_t size = 0; size < bytes.size(); ++size)
            BOOST_TEST(!decode(std::string_view(bytes).substr(0, size), read));
    }
}

BOOST_AUTO_TEST_CASE(a_field_is_from_0_to_what_everybody_counts_exactly) {
    for (auto const& [value, good] :
         std::vector<std::pair<std::int64_t, bool>>{{-1, false},
                                                    {0, true},
                                                    {value_max - 1, true},
                                                    {value_max, true},
                                                    {value_max + 1, false}}) {
        shared_state state;
        state.add_field("a").stored = value;
        std::string bytes;
        encode(bytes, state, 77);
        shared_state read;
        BOOST_TEST(decode(bytes, read) == good, value);
    }
}

BOOST_AUTO_TEST_CASE(a_guard_without_all_of_its_fields_is_refused) {
    auto state = guarded(1, 1);
    state.fields.pop_back();
    std::string bytes;
    encode(bytes, state, 77);
    shared_state read;
    BOOST_TEST(!decode(bytes, read));
}

BOOST_AUTO_TEST_CASE(a_sum_is_forgotten_with_its_time) {
    for (auto const& [at, kept] : std::vector<std::pair<store_time, bool>>{
             {some_time - 1us, true}, {some_time, false}, {some_time + 1us, false}}) {
        shared_state state;
        state.add_field(field_name::sum).current = 7;
        state.sum_end = some_time;
        BOOST_TEST(state.advance(at) == !kept);
        BOOST_TEST(state.value(field_name::sum) == (kept ? 7 : 0));
    }
}

BOOST_AUTO_TEST_CASE(an_hour_becomes_the_hour_before) {
    auto state = guarded(8, 6);
    BOOST_TEST(!state.advance(some_time));
    BOOST_TEST(state.advance(some_time + 1h));
    BOOST_TEST(state.value(field_name::sent) == 0);
    BOOST_TEST(state.value(field_name::sent_before) == 8);
    BOOST_TEST(state.value(field_name::verified) == 0);
    BOOST_TEST(state.value(field_name::verified_before) == 6);
    BOOST_TEST(state.value(field_name::verified_today) == 99);
    BOOST_TEST(!state.advance(some_time + 1h));
}

// Others add to what is kept meanwhile: a backend takes what it has, from where it was.
BOOST_AUTO_TEST_CASE(a_field_that_moved_says_where_it_was) {
    auto state = guarded(8, 6);
    state.advance(some_time + 24h);
    BOOST_TEST(state.find(field_name::sent)->source == field::nothing);
    BOOST_TEST(state.find(field_name::sent_before)->source == field::nothing);
    BOOST_TEST(state.find(field_name::blocked_until)->source == 4);
    BOOST_TEST(state.find(field_name::verified_today)->source == field::nothing);
    BOOST_TEST(state.find("guard.day1")->source == 5);
    BOOST_TEST(state.find("guard.day14")->source == 18);
    state = guarded(8, 6);
    state.advance(some_time + 1h);
    BOOST_TEST(state.find(field_name::sent_before)->source == 0);
    BOOST_TEST(state.find(field_name::verified_before)->source == 2);
    BOOST_TEST(state.add_field("new").source == field::nothing);
}

BOOST_AUTO_TEST_CASE(after_two_hours_nothing_is_left_of_an_hour) {
    auto state = guarded(8, 6);
    BOOST_TEST(state.advance(some_time + 2h));
    BOOST_TEST(state.value(field_name::sent_before) == 0);
    BOOST_TEST(state.value(field_name::verified_before) == 0);
}

BOOST_AUTO_TEST_CASE(a_day_becomes_the_day_before) {
    auto state = guarded(8, 6);
    state.advance(some_time + 24h);
    BOOST_TEST(state.value(field_name::verified_today) == 0);
    BOOST_TEST(verified_days_ago(state, 1) == 99);
    BOOST_TEST(verified_days_ago(state, 2) == 1);
    BOOST_TEST(verified_days_ago(state, 14) == 13);
}

BOOST_AUTO_TEST_CASE(after_days_without_any_their_places_are_empty) {
    for (int const days : {2, 14, 15, 400}) {
        auto state = guarded(8, 6);
        state.advance(some_time + days * 24h);
        BOOST_TEST(verified_days_ago(state, 1) == 0);
        for (int ago = 1; ago <= 14; ++ago)
            BOOST_TEST((verified_days_ago(state, static_cast<std::size_t>(ago)) == 99) ==
                           (ago == days),
                       ago << " days ago after " << days);
    }
}

BOOST_AUTO_TEST_CASE(a_clock_that_went_back_keeps_every_count) {
    auto state = guarded(8, 6);
    BOOST_TEST(state.advance(some_time - 48h));
    BOOST_TEST(state.value(field_name::sent) == 8);
    BOOST_TEST(state.value(field_name::verified) == 6);
    BOOST_TEST(state.value(field_name::verified_today) == 99);
    BOOST_TEST(verified_days_ago(state, 1) == 1);
    BOOST_TEST(state.guard->hour == hour_of(some_time - 48h));
}

BOOST_AUTO_TEST_CASE(of_too_many_fields_those_that_are_idle_go) {
    for (int const count : {64, 65}) {
        std::deque<std::string> names;
        shared_state state;
        for (int n = 20; n < count; ++n) {
            names.push_back("limit" + std::to_string(n));
            auto& each = state.add_field(names.back());
            each.current = each.stored =
                some_time.time_since_epoch().count() + (n == 27 ? 1 : 0); // one is not idle
        }
        state.add_guard(some_time); // twenty fields
        BOOST_TEST(state.advance(some_time) == (count == 65));
        BOOST_TEST(state.fields.size() == (count == 65 ? 21U : 64U));
        BOOST_TEST((state.find("limit27") != nullptr));
        BOOST_TEST((state.fields.at(state.guard->fields_at).name == field_name::sent));
    }
}

BOOST_AUTO_TEST_SUITE_END()
