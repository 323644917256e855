// The list of journals and its stored form.

#include "state/journal_list.hpp"
#include "states.hpp"

#include <boost/test/unit_test.hpp>

using namespace otpd::store;
using namespace otpd::store::state;
using namespace otpd::test;

namespace {

journal_lease lease_number(std::uint32_t n) {
    journal_lease lease;
    lease.id[0] = static_cast<std::byte>(n);
    lease.id[1] = static_cast<std::byte>(n >> 8);
    lease.holder[15] = static_cast<std::byte>(n / 2);
    lease.end = first_time + std::chrono::microseconds(1'000'003) * n;
    lease.slots = n * 4096;
    return lease;
}

journal_list list_of_leases(std::size_t count) {
    journal_list list;
    for (std::uint32_t n = 0; n < count; ++n)
        list.leases.push_back(lease_number(n));
    return list;
}

std::string written(journal_list const& list) {
    std::string bytes;
    encode(bytes, list, 77);
    return bytes;
}

} // namespace

BOOST_AUTO_TEST_SUITE(journal_lists)

BOOST_AUTO_TEST_CASE(a_list_of_journals_is_read_as_it_was_written) {
    for (std::size_t const count : {std::size_t{1}, std::size_t{2}, journals_max}) {
        auto const bytes = written(list_of_leases(count));
        journal_list read;
        BOOST_REQUIRE(decode(bytes, read));
        BOOST_TEST((read == list_of_leases(count)));
        BOOST_TEST(version_of(bytes) == 77U);
    }
}

BOOST_AUTO_TEST_CASE(what_no_rule_writes_is_no_list_of_journals) {
    journal_list read;
    BOOST_TEST(!decode(written(journal_list()), read)); // an empty one is not stored
    BOOST_TEST(!decode(written(list_of_leases(journals_max + 1)), read));
    auto twice = list_of_leases(1);
    twice.leases.push_back(twice.leases.front());
    BOOST_TEST(!decode(written(twice), read));
    auto many = list_of_leases(1);
    many.leases.front().slots = journal_slots_max + 1;
    BOOST_TEST(!decode(written(many), read));
    BOOST_TEST(read.is_empty());
}

BOOST_AUTO_TEST_CASE(a_cut_list_of_journals_is_refused) {
    auto const bytes = written(list_of_leases(3));
    journal_list read;
    for (std::size_t size = 0; size < bytes.size(); ++size)
        BOOST_TEST(!decode(std::string_view(bytes).substr(0, size), read));
    BOOST_TEST(!decode(bytes + 'x', read));
}

BOOST_AUTO_TEST_CASE(the_list_outlives_its_last_lease_by_two_days) {
    auto const list = list_of_leases(3);
    BOOST_TEST((list.retained_until() == list.leases.back().end + std::chrono::hours(48)));
}

BOOST_AUTO_TEST_SUITE_END()
