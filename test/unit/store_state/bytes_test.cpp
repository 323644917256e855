// Compact numbers, times and texts, and how a reader handles malformed bytes.

#include "state/bytes.hpp"

#include <boost/test/unit_test.hpp>

#include <utility>
#include <vector>

using namespace otpd::store;
using namespace otpd::store::state;
using namespace std::chrono_literals;

namespace {

template <class Write>
std::string written(Write write) {
    std::string bytes;
    writer to(bytes);
    write(to);
    return bytes;
}

} // namespace

BOOST_AUTO_TEST_SUITE(state_bytes)

BOOST_AUTO_TEST_CASE(numbers_are_read_as_they_were_written) {
    std::vector<std::uint64_t> values{
        0, 1, 127, 128, 300, 16'383, 16'384, std::numeric_limits<std::uint64_t>::max()};
    for (auto const value : values) {
        auto const bytes = written([value](writer& to) { to.number(value); });
        reader reader(bytes);
        BOOST_TEST(reader.number() == value);
        BOOST_TEST(reader.is_complete());
    }
}

BOOST_AUTO_TEST_CASE(integers_of_either_sign_are_read_as_they_were_written) {
    using limits = std::numeric_limits<std::int64_t>;
    for (auto const value : {limits::min(), limits::min() + 1, std::int64_t{-1}, std::int64_t{0},
                             std::int64_t{1}, limits::max()}) {
        auto const bytes = written([value](writer& to) {
            to.integer(value);
            to.fixed(value);
        });
        reader reader(bytes);
        BOOST_TEST(reader.integer() == value);
        BOOST_TEST(reader.fixed() == value);
        BOOST_TEST(reader.is_complete());
    }
}

BOOST_AUTO_TEST_CASE(spans_are_written_in_the_largest_unit_that_fits) {
    for (auto const& [length, size] : std::vector<std::pair<counter_time, std::size_t>>{
             {0s, 1}, {31s, 1}, {600s, 2}, {999ms, 2}, {31us, 1}, {-1us, 1}, {-5s, 4}}) {
        auto const bytes = written([length](writer& to) { to.span(length); });
        BOOST_TEST(bytes.size() == size);
        reader reader(bytes);
        BOOST_TEST((reader.span() == length));
        BOOST_TEST(reader.is_complete());
    }
}

BOOST_AUTO_TEST_CASE(a_span_is_read_up_to_the_longest_and_no_further) {
    for (auto const& [length, good] :
         std::vector<std::pair<counter_time, bool>>{{span_max - 1us, true},
                                                    {span_max, true},
                                                    {span_max + 1us, false},
                                                    {-span_max, true},
                                                    {-span_max - 1us, false}}) {
        auto const bytes = written([length](writer& to) { to.span(length); });
        reader reader(bytes);
        static_cast<void>(reader.span());
        BOOST_TEST(reader.is_complete() == good);
    }
}

BOOST_AUTO_TEST_CASE(a_number_over_its_bound_is_none) {
    for (auto const& [value, good] :
         std::vector<std::pair<std::uint64_t, bool>>{{254, true}, {255, true}, {256, false}}) {
        auto const bytes = written([value](writer& to) { to.number(value); });
        reader reader(bytes);
        static_cast<void>(reader.number_as<std::uint8_t>());
        BOOST_TEST(reader.ok() == good);
    }
}

BOOST_AUTO_TEST_CASE(numbers_of_too_many_digits_are_none) {
    for (std::string_view const bytes :
         {std::string_view("\x80\x00", 2), std::string_view("\x80"),
          std::string_view("\xff\xff\xff\xff\xff\xff\xff\xff\xff\x02"),
          std::string_view("\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01")}) {
        reader reader(bytes);
        BOOST_TEST(reader.number() == 0U);
        BOOST_TEST(!reader.ok());
    }
}

BOOST_AUTO_TEST_CASE(a_text_longer_than_what_is_there_is_none) {
    reader reader(std::string_view("\x03"
                                   "ab"));
    BOOST_TEST(reader.text().empty());
    BOOST_TEST(!reader.ok());
    BOOST_TEST(reader.byte() == 0); // permanently
    BOOST_TEST(!reader.is_complete());
}

BOOST_AUTO_TEST_SUITE_END()
