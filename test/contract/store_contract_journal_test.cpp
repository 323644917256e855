// Journals: an entry is written with the step that it belongs to, and a journal has one holder.

#include "backends.hpp"

using namespace otpd::store;
using namespace otpd::test;

namespace {

constexpr duration journal_lease_time{15'000};

journal_claim claim_by(std::uint32_t holder, bool begins = true) {
    journal_claim request;
    request.holder = id_of(holder);
    request.slots = 64;
    request.lease = journal_lease_time;
    request.begins = begins;
    return request;
}

journal_write entry_in(std::uint32_t slot, std::uint32_t id, std::string text) {
    return {{id_of(1), slot}, id_of(id), std::move(text), one_hour};
}

class journals {
public:
    explicit journals(contract& of) : of_(of) {}

    journals_held claim(journal_claim request) {
        return run(of_.context(), of_.get().claim_journals(std::move(request))).value();
    }
    void write(std::vector<journal_write> writes) {
        BOOST_TEST(run(of_.context(), of_.get().write_journal(std::move(writes))).has_value());
    }
    std::vector<journal_entry> read(std::uint32_t first = 0) {
        return run(of_.context(),
                   of_.get().read_journal(journal_page{id_of(1), first, journal_page_max}))
            .value();
    }

private:
    contract& of_;
};

} // namespace

STORE_TEST(an_entry_is_written_by_admission_and_settlement_and_gone_after_its_end) {
    contract s;
    journals all(s);
    auto request = free_send_of(1, 111, 1);
    request.entry = entry_in(3, 1, "sending");
    s.admitted(request);
    BOOST_TEST_REQUIRE(all.read().size() == 1U);
    BOOST_TEST(all.read().front().text == "sending");
    auto settled = accepted_settlement(1, 1);
    settled.entry = entry_in(3, 1, "open");
    s.settle(settled);
    auto const found = all.read();
    BOOST_TEST_REQUIRE(found.size() == 1U);
    BOOST_TEST(found.front().slot == 3U);
    BOOST_TEST(found.front().text == "open");
    BOOST_TEST((found.front().id == id_of(1)));
    BOOST_TEST((found.front().retention > one_hour - 60 * one_second));
    BOOST_TEST((found.front().retention <= one_hour));
    all.write({entry_in(3, 1, "")});
    BOOST_TEST(all.read().empty());
}

STORE_TEST(a_refused_send_leaves_no_entry) {
    contract s;
    auto request = free_send_of(1, 111, 1);
    request.entry = entry_in(0, 1, "sending");
    s.admitted(request);
    auto refusal = settlement_of(1, 1, send_result::refused);
    refusal.entry = entry_in(0, 1, "");
    s.settle(refusal);
    BOOST_TEST(journals(s).read().empty());
}

STORE_TEST(pages_hold_all_entries_until_their_time) {
    contract s;
    journals all(s);
    for (std::uint32_t n = 0; n < 3; ++n) {
        std::vector<journal_write> writes;
        for (std::uint32_t slot = 0; slot < journal_page_max; ++slot)
            writes.push_back(entry_in(journal_page_max * n + slot, slot, std::to_string(n)));
        all.write(std::move(writes));
    }
    for (std::uint32_t n = 0; n < 3; ++n) {
        auto const page = all.read(journal_page_max * n);
        BOOST_TEST(page.size() == journal_page_max);
        for (auto const& each : page)
            BOOST_TEST(each.text == std::to_string(n));
    }
    s.advance(one_hour + one_second);
    BOOST_TEST(all.read().empty());
}

STORE_TEST(a_journal_whose_lease_is_over_is_taken_over_by_exactly_one) {
    contract s;
    journals all(s);
    BOOST_TEST(all.claim(claim_by(1)).size() == 1U);
    BOOST_TEST(all.claim(claim_by(2)).size() == 1U); // the lease still runs
    s.advance(journal_lease_time + one_second);
    auto const answers = s.in_parallel(8, [&](std::size_t n) {
        return s.get().claim_journals(claim_by(static_cast<std::uint32_t>(10 + n)));
    });
    // Of two journals: 1 and 2.
    std::size_t taken = 0;
    for (auto const& each : answers) {
        BOOST_REQUIRE(each.has_value());
        BOOST_TEST(each->size() >= 1U);
        taken += each->size() - 1;
    }
    BOOST_TEST(taken == 2U);
    BOOST_TEST(all.claim(claim_by(1, false)).empty());
}

STORE_TEST(a_journal_that_one_instance_gives_back_is_taken_over_by_another) {
    contract s;
    journals all(s);
    all.claim(claim_by(1));
    s.advance(journal_lease_time + one_second);
    BOOST_TEST(all.claim(claim_by(2)).size() == 2U);
    auto passing = claim_by(2, false);
    passing.passed = {id_of(1)};
    for (int n = 0; n < 2; ++n)
        BOOST_TEST(all.claim(passing).size() == 1U);
    BOOST_TEST(all.claim(claim_by(3)).size() == 2U);
}

STORE_TEST(parallel_writes_of_one_journal_are_all_there) {
    contract s;
    auto const answers = s.in_parallel(journal_page_max, [&](std::size_t n) {
        auto const slot = static_cast<std::uint32_t>(n);
        return s.get().write_journal({entry_in(slot, slot, "text")});
    });
    for (auto const& each : answers)
        BOOST_TEST(each.has_value());
    BOOST_TEST(journals(s).read().size() == journal_page_max);
}
