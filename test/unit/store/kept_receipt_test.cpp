// A receipt comes back as it was, and one of BridgeXAPI takes few bytes.

#include "store/kept_receipt.hpp"

#include <boost/test/unit_test.hpp>

#include <string>
#include <vector>

using namespace otpd;
using namespace otpd::store;

BOOST_AUTO_TEST_SUITE(kept_receipts)

namespace {

void comes_back(receipt const& sent) {
    kept_receipt const kept(sent);
    BOOST_REQUIRE(kept);
    BOOST_REQUIRE(kept.get() == sent);
    auto const more = std::string(kept.bytes()) + "what follows";
    auto const seen = kept_receipt::at(more.data());
    BOOST_REQUIRE(seen.bytes() == kept.bytes());
    BOOST_REQUIRE(seen.get() == sent);
}

std::vector<std::string> ids_of(std::string const& order) {
    return {"",
            "BX-" + order + "-c5f4f53431ed22c2",
            "BX-" + order + "-C5F4F53431ED22C2",
            "BX-" + order + "-c5f4f53431ed22c",
            "BY-" + order + "-c5f4f53431ed22c2",
            "BX-1" + order + "-c5f4f53431ed22c"};
}

} // namespace

BOOST_AUTO_TEST_CASE(whatever_it_says_comes_back) {
    std::vector<std::string> const orders{
        "", "0", "007", "22953", "-1", "22953x", "999999999999999999", "99999999999999999999999"};
    std::vector<std::optional<money>> const costs{std::nullopt, money::from_micros(0),
                                                  money::from_micros(87'000),
                                                  money::from_micros(87'001)};
    for (int const route : {0, 1, 31, 32, -5, 2'000'000'000})
        for (auto const& order : orders)
            for (auto const& id : ids_of(order))
                for (auto const& cost : costs)
                    comes_back(receipt{route, order, id, cost});
    BOOST_TEST(!kept_receipt());
}

BOOST_AUTO_TEST_CASE(one_of_bridgexapi_takes_14_bytes) {
    kept_receipt const kept(
        receipt{3, "22953", "BX-22953-c5f4f53431ed22c2", money::from_micros(87'000)});
    BOOST_TEST(kept.bytes().size() == 14U);
}

BOOST_AUTO_TEST_SUITE_END()
