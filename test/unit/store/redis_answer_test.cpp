// The reply of the Redis store's script is either parsed correctly or refused.

#include "store/backend/redis/commit_script.hpp"
#include "store/state/bytes.hpp"

#include <boost/test/unit_test.hpp>

using namespace otpd::store;

namespace {

commit two_writes_and_a_shared() {
    commit commit;
    commit.groups = 2;
    commit.failed.assign(2, false);
    commit.writes.resize(2);
    commit.writes[1].key.kind = state::key_kind::request;
    commit.shared.resize(1);
    commit.shared[0].key.kind = state::key_kind::budget;
    return commit;
}

std::string answer(std::string_view outcome,
                   std::vector<std::pair<std::int64_t, std::string>> const& blobs) {
    std::string text;
    state::writer to(text);
    to.fixed(1'700'000'000'000'000);
    to.fixed(static_cast<std::int64_t>(outcome.size()));
    to.plain(outcome);
    for (auto const& [at, blob] : blobs) {
        to.fixed(at);
        to.fixed(static_cast<std::int64_t>(blob.size()));
        to.plain(blob);
    }
    return text;
}

} // namespace

BOOST_AUTO_TEST_SUITE(redis_answers)

BOOST_AUTO_TEST_CASE(groups_and_states) {
    auto what = two_writes_and_a_shared();
    auto const time = decode(answer("01", {{3, "new"}, {4, "sum12345678"}, {4, ""}}), what);
    BOOST_TEST((time == store_time(counter_time(1'700'000'000'000'000))));
    BOOST_TEST(!what.failed[0]);
    BOOST_TEST(what.failed[1]);
    BOOST_REQUIRE(what.present.size() == 3U);
    BOOST_TEST((what.present[0].key.kind == state::key_kind::request));
    BOOST_TEST(what.present[0].blob == "new");
    BOOST_TEST((what.present[1].key.kind == state::key_kind::budget));
    BOOST_TEST(what.present[1].blob == "sum"); // without its expiry
    BOOST_TEST(what.present[2].blob.empty());
}

BOOST_AUTO_TEST_CASE(all_is_well) {
    auto what = two_writes_and_a_shared();
    BOOST_TEST(decode(answer("", {}), what).has_value());
    BOOST_TEST(!what.failed[0]);
    BOOST_TEST(!what.failed[1]);
}

BOOST_AUTO_TEST_CASE(what_is_no_answer) {
    auto const whole = answer("01", {{3, "new"}});
    for (std::size_t size = 0; size < whole.size(); ++size) {
        auto what = two_writes_and_a_shared();
        bool const ends_between_states = size == 8 + 8 + 2;
        BOOST_TEST(decode(whole.substr(0, size), what).has_value() == ends_between_states, size);
    }
    for (auto const& bad : {answer("0", {}), answer("011", {}), answer("", {{1, "x"}}),
                            answer("", {{5, "x"}}), answer("", {{-1, "x"}})}) {
        auto what = two_writes_and_a_shared();
        BOOST_TEST(!decode(bad, what).has_value());
    }
}

BOOST_AUTO_TEST_SUITE_END()
