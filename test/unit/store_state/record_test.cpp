// The record of an idempotent send, and of secrets, and its stored form.

#include "states.hpp"

#include <boost/test/unit_test.hpp>

using namespace otpd::store;
using namespace otpd::store::state;
using namespace otpd::test;

BOOST_AUTO_TEST_SUITE(records)

BOOST_AUTO_TEST_CASE(a_record_is_read_as_it_was_written) {
    random_states random(6);
    record read;
    for (int n = 0; n < 500; ++n) {
        auto const made = random.record();
        std::string bytes;
        encode(bytes, made, 77);
        BOOST_REQUIRE(decode(bytes, read));
        BOOST_TEST(same(made, read));
        BOOST_TEST(version_of(bytes) == 77U);
    }
}

BOOST_AUTO_TEST_CASE(damaged_bytes_are_refused_or_read_as_something_whole) {
    random_states random(7);
    for (int n = 0; n < 10; ++n) {
        std::string bytes;
        encode(bytes, random.record(), 77);
        check_damaged<record>(bytes);
    }
}

BOOST_AUTO_TEST_CASE(a_record_is_forgotten_with_its_time) {
    for (auto const& [at, is_kept] : std::vector<std::pair<store_time, bool>>{
             {some_time - 1us, true}, {some_time, false}, {some_time + 1us, false}}) {
        record kept;
        kept.is_kept = true;
        kept.text = "reply";
        kept.retained_until = some_time;
        BOOST_TEST(!kept.advance(at));
        BOOST_TEST(kept.is_kept == is_kept);
        BOOST_TEST(kept.text.empty() == !is_kept);
    }
}

BOOST_AUTO_TEST_SUITE_END()
