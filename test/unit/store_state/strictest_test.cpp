// Merging two versions of a number's state after a store has lost its last writes.

#include "state/strictest.hpp"
#include "states.hpp"

#include <boost/test/unit_test.hpp>

using namespace otpd::store;
using namespace otpd::store::state;
using namespace otpd::test;

namespace {

verification_state code(std::uint64_t id, progress how = progress::active) {
    auto made = typical_number().verifications.front();
    made.id = id_of(id);
    made.admitted += std::chrono::seconds(id);
    if (how != progress::active) made.end(how);
    return made;
}

} // namespace

BOOST_AUTO_TEST_SUITE(strictest_states)

BOOST_AUTO_TEST_CASE(what_is_over_in_one_of_them_is_over) {
    number_state theirs;
    theirs.verifications = {code(1), code(2, progress::canceled), code(3)};
    number_state mine;
    mine.verifications = {code(1, progress::verified), code(2), code(3)};
    make_strictest(theirs, mine);
    BOOST_REQUIRE(theirs.verifications.size() == 3U);
    BOOST_TEST((theirs.verifications[0].code_state == progress::verified));
    BOOST_TEST((theirs.verifications[0].code == code_seed()));
    BOOST_TEST((theirs.verifications[1].code_state == progress::canceled));
    BOOST_TEST((theirs.verifications[1].code == code_seed()));
    BOOST_TEST(theirs.verifications[2].is_live());
}

// The other code may have replaced it, or it may have been used up elsewhere.
BOOST_AUTO_TEST_CASE(a_code_that_only_one_knows_never_verifies) {
    number_state theirs;
    theirs.verifications = {code(2)};
    number_state mine;
    mine.verifications = {code(1), code(3, progress::verified)};
    make_strictest(theirs, mine);
    BOOST_REQUIRE(theirs.verifications.size() == 3U);
    for (std::size_t n = 0; n < 3; ++n) {
        BOOST_TEST((theirs.verifications[n].id == id_of(n + 1)));
        BOOST_TEST(!theirs.verifications[n].is_live());
    }
    BOOST_TEST((theirs.verifications[2].code_state == progress::verified));
}

BOOST_AUTO_TEST_CASE(counts_and_pauses_are_the_greater_ones) {
    number_state theirs;
    theirs.verifications = {code(1)};
    theirs.verifications[0].attempts = 3;
    theirs.verifications[0].open_attempts = 1;
    theirs.limits = {{"a", some_time + 5s}, {"b", some_time + 9s}};
    theirs.cooldowns = {{"a", 2, some_time, some_time + 5s, some_time + 90s}};
    theirs.guesses = guess_state{1, 5, some_time, some_time + 1s, some_time + 8s, some_time + 50s};
    number_state mine;
    mine.verifications = {code(1)};
    mine.verifications[0].attempts = 1;
    mine.verifications[0].open_attempts = 4;
    mine.verifications[0].code_end -= 10s;
    mine.limits = {{"b", some_time + 7s}, {"a", some_time + 6s}, {"c", some_time + 1s}};
    mine.cooldowns = {{"b", 1, some_time, some_time + 1s, some_time + 1s},
                      {"a", 1, some_time + 3s, some_time + 8s, some_time + 80s}};
    mine.guesses =
        guess_state{4, 2, some_time + 2s, some_time + 4s, some_time + 6s, some_time + 60s};
    make_strictest(theirs, mine);
    auto const& only = theirs.verifications.at(0);
    BOOST_TEST(only.attempts == 3U);
    BOOST_TEST(only.open_attempts == 4U);
    BOOST_TEST((only.code_end == mine.verifications[0].code_end));
    BOOST_TEST((theirs.limits == std::vector<number_limit>{{"a", some_time + 6s},
                                                           {"b", some_time + 9s},
                                                           {"c", some_time + 1s}}));
    BOOST_TEST((theirs.cooldowns == std::vector<cooldown_state>{
                                        {"a", 2, some_time + 3s, some_time + 8s, some_time + 90s},
                                        {"b", 1, some_time, some_time + 1s, some_time + 1s}}));
    BOOST_TEST((theirs.guesses == guess_state{4, 5, some_time + 2s, some_time + 4s, some_time + 8s,
                                              some_time + 60s}));
}

BOOST_AUTO_TEST_CASE(what_one_of_them_has_not_got_is_the_other_s) {
    auto const full = typical_number();
    number_state nothing;
    auto theirs = full;
    make_strictest(theirs, nothing);
    BOOST_TEST((theirs.limits == full.limits));
    BOOST_TEST((theirs.cooldowns == full.cooldowns));
    BOOST_TEST(!theirs.verifications.at(0).is_live());
    make_strictest(nothing, full);
    BOOST_TEST((nothing.limits == full.limits));
    BOOST_TEST((nothing.cooldowns == full.cooldowns));
    BOOST_TEST(!nothing.verifications.at(0).is_live());
}

BOOST_AUTO_TEST_SUITE_END()
