#include "otpd/http/address_text.hpp"

#include <boost/test/unit_test.hpp>

#include <string_view>

namespace otpd::http {

BOOST_AUTO_TEST_SUITE(http_address_text)

BOOST_AUTO_TEST_CASE(is_what_asio_writes) {
    for (std::string_view const text :
         {"0.0.0.0", "127.0.0.1", "192.0.2.10", "255.255.255.255", "100.64.9.0", "::", "::1",
          "2001:db8::a", "::ffff:192.0.2.1", "fe80::1%1"}) {
        auto const address = boost::asio::ip::make_address(text);
        BOOST_TEST(to_text(address) == address.to_string());
    }
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace otpd::http
