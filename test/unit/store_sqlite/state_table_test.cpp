// Commits of several groups in the file: each is written as a whole or not at all.

#include "backend/sqlite/sqlite_file.hpp"
#include "backend/sqlite/state_table.hpp"
#include "state/shared_state.hpp"
#include "temporary_directory.hpp"

#include <boost/test/unit_test.hpp>

#include <initializer_list>

using namespace otpd::store;
using namespace otpd::test;
using namespace std::chrono_literals;

namespace {

constexpr store_time now(24h * 365 * 50);

state::state_key key(state::key_kind kind, std::uint8_t n) {
    state::state_key made{kind, {}};
    made.hash[0] = std::byte{n};
    return made;
}
constexpr std::uint8_t some = 1;
constexpr std::uint8_t other = 2;

/// The blob of a shared state with these fields.
std::string shared_of(std::initializer_list<state::field> fields, state::version version) {
    state::shared_state made;
    made.fields = fields;
    std::string bytes;
    encode(bytes, made, version);
    return bytes;
}

struct table_fixture {
    temporary_directory directory;
    std::unique_ptr<sqlite_database> database = std::get<std::unique_ptr<sqlite_database>>(
        open_sqlite_file(directory.path() + "/otpd.db", 1U << 20U));
    state_table table{*database};

    bool prepare(commit& commit) {
        std::vector<flight::load> loads;
        for (auto const& write : commit.writes)
            loads.emplace_back().key = write.key;
        for (auto const& entry : commit.shared)
            loads.emplace_back().key = entry.key;
        table.load(loads);
        return table.prepare(commit);
    }
    /// Writes `commit` in a transaction.
    void apply(commit& commit) {
        if (!prepare(commit)) return;
        table.begin();
        table.write(commit);
        BOOST_TEST(table.end());
    }
    std::string kept(state::state_key const& of) {
        std::vector<flight::load> loads(1);
        loads[0].key = of;
        table.load(loads);
        return std::string(loads[0].blob);
    }
    std::int64_t value(state::state_key const& of, std::string_view field) {
        auto const blob = kept(of);
        state::shared_state found;
        BOOST_REQUIRE(decode(blob, found));
        return found.value(field);
    }
};

/// A commit with this many groups.
commit of_groups(std::uint32_t groups) {
    commit made;
    made.groups = groups;
    made.failed.assign(groups, false);
    made.now = now;
    return made;
}

state_write put(state::state_key const& at, std::string_view blob, std::uint32_t group) {
    state_write made;
    made.key = at;
    made.type = state_write::kind::put;
    made.blob = blob;
    made.retained_until = now + 1h;
    made.live = {1, now + 1min};
    made.group = group;
    return made;
}

shared_target target(state::state_key const& at, std::string_view structure,
                     std::vector<std::int16_t> sources) {
    shared_target made;
    made.key = at;
    made.structure = structure;
    made.sources = std::move(sources);
    made.retained_until = now + 1h;
    return made;
}

/// An addition to the first field.
field_addition addition(std::uint32_t to, std::uint32_t group, std::int64_t delta,
                        std::int64_t bound) {
    field_addition made;
    made.target = to;
    made.group = group;
    made.delta = delta;
    made.bound = bound;
    made.ceiling = bound;
    return made;
}

auto const number = key(state::key_kind::number, some);
auto const other_number = key(state::key_kind::number, other);
auto const limit = key(state::key_kind::limit, some);
auto const other_limit = key(state::key_kind::limit, other);

} // namespace

BOOST_FIXTURE_TEST_SUITE(state_table_rules, table_fixture)

BOOST_AUTO_TEST_CASE(of_a_group_that_fails_nothing_is_written) {
    auto const structure = shared_of({{.name = "n"}}, 1);
    auto what = of_groups(2);
    what.shared = {target(limit, structure, {-1}), target(other_limit, structure, {-1})};
    what.writes = {put(number, "the first group's", 0), put(other_number, "the second's", 1)};
    what.additions = {addition(0, 0, 3, 5), addition(1, 1, 1, 5), addition(0, 1, 3, 5)};
    apply(what);
    BOOST_TEST(!what.failed[0]);
    BOOST_TEST(what.failed[1]); // 3 and 3 exceed 5
    BOOST_TEST(kept(number) == "the first group's");
    BOOST_TEST(kept(other_number) == "");
    BOOST_TEST(value(limit, "n") == 3);
    BOOST_TEST(kept(other_limit) == ""); // a new state, whose addition failed
    BOOST_TEST(table.states() == 2U);
    BOOST_TEST(table.live_codes() == 1U);

    auto failing = of_groups(1);
    failing.shared = {target(limit, {}, {})};
    failing.additions = {addition(0, 0, 3, 5)};
    BOOST_TEST(!prepare(failing));
}

BOOST_AUTO_TEST_CASE(a_new_structure_takes_the_values_of_the_old_one) {
    auto const before = shared_of({{.name = "a", .stored = 7}, {.name = "b", .stored = 8}}, 1);
    auto first = of_groups(1);
    first.shared = {target(limit, before, {-1, -1})};
    first.additions = {addition(0, 0, 1, 100)};
    apply(first);
    auto const after = shared_of({{.name = "c"}, {.name = "b"}}, 2);
    auto second = of_groups(1);
    second.shared = {target(limit, after, {-1, 1})};
    second.additions = {addition(0, 0, 5, 100)};
    apply(second);
    BOOST_TEST(value(limit, "a") == 0);
    BOOST_TEST(value(limit, "b") == 8);
    BOOST_TEST(value(limit, "c") == 5);
    BOOST_TEST(state::version_of(kept(limit)) == 2U);
    BOOST_TEST(table.states() == 1U);
}

BOOST_AUTO_TEST_CASE(what_is_rolled_back_is_not_counted) {
    auto what = of_groups(1);
    what.writes = {put(number, "a", 0)};
    apply(what);
    auto more = of_groups(1);
    more.writes = {put(other_number, "b", 0)};
    BOOST_TEST(prepare(more));
    table.begin();
    table.write(more);
    BOOST_TEST(table.states() == 2U);
    table.roll_back();
    BOOST_TEST(table.states() == 1U);
    BOOST_TEST(table.live_codes() == 1U);
    BOOST_TEST(kept(other_number) == "");
}

BOOST_AUTO_TEST_CASE(what_is_erased_is_gone_and_may_be_erased_again) {
    auto what = of_groups(1);
    what.writes = {put(number, "a", 0)};
    apply(what);
    what.writes[0].type = state_write::kind::erase;
    apply(what);
    BOOST_TEST(kept(number) == "");
    BOOST_TEST(table.states() == 0U);
    BOOST_TEST(table.live_codes() == 0U);
    BOOST_TEST(prepare(what));
    table.begin();
    table.write(what);
    BOOST_TEST(!table.end());
    BOOST_TEST(table.states() == 0U);
}

// A later expiry is not moved in the index: the sweep finds the state at the earlier time and
// checks it again.
BOOST_AUTO_TEST_CASE(a_state_is_deleted_at_its_last_end_and_not_before) {
    auto const structure = shared_of({{.name = "n"}}, 1);
    auto what = of_groups(1);
    what.shared = {target(limit, structure, {-1})};
    what.additions = {addition(0, 0, 1, 100)};
    apply(what);
    what.shared[0].structure = {};
    what.shared[0].retained_until = now + 3h;
    apply(what);
    what.shared[0].retained_until = now + 2h; // never earlier
    apply(what);

    auto const sweep = [this](store_time at) {
        table.begin();
        auto const done = table.sweep(at, 10);
        table.end();
        return done;
    };
    BOOST_TEST(sweep(now + 1h - 1us).looked_at == 0U);
    BOOST_TEST(sweep(now + 1h).looked_at == 1U);
    BOOST_TEST(sweep(now + 3h - 1us).looked_at == 0U);
    BOOST_TEST(table.states() == 1U);
    BOOST_TEST(sweep(now + 3h).deleted == 1U);
    BOOST_TEST(table.states() == 0U);
}

BOOST_AUTO_TEST_SUITE_END()
