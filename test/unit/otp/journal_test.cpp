// The journal of an instance, and what the next one takes over.

#include "backend/memory_backend.hpp"
#include "coroutines.hpp"
#include "eventually.hpp"
#include "log_capture.hpp"
#include "manual_clock.hpp"
#include "otpd/otp/journal.hpp"
#include "otpd/telemetry/log.hpp"

#include <boost/asio/any_completion_handler.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/test/unit_test.hpp>

#include <map>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

namespace otpd::test {

namespace {

using namespace std::chrono_literals;
using otp::journal_kind;

class entry_list final : public otp::journal_reader {
public:
    std::map<std::string, otp::journal_ticket> tickets; ///< by text
    std::map<std::string, journal_kind> kinds;
    int times_lost = 0;
    bool takes_webhooks = true;

    bool taken_over(otp::journal_ticket ticket, otp::journal_content entry) noexcept override {
        if (entry.kind == journal_kind::webhook && !takes_webhooks) return false;
        tickets[entry.text] = ticket;
        kinds[entry.text] = entry.kind;
        return true;
    }
    void lost() noexcept override { ++times_lost; }
};

/// Throws instead of so many calls, or leaves so many without an answer.
class failing_journals final : public otpd::store::journal_store {
public:
    explicit failing_journals(journal_store& of) : of_(of) {}
    int throws = 0;
    int hangs = 0;
    int claims = 0;
    /// Who waits for an answer. Destroying one destroys its coroutines, as Asio does without memory
    /// to resume them.
    std::vector<boost::asio::any_completion_handler<void()>> waiting;
    template <class T>
    using reply = boost::asio::awaitable<otpd::store::result<T>>;

    reply<otpd::store::journals_held> claim_journals(otpd::store::journal_claim request) override {
        ++claims;
        fail();
        if (hangs > 0) return hang<otpd::store::journals_held>();
        return of_.claim_journals(std::move(request));
    }
    reply<std::monostate> write_journal(std::vector<otpd::store::journal_write> writes) override {
        fail();
        if (hangs > 0) return hang<std::monostate>();
        return of_.write_journal(std::move(writes));
    }
    reply<std::vector<otpd::store::journal_entry>>
    read_journal(otpd::store::journal_page page) override {
        fail();
        return of_.read_journal(page);
    }

private:
    void fail() {
        if (throws-- > 0) throw std::runtime_error("no such luck");
    }
    template <class T>
    reply<T> hang() {
        --hangs;
        auto initiate = [this](auto handler) { waiting.emplace_back(std::move(handler)); };
        co_await boost::asio::async_initiate<boost::asio::deferred_t const, void()>(
            initiate, boost::asio::deferred);
        co_return otpd::store::result<T>(otpd::store::fault::unknown);
    }

    journal_store& of_;
};

otp::journal_content content_of(std::uint8_t id, std::string text,
                                journal_kind kind = journal_kind::message) {
    otp::journal_content content;
    content.kind = kind;
    content.id[0] = std::byte{id};
    content.text = std::move(text);
    content.retention = 1h;
    return content;
}

struct journal_fixture {
    journal_fixture() { options.is_alone = true; }
    ~journal_fixture() {
        current = nullptr;
        context.restart();
        context.poll();
    }

    /// The instance before ends without a word.
    otp::journal& begin(bool takes_webhooks = true) {
        current = nullptr;
        reader = {};
        reader.takes_webhooks = takes_webhooks;
        current = begun(reader);
        return *current;
    }
    std::unique_ptr<otp::journal> begun(entry_list& by) {
        auto journal = std::make_unique<otp::journal>(
            context.get_executor(), options, otp::journal::dependencies{store, keys, random, log});
        run(context, journal->start(by));
        return journal;
    }
    /// Runs until nothing more happens without the time passing.
    void settle() {
        context.restart();
        for (int calm = 0; calm < 3;)
            calm = context.poll() == 0 ? calm + 1 : 0;
    }
    std::size_t entries_of(otpd::store::journal_id const& id) {
        otpd::store::journal_page const page{id, 0, otpd::store::journal_page_max};
        return run(context, memory.read_journal(page)).value().size();
    }

    boost::asio::io_context context;
    manual_clock clock;
    otpd::store::memory_backend memory{context.get_executor(), clock,
                                       otpd::store::memory_options{}};
    failing_journals store{memory};
    otp::key_ring keys{secret_string(std::string(32, 'k')), {}, secret_string()};
    openssl_random random;
    log_capture captured;
    telemetry::logger log{captured, telemetry::level::info, 100};
    otp::journal_options options;
    entry_list reader;
    std::unique_ptr<otp::journal> current;
};

} // namespace

BOOST_FIXTURE_TEST_SUITE(journals_of_instances, journal_fixture)

BOOST_AUTO_TEST_CASE(the_next_instance_takes_over_what_has_not_ended) {
    auto& first = begin();
    first.put(content_of(1, "a"));
    auto const ended = first.put(content_of(2, "b"));
    first.put(content_of(3, "c", journal_kind::webhook));
    settle();
    first.erase(ended);
    settle();
    begin();
    settle();
    BOOST_TEST(reader.tickets.size() == 2U);
    BOOST_TEST(reader.tickets.contains("a"));
    BOOST_TEST((reader.kinds.at("c") == journal_kind::webhook));
}

BOOST_AUTO_TEST_CASE(what_was_taken_over_ends_or_is_taken_over_again) {
    auto& first = begin();
    first.put(content_of(1, "a"));
    first.put(content_of(2, "b"));
    settle();
    auto& second = begin();
    settle();
    second.erase(reader.tickets.at("a"));
    settle();
    begin();
    settle();
    BOOST_TEST(reader.tickets.size() == 1U);
    BOOST_TEST(reader.tickets.contains("b"));
}

// Such as webhooks of an endpoint that only the other one has.
BOOST_AUTO_TEST_CASE(entries_that_an_instance_cannot_go_on_with_wait_for_one_that_can) {
    options.is_alone = false;
    options.renewal = 10ms;
    auto& first = begin();
    first.put(content_of(1, "a"));
    first.put(content_of(2, "b", journal_kind::webhook));
    settle();
    clock.advance(1min);
    auto& unable = begin(false);
    settle();
    BOOST_TEST(reader.tickets.size() == 1U);
    entry_list other;
    auto const able = begun(other);
    settle();
    BOOST_TEST(other.tickets.empty()); // the first one goes on with "a" meanwhile
    unable.erase(reader.tickets.at("a"));
    eventually([&] { // at their next renewals
        settle();
        return other.tickets.contains("b");
    });
    BOOST_TEST(other.tickets.size() == 1U);
}

BOOST_AUTO_TEST_CASE(a_failure_does_not_end_the_journal) {
    options.renewal = 10ms;
    begin().put(content_of(1, "a"));
    settle();
    store.throws = 2;
    begin().put(content_of(2, "b"));
    eventually([&] {
        settle();
        return reader.tickets.contains("a");
    });
    BOOST_TEST(store.throws < 0);
    begin();
    settle();
    BOOST_TEST(reader.tickets.size() == 2U);
    eventually([&] { return captured.text().find("journal_failed") != std::string::npos; });
}

BOOST_AUTO_TEST_CASE(leases_are_renewed_again_after_a_claim_that_never_returns) {
    options.renewal = 10ms;
    auto& journal = begin();
    store.hangs = 1;
    eventually([&] {
        settle();
        return store.waiting.size() == 1U;
    });
    store.waiting.clear();
    settle();
    auto const before = store.claims;
    journal.put(content_of(1, "a"));
    eventually([&] {
        settle();
        return store.claims > before + 1;
    });
}

BOOST_AUTO_TEST_CASE(a_write_that_never_returns_is_made_again) {
    auto& journal = begin();
    store.hangs = 1;
    journal.put(content_of(1, "a"));
    settle();
    BOOST_REQUIRE(store.waiting.size() == 1U);
    store.waiting.clear();
    settle();
    journal.put(content_of(2, "b"));
    settle();
    begin();
    settle();
    BOOST_TEST(reader.tickets.contains("a"));
    BOOST_TEST(reader.tickets.contains("b"));
}

BOOST_AUTO_TEST_CASE(a_step_writes_the_entry_of_a_reserved_slot) {
    auto& first = begin();
    auto const content = content_of(1, "sent");
    auto const slot = run(context, first.reserve(content.id));
    BOOST_REQUIRE(slot.has_value());
    BOOST_TEST(entries_of(slot->at.journal) == 0U);
    run(context, memory.write_journal({first.entry(*slot, content)})).value();
    BOOST_TEST(entries_of(slot->at.journal) == 1U);
    first.replace(slot->ticket, content_of(1, "open"));
    settle();
    begin();
    settle();
    BOOST_TEST(reader.tickets.size() == 1U);
    BOOST_TEST(reader.tickets.contains("open"));
}

// Its step has no answer.
BOOST_AUTO_TEST_CASE(an_entry_that_may_have_been_written_is_read_and_goes_to_the_reader) {
    auto& first = begin();
    auto const content = content_of(1, "told", journal_kind::webhook);
    auto const slot = run(context, first.reserve(content.id)).value();
    run(context, memory.write_journal({first.entry(slot, content)})).value();
    store.throws = 1;
    first.read_back(slot.ticket);
    eventually([&] { // a second after the failure
        settle();
        return reader.tickets.contains("told");
    });
    BOOST_TEST(reader.tickets.at("told") == slot.ticket);
    first.erase(slot.ticket);
    settle();
    BOOST_TEST(entries_of(slot.at.journal) == 0U);
}

BOOST_AUTO_TEST_CASE(an_entry_that_was_not_written_after_all_frees_its_slot) {
    auto& first = begin();
    auto const slot = run(context, first.reserve({})).value();
    first.read_back(slot.ticket);
    settle();
    BOOST_TEST(reader.tickets.empty());
    BOOST_TEST(run(context, first.reserve({})).value().at.slot == slot.at.slot);
}

BOOST_AUTO_TEST_CASE(what_the_reader_does_not_take_is_erased) {
    auto& first = begin(false);
    auto const content = content_of(1, "told", journal_kind::webhook);
    auto const slot = run(context, first.reserve(content.id)).value();
    run(context, memory.write_journal({first.entry(slot, content)})).value();
    first.read_back(slot.ticket);
    settle();
    BOOST_TEST(entries_of(slot.at.journal) == 0U);
}

BOOST_AUTO_TEST_CASE(an_instance_that_ends_hands_over_at_once_and_another_waits_for_the_lease) {
    options.is_alone = false;
    auto& first = begin();
    first.put(content_of(1, "a"));
    settle();
    begin(); // the first one ended without a word
    settle();
    BOOST_TEST(reader.tickets.empty());
    current->put(content_of(2, "b"));
    run(context, current->drain(deadline::in(hang_limit)));
    begin();
    settle();
    BOOST_TEST(reader.tickets.size() == 1U);
    BOOST_TEST(reader.tickets.contains("b"));
    clock.advance(1min);
    begin();
    settle();
    BOOST_TEST(reader.tickets.size() == 2U);
}

BOOST_AUTO_TEST_CASE(entries_of_another_secret_are_left_to_their_end) {
    begin().put(content_of(1, "a"));
    settle();
    keys = otp::key_ring(secret_string(std::string(32, 'x')), {}, secret_string());
    begin();
    settle();
    BOOST_TEST(reader.tickets.empty());
}

BOOST_AUTO_TEST_CASE(a_journal_that_has_ended_takes_no_entry) {
    auto& first = begin();
    BOOST_TEST(first.put(content_of(1, "a")) != 0U);
    run(context, first.drain(deadline::in(hang_limit)));
    BOOST_TEST(first.put(content_of(2, "b")) == 0U);
    BOOST_TEST(!first.replace(1, content_of(1, "c")));
}

BOOST_AUTO_TEST_CASE(an_instance_without_a_lease_reserves_nothing) {
    otp::journal fresh(context.get_executor(), options,
                       otp::journal::dependencies{memory, keys, random, log});
    BOOST_TEST(!run(context, fresh.reserve({})).has_value());
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace otpd::test
