#include "coroutines.hpp"
#include "otpd/otp/message_owners.hpp"

#include <boost/test/unit_test.hpp>

#include <string>

using namespace otpd;
using namespace otpd::otp;

namespace {

struct owners_fixture {
    bool remember(std::string client, std::string id) {
        return test::run(context, owners.remember(std::move(client), std::move(id)));
    }
    bool is_of(std::string client, std::string id) {
        return test::run(context, owners.is_of(std::move(client), std::move(id)));
    }

    boost::asio::io_context context;
    message_owners owners{context.get_executor()};
};

} // namespace

BOOST_AUTO_TEST_SUITE(message_owners_suite)

BOOST_FIXTURE_TEST_CASE(a_message_is_its_client_s_alone, owners_fixture) {
    BOOST_TEST(!is_of("a", "BX-1"));
    BOOST_TEST(remember("a", "BX-1"));
    BOOST_TEST(!remember("a", "BX-1"));
    BOOST_TEST(is_of("a", "BX-1"));
    BOOST_TEST(!is_of("a", "BX-2"));
    BOOST_TEST(!is_of("b", "BX-1"));
}

BOOST_FIXTURE_TEST_CASE(one_client_s_messages_do_not_make_another_s_forgotten, owners_fixture) {
    BOOST_TEST(remember("b", "BX-b"));
    for (std::size_t i = 0; i <= message_owners::each_max; ++i)
        remember("a", "BX-" + std::to_string(i));
    BOOST_TEST(!is_of("a", "BX-0")); // the oldest was dropped
    BOOST_TEST(is_of("a", "BX-1"));
    BOOST_TEST(is_of("a", "BX-" + std::to_string(message_owners::each_max)));
    BOOST_TEST(is_of("b", "BX-b"));
    BOOST_TEST(remember("a", "BX-0"));
}

BOOST_AUTO_TEST_SUITE_END()
