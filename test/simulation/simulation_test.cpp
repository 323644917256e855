// Some histories for every run of the tests, and proofs that they would notice broken rules. The
// program `simulation` plays any number.

#include "simulation.hpp"
#include "support/rounds.hpp"

#include <boost/test/unit_test.hpp>

#include <array>
#include <cstdint>
#include <memory>
#include <sstream>
#include <string>

namespace otpd::simulation {

using test::rounds;

namespace {

/// As many as take a few seconds on a small machine.
std::uint64_t const histories = rounds(1000, 100);
constexpr std::uint32_t operations = 1000;
/// A broken rule is noticed within this many histories.
constexpr std::uint64_t until_noticed = 200;

outcome play(std::uint64_t seed, stores& on, mutation broken = mutation::nothing,
             bool loses_writes = false) {
    assignment one;
    one.seed = seed;
    one.operations = operations;
    one.broken = broken;
    one.loses_writes = loses_writes;
    return simulate(one, on);
}

std::string trace_of(outcome const& what) {
    std::ostringstream text;
    what.what_happened.write(text, what.what_happened.entries().size());
    return std::move(text).str();
}

/// The histories of the real memory store are the reference for the others.
void require_the_same(std::string const& kind, std::uint64_t first, std::uint64_t count) {
    auto const on = stores_of(kind);
    auto const memory = stores_of("memory");
    for (auto seed = first; seed < first + count; ++seed) {
        auto const here = play(seed, *on);
        BOOST_REQUIRE_MESSAGE(here.divergence.empty(),
                              kind << ", seed " << seed << ": " << here.divergence);
        auto const there = play(seed, *memory);
        BOOST_REQUIRE_MESSAGE(here.what_happened.hash() == there.what_happened.hash(),
                              kind << ", seed " << seed << ": not the history of the memory store");
    }
}

void require_no_divergence(std::string const& kind, std::uint64_t count) {
    auto const on = stores_of(kind);
    for (std::uint64_t seed = 1; seed <= count; ++seed) {
        auto const what = play(seed, *on);
        BOOST_REQUIRE_MESSAGE(what.divergence.empty(),
                              kind << ", seed " << seed << ": " << what.divergence);
    }
}

} // namespace

BOOST_AUTO_TEST_CASE(the_domain_does_what_the_model_says) {
    require_no_divergence("memory", histories);
}

BOOST_AUTO_TEST_CASE(a_seed_is_always_the_same_history) {
    auto const on = stores_of("memory");
    for (std::uint64_t const seed : {1U, 80U, 4711U}) {
        auto const idempotency = play(seed, *on);
        auto const again = play(seed, *on);
        BOOST_TEST(idempotency.what_happened.hash() == again.what_happened.hash());
        BOOST_TEST((trace_of(idempotency) == trace_of(again)));
    }
}

BOOST_AUTO_TEST_CASE(two_seeds_are_two_histories) {
    auto const on = stores_of("memory");
    BOOST_TEST(play(1, *on).what_happened.hash() != play(2, *on).what_happened.hash());
}

/// A history of refusals only would prove nothing.
BOOST_AUTO_TEST_CASE(a_few_histories_hold_every_answer) {
    auto const on = stores_of("memory");
    std::array<int, static_cast<std::size_t>(word::other) + 1> heard{};
    for (std::uint64_t seed = 1; seed <= 10; ++seed) {
        auto const what = play(seed, *on);
        for (auto const& entry : what.what_happened.entries())
            if (entry.what == happening::answer) ++heard.at(static_cast<std::size_t>(entry.a));
    }
    for (auto n = static_cast<std::size_t>(word::sent); n < heard.size() - 1; ++n)
        BOOST_TEST(heard[n] > 0, to_string(static_cast<word>(n)) << " was never heard");
    BOOST_TEST(heard.back() == 0);
}

BOOST_AUTO_TEST_CASE(every_broken_rule_is_noticed) {
    auto const on = stores_of("memory");
    for (auto const& rule : all_mutations()) {
        std::uint64_t seed = 1;
        while (seed <= until_noticed && play(seed, *on, rule.what).divergence.empty())
            ++seed;
        BOOST_TEST(seed <= until_noticed, rule.name << " was not noticed");
    }
}

/// Each instance caches states: it finds out that the other one was faster, or never learns what it
/// did.
BOOST_AUTO_TEST_CASE(instances_that_share_a_server_do_what_the_model_says) {
    require_no_divergence("shared", histories);
}

BOOST_AUTO_TEST_CASE(what_an_instance_saw_holds_when_its_server_has_lost_it) {
    auto const on = stores_of("shared");
    for (std::uint64_t seed = 1; seed <= histories; ++seed) {
        auto const what = play(seed, *on, mutation::nothing, true);
        BOOST_REQUIRE_MESSAGE(what.divergence.empty(), "seed " << seed << ": " << what.divergence);
    }
}

BOOST_AUTO_TEST_CASE(an_instance_that_forgets_with_its_server_is_noticed) {
    auto const on = stores_of("shared");
    std::uint64_t seed = 1;
    while (seed <= until_noticed &&
           play(seed, *on, mutation::forgets_what_it_saw, true).divergence.empty())
        ++seed;
    BOOST_TEST(seed <= until_noticed);
}

BOOST_AUTO_TEST_CASE(sqlite_gives_the_same_answers_as_memory) {
    require_the_same("sqlite", 1, rounds(30, 3));
}

BOOST_AUTO_TEST_CASE(redis_keeps_every_promise) {
    require_no_divergence("redis", rounds(50, 5));
}

/// A lost answer is looked up, so nobody above the store notices.
BOOST_AUTO_TEST_CASE(postgres_keeps_every_promise) {
    require_no_divergence("postgres", rounds(20, 2));
}

} // namespace otpd::simulation
