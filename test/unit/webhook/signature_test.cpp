/// Signatures as defined by Standard Webhooks.

#include "otpd/webhook/webhooks.hpp"

#include <boost/test/unit_test.hpp>

using otpd::secret_string;
using otpd::webhook::sign;

namespace {

// whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw
secret_string const
    published_secret("\x31\xf2\x90\xf6\xbf\x06\x29\x8a\xab\x4f\x08\xd4\x3c\x3f\x08\x2c"
                     "\xf6\x48\xa3\x62\xda\x2d\xa4\xb0");
constexpr char const* published_id = "msg_p5jXN8AQM9LWM0D4loKWxJek";
constexpr std::int64_t published_time = 1614265330;
constexpr char const* published_payload = R"({"test": 2432232314})";
constexpr char const* published_signature = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=";
secret_string const other_secret(std::string(24, '\0'));

} // namespace

BOOST_AUTO_TEST_SUITE(webhook_signature)

BOOST_AUTO_TEST_CASE(is_that_of_the_published_example) {
    BOOST_TEST(sign({published_secret}, published_id, published_time, published_payload) ==
               published_signature);
}

BOOST_AUTO_TEST_CASE(is_one_for_each_secret_in_their_order) {
    auto const other = sign({other_secret}, published_id, published_time, published_payload);
    BOOST_TEST(sign({other_secret, published_secret}, published_id, published_time,
                    published_payload) == other + " " + published_signature);
    BOOST_TEST(other != published_signature);
}

BOOST_AUTO_TEST_CASE(is_about_the_id_the_time_and_the_payload) {
    std::vector<secret_string> const secrets{published_secret};
    BOOST_TEST(sign(secrets, "msg_other", published_time, published_payload) !=
               published_signature);
    BOOST_TEST(sign(secrets, published_id, published_time + 1, published_payload) !=
               published_signature);
    BOOST_TEST(sign(secrets, published_id, published_time, "{}") != published_signature);
}

BOOST_AUTO_TEST_SUITE_END()
