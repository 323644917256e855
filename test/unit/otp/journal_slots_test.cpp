// Which slot an entry gets, and what is written in which order.

#include "otp/journal/journal_slots.hpp"

#include <boost/test/unit_test.hpp>

#include <string>
#include <vector>

namespace otpd::test {

namespace {

otpd::store::journal_id journal_number(std::uint8_t n) {
    otpd::store::journal_id id{};
    id[0] = std::byte{n};
    return id;
}

struct slots_fixture {
    /// Grants all slots that are asked for.
    std::vector<otpd::store::held_journal> claim() {
        auto const request = slots.claim();
        return slots.held({{request.holder, request.slots}});
    }
    void put(otp::journal_ticket ticket, std::string text = "x") {
        slots.put(ticket, {}, std::move(text), std::chrono::hours(1));
    }
    /// "0:a 1:" of slots and texts.
    std::string next() {
        std::string list;
        for (auto const& next_write : slots.next_writes())
            list.append(list.empty() ? "" : " ")
                .append(std::to_string(next_write.at.slot))
                .append(":")
                .append(next_write.text);
        return list;
    }
    std::string next_done() {
        auto list = next();
        slots.written(true);
        return list;
    }

    otp::journal_slots slots{4, 8, journal_number(1)};
};

} // namespace

BOOST_FIXTURE_TEST_SUITE(slots_of_journals, slots_fixture)

BOOST_AUTO_TEST_CASE(no_slot_is_used_before_a_claim_allows_it) {
    BOOST_TEST(!slots.reserve(1, {}).has_value());
    put(2, "a");
    BOOST_TEST(next().empty());
    claim();
    BOOST_TEST(slots.reserve(1, {}).has_value());
    BOOST_TEST(next() == "1:a");
}

BOOST_AUTO_TEST_CASE(the_lowest_free_slot_is_used_first) {
    claim();
    for (otp::journal_ticket ticket : {1U, 2U, 3U, 4U})
        BOOST_TEST(slots.reserve(ticket, {})->slot == ticket - 1);
    BOOST_TEST(!slots.reserve(5, {}).has_value());
    slots.free(3);
    slots.free(1);
    BOOST_TEST(slots.reserve(6, {})->slot == 0U);
    BOOST_TEST(slots.reserve(7, {})->slot == 2U);
}

BOOST_AUTO_TEST_CASE(what_is_put_first_is_written_first_and_a_slot_is_free_once_its_entry_is_gone) {
    claim();
    put(1, "a");
    put(2, "b");
    BOOST_TEST(next_done() == "0:a 1:b");
    slots.erase(1);
    put(3, "c");
    BOOST_TEST(next_done() == "0: 2:c");
    put(4, "d");
    BOOST_TEST(next_done() == "0:d");
}

BOOST_AUTO_TEST_CASE(an_entry_that_ends_before_it_is_written_never_is) {
    claim();
    put(1, "a");
    put(1, "b"); // replaces it
    put(2, "c");
    slots.erase(2);
    BOOST_TEST(next_done() == "0:b");
    put(1, "d");
    slots.erase(1);
    BOOST_TEST(next_done() == "0:");
    BOOST_TEST(slots.used() == 0U);
    BOOST_TEST(slots.waiting() == 0U);
}

BOOST_AUTO_TEST_CASE(one_batch_is_written_at_a_time_and_again_unless_it_was_done) {
    claim();
    put(1, "a");
    put(2, "b");
    BOOST_TEST(next() == "0:a 1:b");
    put(3, "c");
    slots.erase(2);
    BOOST_TEST(next().empty());
    slots.written(false);
    BOOST_TEST(next_done() == "0:a 2:c 1:");
    BOOST_TEST(slots.used() == 2U);
}

BOOST_AUTO_TEST_CASE(more_slots_are_claimed_when_half_of_them_are_used_and_no_more_than_there_are) {
    claim();
    BOOST_TEST(!slots.wants_slots());
    for (otp::journal_ticket ticket = 1; ticket <= 3; ++ticket)
        static_cast<void>(slots.reserve(ticket, {}));
    BOOST_TEST(slots.wants_slots());
    BOOST_TEST(slots.claim().slots == 8U);
    claim();
    BOOST_TEST(!slots.wants_slots());
    for (otp::journal_ticket ticket = 4; ticket <= 8; ++ticket)
        static_cast<void>(slots.reserve(ticket, {}));
    BOOST_TEST(!slots.wants_slots());
    BOOST_TEST(slots.claim().slots == 8U);
    put(9);
    BOOST_TEST(next().empty()); // there is no room for it
    BOOST_TEST(slots.left_out() == 1U);
}

BOOST_AUTO_TEST_CASE(a_journal_that_was_taken_over_is_given_up_once_it_is_read_and_empty) {
    claim();
    auto const taken = slots.held({{journal_number(1), 4}, {journal_number(2), 64}});
    BOOST_TEST_REQUIRE(taken.size() == 1U);
    BOOST_TEST((taken.front().id == journal_number(2)));
    slots.adopt(7, {journal_number(2), 9}, {});
    slots.adopt(8, {journal_number(2), 63}, {});
    slots.erase(7);
    BOOST_TEST(next_done() == "9:");
    slots.adopted(journal_number(2));
    BOOST_TEST(slots.claim().emptied.empty());
    slots.erase(8);
    BOOST_TEST(next_done() == "63:");
    BOOST_TEST_REQUIRE(slots.claim().emptied.size() == 1U);
    BOOST_TEST((slots.claim().emptied.front() == journal_number(2)));
    claim(); // the store has dropped it
    BOOST_TEST(slots.claim().emptied.empty());
    BOOST_TEST(slots.used() == 0U);
}

// While the store was away, another instance took it over.
BOOST_AUTO_TEST_CASE(a_journal_that_was_taken_over_can_be_lost) {
    claim();
    otpd::store::journals_held const both{{journal_number(1), 4}, {journal_number(2), 64}};
    static_cast<void>(slots.held(both));
    BOOST_TEST(!slots.has_lost_one(both));
    BOOST_TEST(slots.has_lost_one({both.front()}));
    slots.adopted(journal_number(2)); // empty, so it is given up
    static_cast<void>(slots.claim());
    BOOST_TEST(!slots.has_lost_one({both.front()}));
}

BOOST_AUTO_TEST_CASE(a_journal_with_entries_for_others_is_given_back_once_the_adopted_ones_ended) {
    claim();
    static_cast<void>(slots.held({{journal_number(1), 4}, {journal_number(2), 64}}));
    slots.adopt(7, {journal_number(2), 9}, {});
    slots.pass(journal_number(2));
    slots.adopted(journal_number(2));
    BOOST_TEST(slots.claim().passed.empty());
    slots.erase(7);
    BOOST_TEST(next_done() == "9:");
    BOOST_TEST(slots.claim().emptied.empty());
    BOOST_TEST_REQUIRE(slots.claim().passed.size() == 1U);
    otpd::store::journals_held const own{{journal_number(1), 4}};
    BOOST_TEST(!slots.has_lost_one(own));
    BOOST_TEST(slots.held(own).empty());
    BOOST_TEST(slots.claim().passed.size() == 1U); // for good
}

BOOST_AUTO_TEST_CASE(an_empty_journal_is_given_up_at_once) {
    claim();
    static_cast<void>(slots.held({{journal_number(1), 4}, {journal_number(2), 64}}));
    slots.adopted(journal_number(2));
    BOOST_TEST(slots.claim().emptied.size() == 1U);
}

BOOST_AUTO_TEST_CASE(after_a_loss_only_what_was_never_written_is_written_to_the_new_journal) {
    claim();
    put(1, "a");
    BOOST_TEST(next_done() == "0:a");
    put(1, "b");
    slots.erase(1);
    put(2, "c");
    slots.begin(journal_number(3));
    BOOST_TEST(slots.claim().begins);
    BOOST_TEST((slots.claim().holder == journal_number(3)));
    BOOST_TEST(next().empty());
    claim();
    BOOST_TEST(!slots.claim().begins);
    slots.erase(1); // unknown by now
    auto const writes = slots.next_writes();
    BOOST_TEST_REQUIRE(writes.size() == 1U);
    BOOST_TEST(writes.front().text == "c");
    BOOST_TEST((writes.front().at == otpd::store::journal_place{journal_number(3), 0}));
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace otpd::test
