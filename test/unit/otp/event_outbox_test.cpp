// Events that webhooks must not miss: when the step that causes one is answered, the store has it.

#include "domain_fixture.hpp"

#include <algorithm>
#include <vector>

namespace otpd::test {

namespace {

using otp::event_type;

/// What an entry says of its event.
std::string said_of(otp::verification_event const& event) {
    std::string text(otp::to_string(event.type));
    text.append(" ").append(to_hex(event.entry.id)).append(" ").append(event.verification_id);
    text.append(" ").append(std::to_string(event.at.time_since_epoch().count()));
    return text.append(" ").append(event.reason).append(" ").append(event.bx_message_id);
}

/// Never has done with an event.
class slow_webhooks final : public otp::outbox_observer {
public:
    std::vector<event_type> types{event_type::accepted, event_type::verified, event_type::exhausted,
                                  event_type::blocked};
    std::string client = otp::client::default_name;

    [[nodiscard]] bool wants(event_type type) const noexcept override {
        return std::ranges::find(types, type) != types.end();
    }
    void on_event(otp::verification_event const&) noexcept override {}
    [[nodiscard]] std::string text_of(otp::verification_event const& event) const override {
        return wants(event.type) && event.client == client ? said_of(event) : std::string();
    }
};

class taken_events final : public otp::journal_reader {
public:
    std::vector<std::string> all;

    bool taken_over(otp::journal_ticket, otp::journal_content entry) noexcept override {
        if (entry.kind == otp::journal_kind::webhook) all.push_back(std::move(entry.text));
        return true;
    }
    void lost() noexcept override {}
};

/// Routes 8 and 1, with a second for each message to be reported.
otp::policy second_messages() {
    auto rules = without_cooldown();
    otp::route_plan plan{"login", {step(8), step(1)}, {"login"}, true};
    plan.steps[0].deliver_within = std::chrono::seconds(1);
    rules.plans.push_back(std::move(plan));
    return rules;
}

struct outbox_fixture : domain_fixture {
    outbox_fixture() {
        journal = begun(reader);
        use(without_cooldown());
    }
    ~outbox_fixture() {
        journal = nullptr;
        settle();
    }
    outbox_fixture(outbox_fixture const&) = delete;
    outbox_fixture& operator=(outbox_fixture const&) = delete;

    void use(otp::policy rules) {
        auto with = deps();
        with.events_kept_in = journal.get();
        with.webhooks = &webhooks;
        with.hedges = hedges;
        kept.emplace(otp::make_operations(std::move(rules), with));
    }
    /// Ends the leases of those before.
    std::unique_ptr<otp::journal> begun(taken_events& by) {
        otp::journal_options options;
        options.is_alone = true;
        auto made =
            std::make_unique<otp::journal>(context.get_executor(), options,
                                           otp::journal::dependencies{memory, keys, random, *log});
        run(context, started(*made, by));
        return made;
    }
    static boost::asio::awaitable<bool> started(otp::journal& journal, otp::journal_reader& by) {
        co_await journal.start(by);
        co_return true;
    }
    void settle() {
        context.restart();
        for (int calm = 0; calm < 3;)
            calm = context.poll() == 0 ? calm + 1 : 0;
    }
    otp::outcome<otp::sent> send_kept() {
        return run(context, kept->sender.send(request(), deadline::in(std::chrono::seconds(30))));
    }
    otp::outcome<otp::verified> verify_kept(std::string const& code) {
        return run(context, kept->verifier.verify(guess(code)));
    }
    /// What another process would take over now.
    std::vector<std::string> entries() {
        settle();
        taken_events taken;
        auto const other = begun(taken);
        settle();
        std::ranges::sort(taken.all);
        return taken.all;
    }
    /// Of the events that have an entry.
    std::vector<std::string> passed_on() {
        std::vector<std::string> list;
        for (auto const& entry : event.all)
            if (entry.entry.ticket != 0) list.push_back(said_of(entry));
        std::ranges::sort(list);
        return list;
    }
    /// Whether the entries say what the events said, which have these types.
    void expect(std::vector<std::string> const& types) {
        auto const found = entries();
        BOOST_TEST(found == passed_on(), boost::test_tools::per_element());
        BOOST_TEST_REQUIRE(found.size() == types.size());
        for (std::size_t n = 0; n < types.size(); ++n)
            BOOST_TEST(found[n].starts_with(types[n] + " "));
    }

    /// The second message is rejected, and meanwhile the first has failed.
    void fail_both_messages() {
        webhooks.types = {event_type::failed};
        auto& score = stats.all.emplace_back();
        score.route_id = 8;
        score.country = "NL";
        score.accepted = score.delivered = 100;
        gateway.on_send = [](bridgexapi::sms const& message) -> bridgexapi::send_outcome {
            if (message.route_id == 1)
                return bridgexapi::rejected{bridgexapi::reason::vendor_failed};
            return fake_gateway::default_receipt();
        };
        hedger.emplace(
            otp::hedger::dependencies{context.get_executor(), stats, deliveries, clock, *log},
            otp::hedger_options{});
        hedges = &*hedger;
        use(second_messages());
        auto const sent = send_kept();
        BOOST_TEST_REQUIRE(sent.has_value());
        auto& failure = store.update_before_hedge.emplace();
        failure.address = keys.open(sent->id).value();
        failure.message = otpd::store::delivery::failed;
        clock.advance(std::chrono::seconds(1));
        context.restart();
        while (gateway.sent().size() < 2)
            BOOST_REQUIRE(context.run_one_for(hang_limit) > 0);
    }

    std::optional<otp::hedger> hedger;
    otp::hedger* hedges = nullptr;
    slow_webhooks webhooks;
    taken_events reader;
    std::unique_ptr<otp::journal> journal;
    std::optional<otp::operations> kept;
};

} // namespace

BOOST_FIXTURE_TEST_SUITE(outboxes_of_events, outbox_fixture)

BOOST_AUTO_TEST_CASE(a_settlement_and_a_right_guess_write_theirs) {
    BOOST_TEST_REQUIRE(send_kept().has_value());
    clock.advance(std::chrono::seconds(3));
    BOOST_TEST_REQUIRE(verify_kept(gateway.last_code()).has_value());
    expect({"accepted", "verified"});
}

BOOST_AUTO_TEST_CASE(the_last_wrong_guess_writes_it_and_no_other_one_does) {
    webhooks.types = {event_type::exhausted};
    BOOST_TEST_REQUIRE(send_kept().has_value());
    for (int n = 0; n < 8; ++n)
        BOOST_TEST(!verify_kept(wrong_code()).has_value());
    expect({"exhausted"});
}

BOOST_AUTO_TEST_CASE(a_refused_admission_writes_it_with_what_refused) {
    use({});
    BOOST_TEST_REQUIRE(send_kept().has_value());
    clock.advance(std::chrono::seconds(1));
    BOOST_TEST(!send_kept().has_value()); // the cooldown
    expect({"accepted", "blocked"});
}

BOOST_AUTO_TEST_CASE(a_message_that_was_not_accepted_has_none) {
    gateway.on_send = [](auto const&) {
        return bridgexapi::unknown{bridgexapi::reason::timed_out};
    };
    BOOST_TEST(!send_kept().has_value());
    expect({});
}

BOOST_AUTO_TEST_CASE(what_nobody_wants_is_not_written) {
    webhooks.client = "another";
    BOOST_TEST_REQUIRE(send_kept().has_value());
    webhooks.types.clear();
    BOOST_TEST_REQUIRE(verify_kept(gateway.last_code()).has_value());
    expect({});
    for (auto const& entry : event.all)
        BOOST_TEST(entry.entry.ticket == 0U);
}

BOOST_AUTO_TEST_CASE(a_guess_that_causes_no_event_gives_its_slot_back) {
    webhooks.types = {event_type::verified};
    BOOST_TEST_REQUIRE(send_kept().has_value());
    for (int n = 0; n < 3; ++n)
        BOOST_TEST(!verify_kept(wrong_code()).has_value());
    settle();
    auto const next = run(context, journal->reserve({}));
    BOOST_TEST_REQUIRE(next.has_value());
    BOOST_TEST(next->at.slot == 0U);
}

// The first message has failed while the second was under way, which is refused.
BOOST_AUTO_TEST_CASE(a_second_message_that_ends_both_writes_it) {
    fail_both_messages();
    expect({"failed"});
}

BOOST_AUTO_TEST_CASE(a_second_message_whose_end_has_no_answer_is_passed_on_if_it_was_committed) {
    store.loses_settlements_of_hedges = true;
    fail_both_messages();
    settle();
    BOOST_TEST(passed_on().empty());
    BOOST_TEST_REQUIRE(reader.all.size() == 1U);
    BOOST_TEST(reader.all.front().starts_with("failed "));
}

// The webhooks keep it themselves, under the same id.
BOOST_AUTO_TEST_CASE(an_event_whose_settlement_has_no_answer_has_an_id_and_no_entry) {
    store.settles = false;
    BOOST_TEST(send_kept().has_value());
    expect({});
    auto const& accepted = event.all.back();
    BOOST_TEST((accepted.type == event_type::accepted));
    BOOST_TEST((accepted.entry.id != otp::event_entry().id));
    BOOST_TEST(accepted.entry.ticket == 0U);
}

BOOST_AUTO_TEST_CASE(the_event_of_a_guess_without_an_answer_is_passed_on_if_it_was_committed) {
    webhooks.types = {event_type::verified};
    BOOST_TEST_REQUIRE(send_kept().has_value());
    store.loses_checks = true;
    BOOST_TEST(!verify_kept(wrong_code()).has_value());
    settle();
    BOOST_TEST(reader.all.empty());
    BOOST_TEST(!verify_kept(gateway.last_code()).has_value());
    settle();
    BOOST_TEST_REQUIRE(reader.all.size() == 1U);
    BOOST_TEST(reader.all[0].starts_with("verified "));
    BOOST_TEST(entries() == reader.all, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(without_a_journal_no_event_has_an_entry) {
    BOOST_TEST_REQUIRE(send().has_value());
    BOOST_TEST_REQUIRE(verify(gateway.last_code()).has_value());
    expect({});
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace otpd::test
