// Which secrets a store was filled under, in its stored form.

#include "states.hpp"

#include <boost/test/unit_test.hpp>

#include <limits>

using namespace otpd::store;
using namespace otpd::store::state;
using namespace otpd::test;

BOOST_AUTO_TEST_SUITE(secrets_records)

BOOST_AUTO_TEST_CASE(they_are_read_as_they_were_written) {
    for (std::uint32_t const key :
         {0U, 1U, 0x7fff'ffffU, std::numeric_limits<std::uint32_t>::max()}) {
        secrets_record record;
        record.is_kept = true;
        record.number_key = id_of(7);
        record.signing_key = key;
        record.retained_until = some_time;
        std::string bytes;
        encode(bytes, record, 77);
        secrets_record read;
        BOOST_REQUIRE(decode(bytes, read));
        BOOST_TEST((read == record));
        BOOST_TEST(version_of(bytes) == 77U);
        check_damaged<secrets_record>(bytes);
    }
}

BOOST_AUTO_TEST_CASE(they_are_forgotten_with_their_time) {
    for (auto const& [at, kept] : std::vector<std::pair<store_time, bool>>{
             {some_time - 1us, true}, {some_time, false}, {some_time + 1us, false}}) {
        secrets_record record;
        record.is_kept = true;
        record.retained_until = some_time;
        record.advance(at);
        BOOST_TEST(record.is_kept == kept);
    }
}

BOOST_AUTO_TEST_SUITE_END()
