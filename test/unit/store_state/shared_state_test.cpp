// Shared states: named integers, their stored form, and the hours and days of a conversion guard.

#include "states.hpp"

#include <boost/test/unit_test.hpp>

using namespace otpd::store;
using namespace otpd::store::state;
using namespace otpd::test;

namespace {

/// With the values 1 to 8 in its fields, in order.
shared_state guarded() {
    shared_state state;
    state.add_guard(some_time, 120s);
    std::int16_t place = 0;
    for (auto& field : state.fields) {
        field.source = place++;
        field.stored = field.current = place;
    }
    return state;
}

/// The values of a guard whose fields are the first of a state.
std::vector<std::int64_t> values(shared_state const& state) {
    std::vector<std::int64_t> all;
    for (auto const& field : state.fields)
        all.push_back(field.current);
    return all;
}
using numbers = std::vector<std::int64_t>;

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
        // writes the stored values, without the batch's additions
        auto expected = state;
        for (auto& field : expected.fields)
            field.current = field.stored;
        BOOST_TEST(same(expected, read), "state " << n);
        BOOST_TEST(version_of(bytes) == 77U);
    }
}

BOOST_AUTO_TEST_CASE(the_integers_are_where_other_programs_expect_them) {
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
    auto state = guarded();
    state.fields.pop_back();
    std::string bytes;
    encode(bytes, state, 77);
    shared_state read;
    BOOST_TEST(!decode(bytes, read));
}

BOOST_AUTO_TEST_CASE(a_guard_without_a_typing_time_is_refused) {
    for (auto const typing : {0s, 1s}) {
        auto state = guarded();
        state.guard->typing = typing;
        std::string bytes;
        encode(bytes, state, 77);
        shared_state read;
        BOOST_TEST(decode(bytes, read) == (typing == 1s));
    }
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

// The hour's sent and typed counts, each with that of the previous hour, and the same for the last
// 120 s.
BOOST_AUTO_TEST_CASE(a_period_becomes_the_period_before) {
    for (auto const& [later, expected] :
         std::vector<std::pair<counter_time, numbers>>{{115'432ms, {1, 2, 3, 4, 5, 6, 7, 8}},
                                                       {115'433ms, {1, 2, 3, 4, 0, 5, 0, 7}},
                                                       {235'433ms, {1, 2, 3, 4, 0, 0, 0, 0}},
                                                       {1h - 4567ms, {0, 1, 0, 3, 0, 0, 0, 0}},
                                                       {2h - 4567ms, {0, 0, 0, 0, 0, 0, 0, 0}}}) {
        auto state = guarded();
        BOOST_TEST(!state.advance(some_time));
        BOOST_TEST(state.advance(some_time + later) == (later > 115'432ms));
        BOOST_TEST(values(state) == expected, later.count());
        BOOST_TEST(!state.advance(some_time + later));
    }
}

BOOST_AUTO_TEST_CASE(an_hour_may_end_within_a_period) {
    auto const end_of_hour = some_time + 1h - 4567ms;
    shared_state state;
    state.add_guard(end_of_hour - 1us, 7s);
    BOOST_TEST(state.advance(end_of_hour));
    BOOST_TEST(!state.advance(end_of_hour));
}

// Other instances add meanwhile: a backend takes its current value from the field's former
// position.
BOOST_AUTO_TEST_CASE(a_field_that_moved_says_where_it_was) {
    auto state = guarded();
    state.advance(some_time + 1h);
    BOOST_TEST(state.find(field_name::hour.sent)->source == field::nothing);
    BOOST_TEST(state.find(field_name::hour.sent_before)->source == 0);
    BOOST_TEST(state.find(field_name::hour.typed_before)->source == 2);
    BOOST_TEST(state.find(field_name::recent.sent_before)->source == field::nothing);
    state = guarded();
    state.advance(some_time + 120s);
    BOOST_TEST(state.find(field_name::hour.sent)->source == 0);
    BOOST_TEST(state.find(field_name::recent.sent_before)->source == 4);
    BOOST_TEST(state.find(field_name::recent.typed_before)->source == 6);
    BOOST_TEST(state.add_field("new").source == field::nothing);
}

BOOST_AUTO_TEST_CASE(a_clock_that_went_back_keeps_every_count) {
    auto state = guarded();
    BOOST_TEST(state.advance(some_time - 48h));
    BOOST_TEST(values(state) == (numbers{1, 2, 3, 4, 5, 6, 7, 8}));
    BOOST_TEST(state.guard->hour == period_of(some_time - 48h, 1h));
    BOOST_TEST(state.guard->recent == period_of(some_time - 48h, 120s));
}

BOOST_AUTO_TEST_CASE(another_typing_time_keeps_every_count) {
    auto state = guarded();
    BOOST_TEST(!state.add_guard(some_time, 120s));
    BOOST_TEST(state.add_guard(some_time, 60s));
    BOOST_TEST(values(state) == (numbers{1, 2, 3, 4, 5, 6, 7, 8}));
    BOOST_TEST(state.guard->recent == period_of(some_time, 60s));
}

BOOST_AUTO_TEST_CASE(of_too_many_fields_those_that_are_idle_go) {
    for (int const count : {64, 65}) {
        std::deque<std::string> names;
        shared_state state;
        for (int n = 8; n < count; ++n) {
            names.push_back("limit" + std::to_string(n));
            auto& field = state.add_field(names.back());
            field.current = field.stored =
                some_time.time_since_epoch().count() + (n == 27 ? 1 : 0); // one is not idle
        }
        state.add_guard(some_time, 120s); // eight fields
        BOOST_TEST(state.advance(some_time) == (count == 65));
        BOOST_TEST(state.fields.size() == (count == 65 ? 9U : 64U));
        BOOST_TEST((state.find("limit27") != nullptr));
        BOOST_TEST((state.fields.at(state.guard->fields_at).name == field_name::hour.sent));
    }
}

BOOST_AUTO_TEST_CASE(scores_lose_no_field_before_their_end) {
    shared_state state;
    std::vector<std::string> names;
    for (int n = 0; n < 250; ++n)
        names.push_back(std::to_string(n));
    for (auto const& name : names)
        state.add_field(name).current = 1;
    state.sum_end = some_time + 26h;
    BOOST_TEST(!state.advance(some_time));
    BOOST_TEST(state.fields.size() == 250U);
    BOOST_TEST(state.advance(some_time + 26h));
    BOOST_TEST(state.fields.empty());
}

BOOST_AUTO_TEST_SUITE_END()
