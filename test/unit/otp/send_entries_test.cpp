// The entry of a send in the journal, from its admission to its end.

#include "domain_fixture.hpp"
#include "otpd/otp/followed_text.hpp"

#include <algorithm>
#include <vector>

namespace otpd::test {

namespace {

class taken_messages final : public otp::journal_reader {
public:
    explicit taken_messages(clock const& now) : now_(now) {}
    std::vector<otp::followed_message> all;

    bool taken_over(otp::journal_ticket, otp::journal_content entry) noexcept override {
        auto message = otp::followed_message_of(entry.id, entry.text, now_.wall());
        if (message) all.push_back(*std::move(message));
        return true;
    }
    void lost() noexcept override {}

private:
    clock const& now_;
};

struct entered_fixture : domain_fixture {
    entered_fixture() : domain_fixture(without_cooldown()) {
        otp::journal_options options;
        options.is_alone = true;
        journal = std::make_unique<otp::journal>(context.get_executor(), options, journal_deps());
        run(context, started(*journal, reader));
        auto with_journal = deps();
        with_journal.open_sends = journal.get();
        entered.emplace(otp::make_operations(without_cooldown(), with_journal));
    }
    ~entered_fixture() {
        journal = nullptr;
        settle();
    }
    entered_fixture(entered_fixture const&) = delete;
    entered_fixture& operator=(entered_fixture const&) = delete;

    otp::journal::dependencies journal_deps() { return {memory, keys, random, *log}; }
    static boost::asio::awaitable<bool> started(otp::journal& journal,
                                                otp::journal_reader& reader) {
        co_await journal.start(reader);
        co_return true;
    }
    otp::outcome<otp::sent> send_entered(std::string const& number = one_number) {
        return run(context,
                   entered->sender.send(request(number), deadline::in(std::chrono::seconds(30))));
    }
    void settle() {
        context.restart();
        for (int calm = 0; calm < 3;)
            calm = context.poll() == 0 ? calm + 1 : 0;
    }
    /// What another process would take over now.
    std::vector<otp::followed_message> entries() {
        settle();
        otp::journal_options options;
        options.is_alone = true;
        taken_messages taken(clock);
        otp::journal other(context.get_executor(), options, journal_deps());
        run(context, started(other, taken));
        settle();
        return taken.all;
    }

    taken_messages reader{clock};
    std::unique_ptr<otp::journal> journal;
    std::optional<otp::operations> entered;
};

} // namespace

BOOST_FIXTURE_TEST_SUITE(entries_of_sends, entered_fixture)

BOOST_AUTO_TEST_CASE(an_accepted_message_has_one_without_the_number) {
    auto const sent = send_entered();
    BOOST_TEST_REQUIRE(sent.has_value());
    BOOST_TEST_REQUIRE(deliveries.all.size() == 1U);
    BOOST_TEST(deliveries.all[0].ticket != 0U);
    auto const kept = entries();
    BOOST_TEST_REQUIRE(kept.size() == 1U);
    BOOST_TEST((kept[0].event.type == otp::event_type::accepted));
    BOOST_TEST(kept[0].event.bx_message_id == deliveries.all[0].event.bx_message_id);
    BOOST_TEST(keys.seal(kept[0].address) == sent->id);
    BOOST_TEST(!kept[0].to.has_value());
    BOOST_TEST((kept[0].follow_for == entered->rules.ttl));
}

BOOST_AUTO_TEST_CASE(a_send_of_unknown_outcome_has_one_with_the_number_for_a_day) {
    gateway.on_send = [](auto const&) {
        return bridgexapi::unknown{bridgexapi::reason::timed_out};
    };
    BOOST_TEST(!send_entered().has_value());
    auto const kept = entries();
    BOOST_TEST_REQUIRE(kept.size() == 1U);
    BOOST_TEST((kept[0].event.type == otp::event_type::unknown));
    BOOST_TEST(kept[0].to.value().digits() == one_number);
    BOOST_TEST((kept[0].follow_for == std::chrono::hours(24)));
}

// As if the process had ended before.
BOOST_AUTO_TEST_CASE(one_that_was_never_settled_is_one_of_unknown_outcome) {
    store.settles = false;
    BOOST_TEST(send_entered().has_value());
    auto const kept = entries();
    BOOST_TEST_REQUIRE(kept.size() == 1U);
    BOOST_TEST((kept[0].event.type == otp::event_type::unknown));
    BOOST_TEST(kept[0].to.value().digits() == one_number);
}

BOOST_AUTO_TEST_CASE(a_second_message_has_one_of_its_own) {
    auto rules = without_cooldown();
    otp::route_plan plan{"login", {step(8), step(1)}, {"login"}, true};
    plan.steps[0].deliver_within = std::chrono::seconds(1);
    rules.plans.push_back(std::move(plan));
    auto& score = stats.all.emplace_back();
    score.route_id = 8;
    score.country = "NL";
    score.accepted = score.delivered = 100;
    gateway.on_send = [](bridgexapi::sms const& message) -> bridgexapi::send_outcome {
        if (message.route_id == 1) return bridgexapi::unknown{bridgexapi::reason::timed_out};
        return fake_gateway::default_receipt();
    };
    auto with_hedges = deps();
    with_hedges.open_sends = journal.get();
    otp::hedger hedger{{context.get_executor(), stats, deliveries, clock, *log}, {}};
    with_hedges.hedges = &hedger;
    entered.emplace(otp::make_operations(std::move(rules), with_hedges));
    BOOST_TEST_REQUIRE(send_entered().has_value());
    clock.advance(std::chrono::seconds(1));
    context.restart();
    while (gateway.sent().size() < 2)
        BOOST_REQUIRE(context.run_one_for(hang_limit) > 0);
    auto kept = entries();
    BOOST_TEST_REQUIRE(kept.size() == 2U);
    std::ranges::sort(kept, {}, &otp::followed_message::is_hedge);
    BOOST_TEST(!kept[0].is_hedge);
    BOOST_TEST((kept[0].event.type == otp::event_type::accepted));
    BOOST_TEST(kept[1].is_hedge);
    BOOST_TEST((kept[1].event.type == otp::event_type::unknown));
    BOOST_TEST(kept[1].event.route_id == 1);
    BOOST_TEST(kept[1].to.value().digits() == one_number);
}

BOOST_AUTO_TEST_CASE(one_that_was_not_sent_has_none) {
    gateway.on_send = [](auto const&) {
        return bridgexapi::rejected{bridgexapi::reason::invalid_request};
    };
    BOOST_TEST(!send_entered().has_value());
    BOOST_TEST(deliveries.all.empty());
    BOOST_TEST(entries().empty());
}

BOOST_AUTO_TEST_CASE(one_that_was_not_admitted_has_none) {
    store.admits = false;
    BOOST_TEST(!send_entered().has_value());
    BOOST_TEST(entries().empty());
}

BOOST_AUTO_TEST_CASE(without_a_journal_nothing_is_kept) {
    BOOST_TEST(send().has_value());
    BOOST_TEST(deliveries.all.at(0).ticket == 0U);
    BOOST_TEST(entries().empty());
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace otpd::test
