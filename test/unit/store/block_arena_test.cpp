// Blocks keep their bytes whatever is allocated and freed beside them.

#include "store/block_arena.hpp"
#include "store/name_book.hpp"

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <random>
#include <set>
#include <string>
#include <vector>

using namespace otpd::store;

BOOST_AUTO_TEST_SUITE(block_arenas)

// Sizes are those of states and some larger than what shares a page.
BOOST_AUTO_TEST_CASE(no_block_is_another_one_or_a_part_of_it) {
    struct filled {
        block_arena::block of;
        std::size_t size;
        std::byte with;
    };
    block_arena arena;
    std::vector<filled> live;
    auto const intact = [&](filled const& each) {
        return std::all_of(arena.at(each.of), arena.at(each.of) + each.size,
                           [&](std::byte byte) { return byte == each.with; });
    };
    std::mt19937 random(20261126); // any seed: it makes a failure repeatable
    for (int i = 0; i < 100'000; ++i) {
        bool const grows = i / 20'000 % 2 == 0;
        if (live.empty() || random() % 4 < (grows ? 3U : 1U)) {
            auto const size = 1 + random() % (random() % 50 == 0 ? 3000 : 300);
            filled fresh{arena.allocate(size), size, static_cast<std::byte>(random() & 0xffU)};
            std::fill_n(arena.at(fresh.of), size, fresh.with);
            live.push_back(fresh);
        } else {
            std::swap(live[random() % live.size()], live.back());
            BOOST_REQUIRE(intact(live.back()));
            arena.free(live.back().of);
            live.pop_back();
        }
    }
    BOOST_TEST(std::ranges::all_of(live, intact));
}

BOOST_AUTO_TEST_CASE(a_block_that_was_freed_is_used_again) {
    block_arena arena;
    std::set<block_arena::block> seen;
    for (int i = 0; i < 1000; ++i) {
        auto const of = arena.allocate(100);
        seen.insert(of);
        arena.free(of);
    }
    BOOST_TEST(seen.size() == 1U);
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(name_books)

BOOST_AUTO_TEST_CASE(a_name_keeps_its_number_until_the_book_is_full_and_then_as_well) {
    name_book book;
    for (int round = 0; round < 2; ++round)
        for (int i = 0; i < 300; ++i) {
            auto const name = "name_" + std::to_string(i);
            auto const number = book.number(name);
            BOOST_REQUIRE((number == name_book::none) == (i >= 255));
            if (number != name_book::none) BOOST_REQUIRE_EQUAL(book.name(number), name);
        }
    BOOST_TEST(book.number(std::string(100, 'x')) == name_book::none);
}

BOOST_AUTO_TEST_SUITE_END()
