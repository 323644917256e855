// Instances of one store must have the same secrets, and learn if they have not.

#include "backends.hpp"

using namespace otpd::store;
using namespace otpd::test;

namespace {

shared_secrets secrets(std::uint8_t number_key, std::uint32_t signing_key,
                       std::vector<std::uint32_t> known = {}) {
    shared_secrets secrets;
    secrets.number_key.fill(static_cast<std::byte>(number_key));
    secrets.signing_key = signing_key;
    secrets.known = std::move(known);
    secrets.known.push_back(signing_key);
    return secrets;
}

} // namespace

STORE_TEST(the_first_instance_decides_which_number_key_all_have) {
    contract s;
    BOOST_TEST((s.agree(secrets(1, 10)) == agreement::agreed));
    BOOST_TEST((s.agree(secrets(1, 10)) == agreement::agreed));
    BOOST_TEST((s.agree(secrets(2, 10)) == agreement::other_number_key));
    s.advance(30 * one_day);
    BOOST_TEST((s.agree(secrets(2, 10)) == agreement::other_number_key));
    BOOST_TEST((s.agree(secrets(1, 10)) == agreement::agreed));
}

// First every instance learns the new key, then each one signs with it. None is refused at any
// time.
STORE_TEST(a_signing_key_is_replaced_in_two_steps) {
    contract s;
    for (int instance = 0; instance < 3; ++instance)
        BOOST_TEST((s.agree(secrets(1, 10)) == agreement::agreed));
    for (int instance = 0; instance < 3; ++instance)
        BOOST_TEST((s.agree(secrets(1, 10, {11})) == agreement::agreed));
    BOOST_TEST((s.agree(secrets(1, 11, {10})) == agreement::agreed));
    // An instance that is restarted late.
    BOOST_TEST((s.agree(secrets(1, 10, {11})) == agreement::agreed));
    BOOST_TEST((s.agree(secrets(1, 11, {10})) == agreement::agreed));
    BOOST_TEST((s.agree(secrets(1, 10)) == agreement::unknown_signing_key));
    BOOST_TEST((s.agree(secrets(1, 12)) == agreement::unknown_signing_key));
    BOOST_TEST((s.agree(secrets(1, 11)) == agreement::agreed));
}

STORE_TEST(of_instances_that_start_at_once_with_other_secrets_one_is_let_in) {
    contract s;
    auto const answers = s.in_parallel(40, [&](std::size_t i) {
        return s.get().agree(secrets(static_cast<std::uint8_t>(1 + i % 4), 10));
    });
    int agreed[4] = {};
    for (std::size_t i = 0; i < answers.size(); ++i) {
        BOOST_REQUIRE(answers[i].has_value());
        agreed[i % 4] += *answers[i] == agreement::agreed ? 1 : 0;
    }
    BOOST_TEST(std::ranges::count(agreed, 10) == 1);
    BOOST_TEST(std::ranges::count(agreed, 0) == 3);
}
