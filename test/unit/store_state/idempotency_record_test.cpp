// What is kept of a send that may be asked for again, and its stored form.

#include "states.hpp"

#include <boost/test/unit_test.hpp>

using namespace otpd::store;
using namespace otpd::store::state;
using namespace otpd::test;

BOOST_AUTO_TEST_SUITE(idempotency_records)

BOOST_AUTO_TEST_CASE(a_record_is_read_as_it_was_written) {
    random_states random(6);
    idempotency_record read;
    for (int n = 0; n < 500; ++n) {
        auto const record = random.record();
        std::string bytes;
        encode(bytes, record, 77);
        BOOST_REQUIRE(decode(bytes, read));
        BOOST_TEST(same(record, read));
        BOOST_TEST(version_of(bytes) == 77U);
    }
}

BOOST_AUTO_TEST_CASE(damaged_bytes_are_refused_or_read_as_something_whole) {
    random_states random(7);
    for (int n = 0; n < 10; ++n) {
        std::string bytes;
        encode(bytes, random.record(), 77);
        check_damaged<idempotency_record>(bytes);
    }
}

BOOST_AUTO_TEST_CASE(a_record_is_forgotten_with_its_time) {
    for (auto const& [at, kept] : std::vector<std::pair<store_time, bool>>{
             {some_time - 1us, true}, {some_time, false}, {some_time + 1us, false}}) {
        idempotency_record record;
        record.is_kept = true;
        record.reply = "reply";
        record.retained_until = some_time;
        record.advance(at);
        BOOST_TEST(record.is_kept == kept);
        BOOST_TEST(record.reply.empty() == !kept);
    }
}

BOOST_AUTO_TEST_SUITE_END()
