// Journals: what a send writes, who holds a journal, and what is dropped.

#include "map_backend.hpp"

using namespace otpd::store;
using namespace otpd::test;

namespace {

constexpr duration lease_of_journals = 15s;

journal_claim claim_of(std::uint32_t holder) {
    journal_claim request;
    request.holder = key_of(holder);
    request.slots = 64;
    request.lease = lease_of_journals;
    return request;
}

journal_claim first_claim_of(std::uint32_t holder) {
    auto request = claim_of(holder);
    request.begins = true;
    return request;
}

/// In the journal 1.
journal_write entry_of(std::uint32_t slot, std::uint32_t id, std::string text = "sealed") {
    return {{key_of(1), slot}, key_of(id), std::move(text), 1h};
}

template <class Answer>
outbox_for<Answer> outbox_in(std::uint32_t slot, std::uint32_t id,
                             std::function<std::string(Answer const&)> text_of) {
    outbox_entry<Answer> entry{{key_of(1), slot}, key_of(id), std::move(text_of), 1h};
    return std::make_shared<outbox_entry<Answer> const>(std::move(entry));
}

check outboxed_guess(std::uint32_t number, std::uint8_t code, std::uint32_t slot) {
    auto request = guess_of(number, code);
    request.outbox = outbox_in<check_outcome>(slot, slot, [](check_outcome const& answer) {
        if (is<verified>(answer)) return std::string("verified");
        auto const* const off = std::get_if<wrong>(&answer);
        return std::string(off != nullptr && off->is_last ? "exhausted" : "");
    });
    return request;
}

struct journal_world : engine_world {
    journals_held claim(journal_claim const& request) {
        return run<engine::claim_journals>(request);
    }
    void write(std::vector<journal_write> const& writes) { run<engine::write_journal>(writes); }
    std::vector<journal_entry> read(std::uint32_t count = journal_page_max) {
        return run<engine::read_journal>(journal_page{key_of(1), 0, count});
    }
    /// The texts in the journal 1.
    std::vector<std::string> texts() {
        std::vector<std::string> list;
        for (auto const& entry : read())
            list.push_back(entry.text);
        return list;
    }
};

std::vector<std::string> list_of(std::initializer_list<std::string> texts) {
    return texts;
}

} // namespace

BOOST_FIXTURE_TEST_SUITE(engine_journals, journal_world)

BOOST_AUTO_TEST_CASE(an_entry_is_read_as_it_was_written_until_its_time) {
    write({entry_of(3, 30, "a"), entry_of(60, 31, "b")});
    auto const found = read();
    BOOST_TEST_REQUIRE(found.size() == 2U);
    BOOST_TEST((found[0] == journal_entry{3, key_of(30), "a", 1h}));
    BOOST_TEST((found[1] == journal_entry{60, key_of(31), "b", 1h}));
    BOOST_TEST(read(60).size() == 1U); // a page ends before its last slot plus one
    pass(1h - 1us);
    BOOST_TEST(read().size() == 2U);
    pass(1us);
    BOOST_TEST(read().empty());
}

BOOST_AUTO_TEST_CASE(a_page_has_the_slots_from_its_first_on_and_no_others) {
    write({entry_of(2, 30), entry_of(3, 31), entry_of(4, 32), entry_of(5, 33)});
    pass(1us);
    journal_page const page{key_of(1), 3, 2};
    auto const found = run<engine::read_journal>(page);
    BOOST_TEST_REQUIRE(found.size() == 2U);
    BOOST_TEST((found[0] == journal_entry{3, key_of(31), "sealed", 1h})); // rounded up
    BOOST_TEST((found[1] == journal_entry{4, key_of(32), "sealed", 1h}));
    engine::key_list keys;
    engine::list_keys(page, keys);
    BOOST_TEST(keys.size() == 2U);
}

BOOST_AUTO_TEST_CASE(an_erased_entry_is_gone_but_no_other_that_has_its_slot_since) {
    write({entry_of(0, 30)});
    write({entry_of(0, 31, "")});
    BOOST_TEST(read().size() == 1U);
    write({entry_of(0, 30, "")});
    BOOST_TEST(read().empty());
    write({entry_of(0, 30, "")}); // again
    BOOST_TEST(read().empty());
}

BOOST_AUTO_TEST_CASE(an_entry_that_is_too_long_or_that_a_full_store_has_no_room_for_is_left_out) {
    write({entry_of(0, 30, std::string(journal_text_max, 'x'))});
    write({entry_of(1, 31, std::string(journal_text_max + 1, 'x'))});
    BOOST_TEST(read().size() == 1U);
    io.room = room::none;
    write({entry_of(0, 30, "replaced"), entry_of(2, 32)});
    BOOST_TEST(texts() == list_of({"replaced"}), boost::test_tools::per_element());
}

// --- a send's entry -----------------------------------------------------------------------------

BOOST_AUTO_TEST_CASE(an_admission_writes_its_entry_unless_it_is_refused) {
    auto request = send_of(1, 1);
    request.cooldown = cooldown_rule{1min, 1min, 1h};
    request.entry = entry_of(0, 1, "first");
    expect<admitted>(admit(request));
    request.id = id_of(2);
    request.entry = entry_of(1, 2, "second");
    expect<refused>(admit(request));
    BOOST_TEST(texts() == list_of({"first"}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(a_settlement_replaces_the_entry_and_a_refused_one_erases_it) {
    for (std::uint32_t n : {1U, 2U}) {
        auto request = send_of(n, n);
        request.entry = entry_of(n, n, "sending");
        expect<admitted>(admit(request));
    }
    auto accepted = settlement_of(1, 1, send_result::accepted);
    accepted.entry = entry_of(1, 1, "open");
    settle(accepted);
    auto refusal = settlement_of(2, 2, send_result::refused);
    refusal.entry = entry_of(2, 2, "");
    settle(refusal);
    BOOST_TEST(texts() == list_of({"open"}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(a_settlement_of_a_forgotten_verification_writes_nothing_but_erases) {
    write({entry_of(1, 1), entry_of(2, 2)});
    auto late = settlement_of(1, 1, send_result::accepted);
    late.entry = entry_of(3, 1, "open");
    BOOST_TEST((settle(late) == settle_outcome::superseded));
    late = settlement_of(1, 1, send_result::refused);
    late.entry = entry_of(1, 1, "");
    BOOST_TEST((settle(late) == settle_outcome::superseded));
    BOOST_TEST(read().size() == 1U);
}

BOOST_AUTO_TEST_CASE(a_replaced_reservation_replaces_the_entry) {
    auto request = send_of(1, 1);
    request.entry = entry_of(0, 1, "route 1");
    expect<admitted>(admit(request));
    reservation_replacement next;
    next.address = {key_of(1), id_of(1)};
    next.notes.push_back({otpd::store::event_type::step, {}, "route_id=1i"});
    next.entry = entry_of(0, 1, "route 2");
    expect<reservation_replaced>(run<engine::replace_reservation>(next));
    BOOST_TEST(texts() == list_of({"route 2"}), boost::test_tools::per_element());
    settle(settlement_of(1, 1, send_result::accepted));
    next.entry = entry_of(0, 1, "too late");
    expect<too_late>(run<engine::replace_reservation>(next));
    BOOST_TEST(texts() == list_of({"route 2"}), boost::test_tools::per_element());
}

// Otherwise its refund would find nothing to be booked with.
BOOST_AUTO_TEST_CASE(a_verification_of_unknown_outcome_is_kept_as_long_as_its_entry) {
    for (std::uint32_t n : {1U, 2U}) {
        expect<admitted>(admit(send_of(n, n)));
        auto unknown = settlement_of(n, n, send_result::unknown);
        if (n == 1) unknown.entry = entry_of(0, 1);
        settle(unknown);
    }
    pass(1h - 1s);
    BOOST_TEST(find({key_of(1), id_of(1)}).has_value());
    BOOST_TEST(!find({key_of(2), id_of(2)}).has_value());
    pass(1s);
    BOOST_TEST(!find({key_of(1), id_of(1)}).has_value());
}

// --- the outbox ---------------------------------------------------------------------------------

BOOST_AUTO_TEST_CASE(a_guess_writes_the_text_that_its_answer_makes_in_its_own_commit) {
    expect<admitted>(admit(send_of(1, 1)));
    settle(settlement_of(1, 1, send_result::accepted));
    expect<wrong>(check(outboxed_guess(1, 2, 0)));
    BOOST_TEST(texts().empty());
    auto const before = io.commits;
    expect<verified>(check(outboxed_guess(1, 1, 1)));
    BOOST_TEST(io.commits == before + 1);
    BOOST_TEST(texts() == list_of({"verified"}), boost::test_tools::per_element());
    BOOST_TEST((read()[0] == journal_entry{1, key_of(1), "verified", 1h}));
    expect<absent>(check(outboxed_guess(1, 1, 2)));
    BOOST_TEST(texts().size() == 1U);
}

BOOST_AUTO_TEST_CASE(the_last_wrong_guess_writes_its_entry_and_none_before_it) {
    expect<admitted>(admit(send_of(1, 1)));
    settle(settlement_of(1, 1, send_result::accepted));
    for (std::uint32_t n = 1; n <= 6; ++n) {
        check(outboxed_guess(1, 2, n));
        BOOST_TEST(texts().size() == (n < 5 ? 0U : 1U));
    }
    BOOST_TEST(texts() == list_of({"exhausted"}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(a_refused_admission_writes_its_entry_and_an_admitted_one_erases_it) {
    auto const blocked = outbox_in<admit_outcome>(0, 9, [](admit_outcome const& answer) {
        return std::string(is<refused>(answer) ? "blocked" : "");
    });
    auto request = send_of(1, 1);
    request.reservations.push_back({{key_of(50), "route", "2026-11"}, 10, 5, 24h});
    request.outbox = blocked;
    expect<refused>(admit(request));
    BOOST_TEST(texts() == list_of({"blocked"}), boost::test_tools::per_element());
    request.reservations.clear(); // by the next route
    expect<admitted>(admit(request));
    BOOST_TEST(texts().empty());
}

BOOST_AUTO_TEST_CASE(a_settlement_writes_two_entries_the_one_of_the_outbox_with_its_time) {
    expect<admitted>(admit(send_of(1, 1)));
    pass(3s);
    auto request = settlement_of(1, 1, send_result::accepted);
    request.entry = entry_of(0, 1, "open");
    otpd::wall_time at;
    request.outbox = outbox_in<settle_outcome>(1, 9, [&](settle_outcome const& answer) {
        at = answer.at;
        return std::string("accepted");
    });
    BOOST_TEST((settle(request).at == at));
    BOOST_TEST((find({key_of(1), id_of(1)})->events.back().at == at));
    BOOST_TEST(texts() == list_of({"open", "accepted"}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(a_step_uses_the_slot_of_its_outbox_and_without_one_no_slot) {
    auto const has_slots = [](auto const& request) {
        engine::key_list keys;
        engine::list_keys(request, keys);
        return std::ranges::count(keys, state::entry_state_key({key_of(1), 0}));
    };
    BOOST_TEST(has_slots(guess_of(1, 1)) == 0);
    BOOST_TEST(has_slots(outboxed_guess(1, 1, 0)) == 1);
    auto admission = send_of(1, 1);
    BOOST_TEST(has_slots(admission) == 0);
    admission.outbox = outbox_in<admit_outcome>(0, 9, {});
    BOOST_TEST(has_slots(admission) == 1);
    for (auto const result : {send_result::accepted, send_result::refused}) {
        auto settlement = settlement_of(1, 1, result);
        BOOST_TEST(has_slots(settlement) == 0);
        settlement.outbox = outbox_in<settle_outcome>(0, 9, {});
        BOOST_TEST(has_slots(settlement) == 1);
    }
}

// --- leases -------------------------------------------------------------------------------------

BOOST_AUTO_TEST_CASE(an_instance_holds_its_own_journal_and_its_slots_only_grow) {
    BOOST_TEST((claim(first_claim_of(1)) == journals_held{{key_of(1), 64}}));
    auto more = claim_of(1);
    more.slots = 128;
    BOOST_TEST((claim(more) == journals_held{{key_of(1), 128}}));
    BOOST_TEST((claim(claim_of(1)) == journals_held{{key_of(1), 128}}));
}

BOOST_AUTO_TEST_CASE(an_unknown_instance_that_does_not_begin_gets_nothing) {
    BOOST_TEST(claim(claim_of(1)).empty());
}

BOOST_AUTO_TEST_CASE(a_journal_is_taken_over_when_its_lease_is_over_and_not_before) {
    claim(first_claim_of(1));
    pass(lease_of_journals - 1us);
    BOOST_TEST((claim(first_claim_of(2)) == journals_held{{key_of(2), 64}}));
    pass(1us);
    BOOST_TEST((claim(claim_of(2)) == journals_held{{key_of(1), 64}, {key_of(2), 64}}));
    BOOST_TEST((claim(first_claim_of(3)) == journals_held{{key_of(3), 64}})); // 2 has them
    BOOST_TEST(claim(claim_of(1)).empty());                                   // it must begin again
    BOOST_TEST(claim(first_claim_of(1)).empty());                             // with another id
}

BOOST_AUTO_TEST_CASE(one_journal_is_taken_over_at_a_time) {
    claim(first_claim_of(1));
    claim(first_claim_of(2));
    pass(lease_of_journals);
    BOOST_TEST(claim(first_claim_of(3)).size() == 2U);
    BOOST_TEST(claim(claim_of(3)).size() == 3U);
}

BOOST_AUTO_TEST_CASE(an_instance_that_is_alone_takes_over_at_once) {
    claim(first_claim_of(1));
    auto alone = first_claim_of(2);
    alone.is_alone = true;
    BOOST_TEST(claim(alone).size() == 2U);
}

BOOST_AUTO_TEST_CASE(what_an_instance_that_ends_leaves_is_taken_over_at_once) {
    claim(first_claim_of(1));
    auto end = claim_of(1);
    end.ends = true;
    BOOST_TEST(claim(end).empty());
    BOOST_TEST(claim(first_claim_of(2)).size() == 2U);
}

BOOST_AUTO_TEST_CASE(an_emptied_journal_is_dropped_and_its_own_only_at_the_end) {
    claim(first_claim_of(1));
    pass(lease_of_journals);
    BOOST_TEST(claim(first_claim_of(2)).size() == 2U);
    auto emptied = claim_of(2);
    emptied.emptied = {key_of(1), key_of(2)};
    BOOST_TEST((claim(emptied) == journals_held{{key_of(2), 64}}));
    emptied.ends = true;
    claim(emptied);
    BOOST_TEST(claim(claim_of(2)).empty());
    BOOST_TEST((claim(first_claim_of(3)) == journals_held{{key_of(3), 64}}));
}

BOOST_AUTO_TEST_CASE(a_journal_that_was_given_back_goes_to_another_instance_and_not_to_the_same) {
    for (bool const is_alone : {false, true}) {
        journal_world w;
        w.claim(first_claim_of(1));
        w.pass(lease_of_journals);
        BOOST_TEST(w.claim(first_claim_of(2)).size() == 2U);
        auto passing = claim_of(2);
        passing.passed = {key_of(1), key_of(2)}; // its own it keeps
        passing.is_alone = is_alone;
        for (int n = 0; n < 2; ++n)
            BOOST_TEST((w.claim(passing) == journals_held{{key_of(2), 64}}));
        BOOST_TEST((w.claim(first_claim_of(3)) == journals_held{{key_of(1), 64}, {key_of(3), 64}}));
        passing.is_alone = false; // there is a third one now
        BOOST_TEST(w.claim(passing).size() == 1U);
        BOOST_TEST(w.claim(claim_of(1)).empty()); // whoever began it begins again
    }
}

// A clock that was ahead may have written it.
BOOST_AUTO_TEST_CASE(a_lease_of_the_far_future_is_over) {
    pass(1h);
    claim(first_claim_of(1));
    be_at(0s);
    BOOST_TEST(claim(first_claim_of(2)).size() == 2U);
}

BOOST_AUTO_TEST_CASE(the_longest_lease_of_a_clock_that_is_barely_ahead_is_not_over) {
    for (counter_time const ahead : {1000ms, 1001ms}) {
        journal_world w;
        w.be_at(ahead);
        auto longest = first_claim_of(1);
        longest.lease = journal_lease_max;
        w.claim(longest);
        w.be_at(0s);
        BOOST_TEST(w.claim(first_claim_of(2)).size() == (ahead > 1s ? 2U : 1U));
    }
}

BOOST_AUTO_TEST_CASE(one_journal_too_many_drops_the_oldest_one_that_nobody_holds) {
    for (std::uint32_t n = 0; n < journals_max; ++n)
        BOOST_TEST(!claim(first_claim_of(1000 + n)).empty());
    BOOST_TEST(claim(first_claim_of(1)).empty()); // all are held
    pass(lease_of_journals);
    BOOST_TEST(!claim(first_claim_of(1)).empty());
    BOOST_TEST(claim(claim_of(1000)).empty());
}

BOOST_AUTO_TEST_SUITE_END()
