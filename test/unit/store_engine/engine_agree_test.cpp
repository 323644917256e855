// The secrets that all instances of a store have in common.

#include "map_backend.hpp"

using namespace otpd::store;
using namespace otpd::test;

namespace {

/// The answer to an instance that makes codes with the first of these keys, and verifies with all.
agreement agree(engine_world& w, std::uint32_t number_key, std::vector<std::uint32_t> const& keys) {
    return w.run<engine::agree>(shared_secrets{key_of(number_key), keys.front(), keys});
}

} // namespace

BOOST_AUTO_TEST_SUITE(engine_agree)

BOOST_AUTO_TEST_CASE(an_instance_has_the_number_key_of_the_store_and_verifies_its_newest_codes) {
    engine_world w;
    BOOST_TEST((agree(w, 1, {7}) == agreement::agreed)); // the first one
    BOOST_TEST((agree(w, 2, {7}) == agreement::other_number_key));
    BOOST_TEST((agree(w, 1, {8}) == agreement::unknown_signing_key));
    BOOST_TEST((agree(w, 1, {8, 7}) == agreement::agreed));
    BOOST_TEST((agree(w, 1, {7}) == agreement::unknown_signing_key));
    BOOST_TEST((agree(w, 1, {9, 8}) == agreement::agreed));
}

BOOST_AUTO_TEST_CASE(the_store_keeps_what_was_agreed_for_ten_years) {
    engine_world w;
    agree(w, 1, {7});
    auto const end = w.io.ends.at(state::secrets_state_key());
    BOOST_TEST((end == some_time + std::chrono::years(10) + 1min));
}

BOOST_AUTO_TEST_SUITE_END()
