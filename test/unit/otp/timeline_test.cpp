#include "otpd/otp/timeline.hpp"
#include "otpd/store/verification.hpp"

#include <boost/test/unit_test.hpp>

namespace otpd::test {

using otp::detail_value;
using otp::details_writer;
using otp::read_details;

BOOST_AUTO_TEST_SUITE(timeline_details)

BOOST_AUTO_TEST_CASE(details_are_written_as_documented) {
    auto const text = details_writer()
                          .add("route_id", 8)
                          .add("price", money::from_micros(51'000))
                          .add("reason", "vendor_failed")
                          .add("asked", true)
                          .text();
    BOOST_TEST(text == "route_id=8i,price=51000u,reason=vendor_failed,asked=trueb");
}

BOOST_AUTO_TEST_CASE(what_is_written_is_read_again_with_its_type) {
    details_writer written;
    std::vector<otp::detail> expected;
    for (auto const* text : {"plain", "3", "3i", "-3u", "i", "u", "trueb", "falseb", "a,b=c",
                             "100%", "\xC3\xA9 \n", "x.y_z:-"}) {
        written.add("text", text);
        expected.emplace_back("text", std::string(text));
    }
    written.add("number", std::int64_t{-9'223'372'036'854'775'807}).add("flag", false);
    expected.emplace_back("number", std::int64_t{-9'223'372'036'854'775'807});
    expected.emplace_back("flag", false);
    written.add("cost", money::from_micros(-1));
    expected.emplace_back("cost", money::from_micros(-1));
    BOOST_TEST((read_details(written.text()) == expected));
}

BOOST_AUTO_TEST_CASE(details_are_visible_ascii_without_spaces) {
    std::string every;
    for (int c = 0; c < 256; ++c)
        if (every.size() < 120) every += static_cast<char>(c);
    auto const text = details_writer().add("text", every).text();
    for (char c : text)
        BOOST_TEST((c > ' ' && c < '\x7F'));
}

BOOST_AUTO_TEST_CASE(empty_texts_are_left_out) {
    BOOST_TEST(details_writer().add("reason", "").text().empty());
}

BOOST_AUTO_TEST_CASE(what_does_not_fit_is_left_out_as_a_whole) {
    details_writer details;
    details.add("first", std::string(500, 'x')).add("second", std::string(100, 'y')).add("n", 1);
    BOOST_TEST(details.text().size() <= otpd::store::details_max);
    auto const read = read_details(details.text());
    BOOST_REQUIRE(read.size() == 2U);
    BOOST_TEST(read[1].first == "n");
}

BOOST_AUTO_TEST_CASE(what_cannot_be_read_is_skipped) {
    auto const read = read_details(",=,a,B=1i,b=%,c=%4,d=%GG,e= ,f=99999999999999999999i,g=ok,h=");
    BOOST_REQUIRE(read.size() == 2U);
    BOOST_TEST((read[0] == otp::detail("g", std::string("ok"))));
    BOOST_TEST((read[1] == otp::detail("h", std::string())));
    BOOST_TEST(read_details("").empty());
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace otpd::test
