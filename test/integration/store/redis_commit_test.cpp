/// Compares the script's additions of a batch with those of the C++ code for single-process stores.

#include "backend/redis/commit_script.hpp"
#include "redis_fixture.hpp"
#include "state/shared_state.hpp"

#include <random>

using namespace otpd::test;
using namespace otpd;

namespace {

constexpr auto lane = "{otp}done:test";
constexpr std::int64_t day_ms = 86'400'000;

/// A shared state with these integers, and more bytes after them.
std::string blob_of(store::state::version version, std::vector<std::int64_t> const& integers) {
    std::string blob;
    store::state::writer to(blob);
    store::state::write_header(to, version, store::state::format::shared_1);
    to.byte(static_cast<std::uint8_t>(integers.size()));
    for (auto const integer : integers)
        to.fixed(integer);
    return blob + "the rest";
}

store::state::state_key key_of(std::uint32_t n) {
    return store::state::limit_state_key(subject(n));
}

/// Calls the script like a lane.
class caller {
public:
    void run(store::commit& commit) {
        for (bool is_in_time = false; !is_in_time;) {
            commit.failed.assign(commit.groups, false);
            commit.present.clear();
            commit.now = now();
            store::redis_call call;
            encode(commit, lane, ++number_, call);
            std::vector<std::string> words{"EVAL", std::string(store::redis::commit_script()),
                                           std::to_string(call.keys.size())};
            words.insert(words.end(), call.keys.begin(), call.keys.end());
            words.push_back(call.integers);
            words.push_back(call.texts);
            auto const answer = server.ask(words);
            auto const time = decode(answer, commit);
            BOOST_REQUIRE_MESSAGE(time.has_value(), answer);
            is_in_time = *time - commit.now < 100ms; // otherwise it was refused
        }
    }
    /// A state with such integers, without the expiry that the script appends.
    std::string kept(std::uint32_t n) const {
        auto blob = server.ask({"GET", store::redis_key_of(key_of(n))});
        blob.resize(blob.size() - sizeof(std::int64_t));
        return blob;
    }

    redis_process server;

private:
    [[nodiscard]] store::store_time now() const {
        auto const micros =
            server.ask({"EVAL", "local t = redis.call('TIME') return t[1] * 1000000 + t[2]", "0"});
        return store::store_time(store::counter_time(std::stoll(micros.substr(1)))); // ":"
    }

    std::uint64_t number_ = 0;
};

store::shared_target target_of(std::uint32_t n, store::state::version expected) {
    store::shared_target target;
    target.key = key_of(n);
    target.expected = expected;
    target.retained_until = store::store_time(std::chrono::milliseconds(40'000 * day_ms));
    return target;
}

} // namespace

BOOST_FIXTURE_TEST_SUITE(redis_commits, caller)

BOOST_AUTO_TEST_CASE(additions_are_what_the_other_stores_make_of_them) {
    std::mt19937 chance(7); // NOLINT: the same each time
    auto const below = [&](std::int64_t most) {
        return std::uniform_int_distribution<std::int64_t>(0, most - 1)(chance);
    };
    constexpr std::uint32_t states = 3;
    constexpr std::uint32_t fields = 5;
    std::size_t some_failed = 0;
    std::size_t all_fitted = 0;
    for (int round = 0; round < 300; ++round) {
        server.ask({"FLUSHALL"});
        std::vector<std::vector<std::int64_t>> values(states);
        std::string structures;
        store::commit made;
        for (std::uint32_t n = 0; n < states; ++n) {
            for (std::uint32_t field = 0; field < fields; ++field)
                values[n].push_back(below(40));
            structures += blob_of(1 + n, values[n]);
        }
        for (std::uint32_t n = 0; n < states; ++n) {
            auto& target = made.shared.emplace_back(target_of(n, store::state::absent_version));
            auto const size = structures.size() / states;
            target.structure = std::string_view(structures).substr(n * size, size);
            target.sources.assign(fields, store::state::field::nothing);
        }
        run(made);

        // All additions to one integer are of one kind, so that their order does not matter.
        store::commit added;
        std::vector<store::field_addition> kinds;
        for (std::uint32_t n = 0; n < states; ++n) {
            added.shared.push_back(target_of(n, below(20) == 0 ? 99 : 1 + n));
            for (std::uint32_t field = 0; field < fields; ++field)
                kinds.push_back({n, field, 0, below(4) == 0, below(50), below(8) - 2,
                                 30 + below(90), below(2) == 0 ? 20 : 1000});
            kinds.push_back({n, store::field_addition::nothing, 0, false, 0, 0, 0, 0});
        }
        added.groups = static_cast<std::uint32_t>(1 + below(20));
        for (std::uint32_t group = 0; group < added.groups; ++group)
            for (auto kind : kinds)
                if (below(4) == 0) {
                    kind.group = group;
                    added.additions.push_back(kind);
                }
        auto expected = added;
        expected.failed.assign(expected.groups, false);
        std::vector<std::string> blobs;
        std::vector<char*> places;
        for (std::uint32_t n = 0; n < states; ++n) {
            blobs.push_back(kept(n));
            if (added.shared[n].expected != 1 + n)
                for (auto const& addition : added.additions)
                    if (addition.target == n) expected.failed[addition.group] = true;
        }
        for (auto& blob : blobs)
            places.push_back(blob.data());
        make_additions(expected, places);

        run(added);
        BOOST_TEST(added.failed == expected.failed, "round " << round);
        for (std::uint32_t n = 0; n < states; ++n)
            BOOST_TEST((kept(n) == blobs[n]), "state " << n << " of round " << round);
        bool const fitted = std::ranges::find(expected.failed, true) == expected.failed.end();
        ++(fitted ? all_fitted : some_failed);
    }
    BOOST_TEST(some_failed > 30U);
    BOOST_TEST(all_fitted > 30U);
}

BOOST_AUTO_TEST_CASE(a_new_structure_takes_its_integers_from_the_old_one) {
    auto const first = blob_of(1, {10, 20, 30});
    auto const second = blob_of(2, {0, 7, 0, 0});
    store::commit made;
    made.shared.push_back(target_of(1, store::state::absent_version));
    made.shared[0].structure = first;
    made.shared[0].sources.assign(3, store::state::field::nothing);
    run(made);
    store::commit changed;
    changed.groups = 1;
    changed.shared.push_back(target_of(1, 1));
    changed.shared[0].structure = second;
    changed.shared[0].sources = {2, store::state::field::nothing, 0, 1};
    changed.shared[0].is_wanted = true;
    changed.additions.push_back({0, 3, 0, false, 0, 5, 1000, 1000});
    run(changed);
    BOOST_TEST(!changed.failed[0]);
    BOOST_TEST((kept(1) == blob_of(2, {30, 7, 10, 25})));
    BOOST_REQUIRE(changed.present.size() == 1U);
    BOOST_TEST((changed.present[0].blob == kept(1)));
}

BOOST_AUTO_TEST_CASE(a_shared_state_ends_no_earlier_than_it_did) {
    auto const structure = blob_of(1, {1});
    store::commit made;
    made.groups = 1;
    made.shared.push_back(target_of(1, store::state::absent_version));
    made.shared[0].structure = structure;
    made.shared[0].sources.assign(1, store::state::field::nothing);
    run(made);
    auto const end_of = [this] {
        return server.ask({"EVAL", "return tostring(redis.call('PTTL', KEYS[1]))", "1",
                           store::redis_key_of(key_of(1))});
    };
    auto const before = std::stoll(end_of());
    BOOST_TEST(before > 0);
    for (std::int64_t const later : {-day_ms, day_ms}) {
        store::commit added;
        added.groups = 1;
        added.shared.push_back(target_of(1, 1));
        added.shared[0].retained_until += std::chrono::milliseconds(later);
        added.additions.push_back({0, 0, 0, false, 0, 1, 1000, 1000});
        run(added);
        auto const change = std::stoll(end_of()) - before;
        BOOST_TEST(change <= std::max<std::int64_t>(0, later));
        BOOST_TEST(change > std::max<std::int64_t>(0, later) - 60'000);
    }
    BOOST_TEST((kept(1) == blob_of(1, {3})));
}

BOOST_AUTO_TEST_SUITE_END()
