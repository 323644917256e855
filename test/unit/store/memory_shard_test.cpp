// The order in which subjects are looked at again.

#include "store/memory_shard.hpp"

#include <boost/test/unit_test.hpp>

#include <malloc.h>

#include <array>
#include <chrono>
#include <map>
#include <random>
#include <set>

using namespace otpd::store;
using namespace std::chrono_literals;

namespace {

subject_key key_of(std::uint64_t n) {
    subject_key key{};
    std::memcpy(key.data(), &n, sizeof n);
    return key;
}

store_time at(std::int64_t milliseconds) {
    return store_time(std::chrono::milliseconds(milliseconds));
}

std::size_t allocated() {
    auto const all = mallinfo2();
    return all.uordblks + all.hblkhd;
}

std::set<memory_shard::place> all_due(memory_shard& shard, store_time now) {
    std::set<memory_shard::place> due;
    while (auto const found = shard.next_due(now))
        BOOST_TEST(due.insert(*found).second);
    return due;
}

} // namespace

BOOST_AUTO_TEST_SUITE(store_memory_shard)

BOOST_AUTO_TEST_CASE(what_is_due_comes_once_and_in_its_order) {
    block_arena memory;
    memory_shard shard(memory);
    auto const late = shard.add(key_of(1), "a");
    auto const soon = shard.add(key_of(2), "b");
    shard.schedule(late, at(20));
    shard.schedule(soon, at(30));
    shard.schedule(soon, at(10)); // earlier than before: that counts
    shard.schedule(late, at(40)); // later: it is looked at again then
    BOOST_TEST((shard.next_expiry() == at(10)));
    BOOST_TEST(!shard.next_due(at(9)));
    BOOST_TEST((shard.next_due(at(50)) == soon));
    BOOST_TEST((shard.next_due(at(50)) == late));
    BOOST_TEST(!shard.next_due(at(50)));
}

BOOST_AUTO_TEST_CASE(whatever_happens_what_is_due_is_what_was_scheduled) {
    block_arena memory;
    memory_shard shard(memory);
    std::map<memory_shard::place, std::int64_t> scheduled; // -1: never
    std::mt19937 random(1); // NOLINT(cert-msc51-cpp): the same each time
    auto const pick = [&random](unsigned below) { return static_cast<int>(random() % below); };
    std::uint64_t keys = 0;
    std::int64_t now = 0;
    for (int step = 0; step < 200'000; ++step) {
        if (scheduled.size() < 50) scheduled[shard.add(key_of(++keys), "state")] = -1;
        auto const chosen =
            std::next(scheduled.begin(), pick(static_cast<unsigned>(scheduled.size())));
        auto& [place, then] = *chosen;
        if (pick(20) == 0) {
            shard.remove(place, 5);
            scheduled.erase(chosen);
        } else {
            auto const time = now + 1 + pick(pick(2) == 0 ? 10 : 100'000);
            shard.replace(place, 5, "other");
            shard.schedule(place, at(time));
            if (then < 0 || time < then) then = time;
        }
        if (pick(5) != 0) continue;
        std::set<memory_shard::place> expected;
        now += pick(4);
        for (auto& [each, when] : scheduled)
            if (when >= 0 && when <= now) {
                expected.insert(each);
                when = -1;
            }
        BOOST_REQUIRE((all_due(shard, at(now)) == expected));
    }
}

// A number's guesses are kept for a day and each of its codes for minutes. (With a sanitizer nothing is counted.)
BOOST_AUTO_TEST_CASE(what_is_scheduled_for_earlier_again_and_again_leaves_nothing_behind) {
    block_arena memory;
    memory_shard shard(memory);
    auto const place = shard.add(key_of(1), "state");
    auto const before = allocated();
    for (std::int64_t n = 1; n <= 100'000; ++n) {
        shard.schedule(place, at(0) + 24h + std::chrono::milliseconds(n));
        shard.schedule(place, at(n));
        BOOST_REQUIRE((shard.next_due(at(n)) == place));
    }
    BOOST_TEST(allocated() < before + 1000U);
}

BOOST_AUTO_TEST_SUITE_END()
