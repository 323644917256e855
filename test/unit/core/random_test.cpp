#include "otpd/core/random.hpp"

#include <boost/test/unit_test.hpp>

#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <functional>
#include <set>
#include <thread>
#include <vector>

namespace {

using draw = std::array<std::byte, 16>;

draw draw_one() {
    otpd::openssl_random random;
    draw bytes{};
    random.fill(bytes);
    return bytes;
}

/// What the child of a fork draws next.
draw draw_in_child() {
    std::array<int, 2> ends{};
    BOOST_REQUIRE_EQUAL(::pipe(ends.data()), 0);
    auto const child = ::fork();
    BOOST_REQUIRE(child >= 0);
    if (child == 0) {
        auto const drawn = draw_one();
        bool const is_written =
            ::write(ends[1], drawn.data(), drawn.size()) == static_cast<ssize_t>(drawn.size());
        ::_exit(is_written ? 0 : 1);
    }
    ::close(ends[1]);
    draw drawn{};
    auto const size = ::read(ends[0], drawn.data(), drawn.size());
    ::close(ends[0]);
    int status = 0;
    BOOST_REQUIRE_EQUAL(::waitpid(child, &status, 0), child);
    BOOST_REQUIRE_EQUAL(status, 0);
    BOOST_REQUIRE_EQUAL(static_cast<std::size_t>(size), drawn.size());
    return drawn;
}

} // namespace

BOOST_AUTO_TEST_SUITE(randomness)

BOOST_AUTO_TEST_CASE(bytes_are_given_out_once) {
    std::set<draw> seen;
    for (int i = 0; i < 10'000; ++i)
        BOOST_REQUIRE(seen.insert(draw_one()).second);
}

BOOST_AUTO_TEST_CASE(every_size_is_filled_to_its_end) {
    otpd::openssl_random random;
    for (std::size_t size = 0; size <= 600; ++size) {
        // The chance that a byte is 0 in all of 16 draws is 2^-128.
        std::vector<std::byte> ever(size), drawn(size);
        for (int i = 0; i < 16; ++i) {
            random.fill(drawn);
            std::ranges::transform(ever, drawn, ever.begin(), std::bit_or());
        }
        BOOST_TEST(std::ranges::count(ever, std::byte{0}) == 0);
    }
}

BOOST_AUTO_TEST_CASE(a_child_does_not_draw_what_its_parent_draws) {
    draw_one();
    auto const of_child = draw_in_child();
    auto const of_parent = draw_one();
    BOOST_TEST((of_child != of_parent));
}

BOOST_AUTO_TEST_CASE(two_children_do_not_draw_the_same) {
    draw_one();
    auto const of_one = draw_in_child();
    auto const of_other = draw_in_child();
    BOOST_TEST((of_one != of_other));
}

BOOST_AUTO_TEST_CASE(threads_do_not_draw_the_same) {
    draw of_other{};
    std::thread other([&] { of_other = draw_one(); });
    other.join();
    BOOST_TEST((of_other != draw_one()));
}

BOOST_AUTO_TEST_SUITE_END()
