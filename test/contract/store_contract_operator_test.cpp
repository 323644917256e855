// What operators do: overrides of destinations, and a look at one number.

#include "backends.hpp"

using namespace otpd::store;
using namespace otpd::test;

namespace {

override_change denial_of(std::string destination, duration lasts = one_hour) {
    return {std::move(destination), override_action::deny, "ticket 4711", lasts};
}

class overrides_of {
public:
    explicit overrides_of(contract& of) : of_(of) {}

    override_outcome::kind change(override_change request) {
        return run(of_.context(), of_.get().change_override(std::move(request))).value().is;
    }
    std::vector<destination_override> list() {
        return run(of_.context(), of_.get().overrides()).value();
    }

private:
    contract& of_;
};

inspected inspect(contract& of, inspection request) {
    request.guesses = guess_limit;
    return run(of.context(), of.get().inspect(std::move(request))).value();
}

} // namespace

BOOST_AUTO_TEST_SUITE(store_contract_operator)

STORE_TEST(an_override_is_kept_until_it_ends_by_itself_or_is_ended) {
    contract s;
    overrides_of all(s);
    BOOST_TEST(all.list().empty());
    BOOST_TEST(all.change(denial_of("49151")) == override_outcome::made);
    BOOST_TEST(all.change(denial_of("NL", 60 * one_second)) == override_outcome::made);
    auto const found = all.list();
    BOOST_TEST_REQUIRE(found.size() == 2U);
    BOOST_TEST(found[0].destination == "49151");
    BOOST_TEST((found[0].action == override_action::deny));
    BOOST_TEST(found[0].reason == "ticket 4711");
    BOOST_TEST((found[0].ends_in > one_hour - 30 * one_second));
    BOOST_TEST((found[0].ends_in <= one_hour));
    s.advance(61 * one_second);
    BOOST_TEST(all.list().size() == 1U);
    BOOST_TEST(all.change(denial_of("49151")) == override_outcome::replaced);
    BOOST_TEST(all.change(denial_of("49151", duration(0))) == override_outcome::ended);
    BOOST_TEST(all.change(denial_of("49151", duration(0))) == override_outcome::absent);
    BOOST_TEST(all.list().empty());
}

STORE_TEST(the_overrides_are_bounded) {
    contract s;
    overrides_of all(s);
    for (std::size_t n = 0; n < overrides_max; ++n) {
        auto one = denial_of(std::to_string(10'000 + n));
        one.reason = std::string(override_reason_max, 'r');
        BOOST_TEST_REQUIRE(all.change(std::move(one)) == override_outcome::made);
    }
    BOOST_TEST(all.change(denial_of("NL")) == override_outcome::full);
    BOOST_TEST(all.list().size() == overrides_max);
}

STORE_TEST(of_parallel_changes_none_is_lost) {
    contract s;
    auto const made = s.in_parallel(32, [&s](std::size_t n) {
        return s.get().change_override(denial_of(std::to_string(10'000 + n)));
    });
    for (auto const& entry : made)
        BOOST_TEST((entry.has_value() && entry->is == override_outcome::made));
    BOOST_TEST(overrides_of(s).list().size() == 32U);
}

STORE_TEST(a_number_is_shown_with_its_verifications_guesses_and_limits) {
    contract s;
    s.begin_hour(); // of the guard
    inspection request;
    request.number = number(1);
    BOOST_TEST(inspect(s, request).is_empty());
    rate_limit_check const own{number(1), "own", 4, one_hour};
    rate_limit_check const of_all{subject(everybody), "all", 4, one_hour};
    conversion_guard const guard{subject(one_client + 1), "pumping", 5};
    for (std::uint32_t id : {1U, 2U}) {
        auto send = free_send_of(1, 111, id);
        send.rate_limit_checks = {own, of_all};
        send.guards = {guard};
        s.admitted(send);
        s.advance(2 * one_second);
    }
    s.settle(accepted_settlement(1, 2));
    s.wrong(guess_of(1, 112));
    request.rate_limit_checks = {own, of_all};
    request.guards = {guard};
    for (int n = 0; n < 3; ++n) { // it counts nothing
        auto const seen = inspect(s, request);
        BOOST_TEST_REQUIRE(seen.verifications.size() == 2U);
        BOOST_TEST((seen.verifications[0].id == id_of(2)));
        BOOST_TEST((seen.verifications[0].sent == some_receipt()));
        BOOST_TEST((seen.verifications[1].id == id_of(1)));
        BOOST_TEST(seen.wrong_guesses == 1U);
        BOOST_TEST_REQUIRE(seen.resets_in.size() == 2U);
        for (auto const resets_in : seen.resets_in)
            BOOST_TEST((resets_in > one_hour / 4 && resets_in <= one_hour / 2));
        BOOST_TEST_REQUIRE(seen.guards.size() == 1U);
        BOOST_TEST(seen.guards[0].room == 3);
    }
    request.number = number(2);
    request.rate_limit_checks.clear();
    BOOST_TEST(inspect(s, request).is_empty());
}

BOOST_AUTO_TEST_SUITE_END()
