// The rules of a scope.

#include "otpd/otp/client.hpp"
#include "otpd/otp/policy.hpp"

#include <boost/test/unit_test.hpp>

namespace {

using namespace otpd;
using namespace std::chrono_literals;

} // namespace

BOOST_AUTO_TEST_SUITE(policies)

BOOST_AUTO_TEST_CASE(a_client_and_a_purpose_have_the_rules_of_their_scope) {
    otp::policy rules;
    rules.ttl = 300s;
    rules.plans.push_back({"logins", {}, {"login"}});
    otp::scope_rules payment = rules;
    payment.ttl = 120s;
    payment.plan = "payments";
    rules.scopes.emplace(":payment", payment);
    payment.ttl = 60s;
    rules.scopes.emplace("shop:payment", payment);
    otp::client shop;
    shop.name = "shop";
    otp::client bank;
    bank.name = "bank";
    bank.require_verification_id = true;
    bank.default_plan = "of the bank";

    BOOST_TEST((rules.for_scope(shop, "login").ttl == 300s));
    BOOST_TEST((rules.for_scope(bank, "payment").ttl == 120s));
    BOOST_TEST((rules.for_scope(shop, "payment").ttl == 60s));
    BOOST_TEST(!rules.for_scope(shop, "payment").require_verification_id);
    BOOST_TEST(rules.for_scope(bank, "payment").require_verification_id);
    BOOST_TEST(rules.for_scope(shop, "signup").plan.empty());
    BOOST_TEST(rules.for_scope(shop, "login").plan == "logins");
    BOOST_TEST(rules.for_scope(shop, "payment").plan == "payments");
    BOOST_TEST(rules.for_scope(bank, "payment").plan == "of the bank");
}

BOOST_AUTO_TEST_SUITE_END()
