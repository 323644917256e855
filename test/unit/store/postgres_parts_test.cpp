/// The parts of the PostgreSQL store that need no server.

#include "otpd/store/location.hpp"
#include "otpd/store/postgres_store.hpp"

#include <boost/test/unit_test.hpp>

#include <algorithm>

using namespace otpd;
using namespace otpd::store;

BOOST_AUTO_TEST_SUITE(postgres_parts)

BOOST_AUTO_TEST_CASE(the_schema_can_be_printed) {
    auto const plain = postgres_schema("codes");
    BOOST_TEST(plain.find("create table if not exists codes.subject(") != std::string::npos);
    BOOST_TEST(plain.find("grant") == std::string::npos);
    auto const granted = postgres_schema("codes", "a\"b");
    BOOST_TEST(
        granted.find("grant select, insert, update, delete on codes.subject to \"a\"\"b\";") !=
        std::string::npos);
    BOOST_TEST(granted.ends_with("commit;\n"));
}

BOOST_AUTO_TEST_SUITE_END()
