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

/// Of the journal 1.
template <class Answer, class Kind>
outbox_for<Answer> outbox_in(std::uint32_t slot, std::string text) {
    outbox_entry<Answer> entry;
    entry.at = {id_of(1), slot};
    entry.id = id_of(slot);
    entry.retention = one_hour;
    entry.text_of = [text = std::move(text)](Answer const& answer) {
        return std::holds_alternative<Kind>(answer) ? text : std::string();
    };
    return std::make_shared<outbox_entry<Answer> const>(std::move(entry));
}

check outboxed_guess(std::uint32_t phone, std::uint32_t code, std::uint32_t slot) {
    auto request = guess_of(phone, code);
    request.outbox = outbox_in<check_outcome, verified>(slot, "verified");
    return request;
}

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

STORE_TEST(a_webhook_is_written_by_the_step_that_causes_it_and_by_no_other) {
    contract s;
    journals all(s);
    s.admitted(free_send_of(1, 111, 1));
    auto settled = accepted_settlement(1, 1);
    outbox_entry<settle_outcome> accepted;
    accepted.at = {id_of(1), 0};
    accepted.text_of = [](settle_outcome const&) { return std::string("accepted"); };
    accepted.retention = one_hour;
    settled.outbox = std::make_shared<outbox_entry<settle_outcome> const>(std::move(accepted));
    s.settle(settled);
    s.check(outboxed_guess(1, 222, 1));
    s.check(outboxed_guess(1, 111, 2));
    s.check(outboxed_guess(1, 111, 3)); // used up
    auto const found = all.read();
    BOOST_TEST_REQUIRE(found.size() == 2U);
    BOOST_TEST(found[0].slot == 0U);
    BOOST_TEST(found[0].text == "accepted");
    BOOST_TEST(found[1].slot == 2U);
    BOOST_TEST(found[1].text == "verified");
    BOOST_TEST((found[1].id == id_of(2)));
}

STORE_TEST(a_refused_admission_writes_its_webhook_and_the_next_route_s_erases_it) {
    contract s;
    journals all(s);
    s.admitted(send_of(1, 111, 1));
    auto request = send_of(1, 111, 2);
    request.outbox = outbox_in<admit_outcome, refused>(0, "blocked");
    s.violation(request); // the cooldown
    BOOST_TEST_REQUIRE(all.read().size() == 1U);
    BOOST_TEST(all.read().front().text == "blocked");
    request.cooldown = {}; // what refused it is gone
    s.admitted(request);
    BOOST_TEST(all.read().empty());
}

STORE_TEST(of_parallel_right_guesses_one_writes_its_webhook) {
    contract s;
    s.admitted(free_send_of(1, 111, 1));
    s.settle(accepted_settlement(1, 1));
    auto const answers = s.in_parallel(16, [&](std::size_t n) {
        return s.get().check_code(outboxed_guess(1, 111, static_cast<std::uint32_t>(n)));
    });
    std::vector<std::uint32_t> right;
    for (std::uint32_t n = 0; n < answers.size(); ++n)
        if (answers[n] && std::holds_alternative<verified>(*answers[n])) right.push_back(n);
    BOOST_TEST_REQUIRE(right.size() == 1U);
    auto const found = journals(s).read();
    BOOST_TEST_REQUIRE(found.size() == 1U);
    BOOST_TEST(found[0].slot == right[0]);
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
        for (auto const& entry : page)
            BOOST_TEST(entry.text == std::to_string(n));
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
    for (auto const& answer : answers) {
        BOOST_REQUIRE(answer.has_value());
        BOOST_TEST(answer->size() >= 1U);
        taken += answer->size() - 1;
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
    for (auto const& answer : answers)
        BOOST_TEST(answer.has_value());
    BOOST_TEST(journals(s).read().size() == journal_page_max);
}
