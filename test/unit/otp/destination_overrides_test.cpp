// Overrides of destinations at two instances of one store: who sees them when, and the log.

#include "backend/memory_backend.hpp"
#include "coroutines.hpp"
#include "log_capture.hpp"
#include "manual_clock.hpp"
#include "otpd/core/random.hpp"
#include "otpd/otp/destination_overrides.hpp"
#include "otpd/telemetry/log.hpp"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace otpd::test {

namespace {

using namespace std::chrono_literals;
using enum store::override_action;

/// Fails, or lets something happen between the store's answer and its receipt.
class switchable_overrides final : public store::override_store {
public:
    explicit switchable_overrides(store::override_store& inner) : inner_(inner) {}

    bool works = true;
    bool loses_answers = false;                              ///< of changes
    std::function<boost::asio::awaitable<void>()> meanwhile; ///< once

    boost::asio::awaitable<store::result<std::vector<store::destination_override>>>
    overrides() override {
        if (!works) co_return store::fault::not_executed;
        auto answer = co_await inner_.overrides();
        if (auto const then = std::exchange(meanwhile, nullptr)) co_await then();
        co_return answer;
    }
    boost::asio::awaitable<store::result<store::override_outcome>>
    change_override(store::override_change request) override {
        if (!works) co_return store::fault::not_executed;
        auto answer = co_await inner_.change_override(std::move(request));
        if (auto const then = std::exchange(meanwhile, nullptr)) co_await then();
        if (loses_answers) co_return store::fault::unknown;
        co_return answer;
    }

private:
    store::override_store& inner_;
};

struct overrides_fixture {
    std::unique_ptr<otp::destination_overrides> make() {
        return std::make_unique<otp::destination_overrides>(
            otp::periodic(context.get_executor(), "overrides_ended", random, *log),
            otp::override_options{}, otp::destination_overrides::dependencies{kept, clock, *log});
    }
    [[nodiscard]] otp::override_request request(std::string destination,
                                                store::override_action action = deny,
                                                std::chrono::seconds lasts = 1h) const {
        otp::override_request one;
        one.caller.client = &client;
        one.caller.request_id = "req-1";
        one.where = {std::move(destination)};
        one.action = action;
        one.lasts = lasts;
        one.reason = "ticket 4711";
        return one;
    }
    otp::outcome<store::override_outcome::kind> change(otp::override_request what) {
        return run(context, mine->change(std::move(what)));
    }
    [[nodiscard]] bool denies(otp::destination_overrides const& by,
                              std::string const& country = "NL") const {
        return by.has(deny, *phone_number::parse("31651860670"), country);
    }
    bool refresh(otp::destination_overrides& by) { return run(context, by.refresh()); }
    /// The log so far; nothing can be logged afterwards.
    std::string logged() {
        log = nullptr; // waits for the queue
        return capture.text();
    }

    boost::asio::io_context context;
    manual_clock clock;
    openssl_random random;
    log_capture capture;
    std::unique_ptr<telemetry::logger> log =
        std::make_unique<telemetry::logger>(capture, telemetry::level::info, 1024);
    store::memory_backend memory{context.get_executor(), clock, store::memory_options{}};
    switchable_overrides kept{memory};
    otp::client client;
    std::unique_ptr<otp::destination_overrides> mine = make();
    std::unique_ptr<otp::destination_overrides> other = make();
};

} // namespace

BOOST_FIXTURE_TEST_SUITE(destination_overrides, overrides_fixture)

BOOST_AUTO_TEST_CASE(a_change_is_seen_here_at_once_and_elsewhere_with_the_next_read) {
    BOOST_TEST((change(request("3165")).value() == store::override_outcome::made));
    BOOST_TEST(denies(*mine));
    BOOST_TEST(!denies(*other));
    BOOST_TEST(refresh(*other));
    BOOST_TEST(denies(*other));
    BOOST_TEST(!other->has(trust, *phone_number::parse("31651860670"), "NL"));
    BOOST_TEST(!other->has(deny, *phone_number::parse("31751860670"), "NL"));
    BOOST_TEST((change(request("3165", deny, 0s)).value() == store::override_outcome::ended));
    BOOST_TEST(!denies(*mine));
    BOOST_TEST(refresh(*other));
    BOOST_TEST(!denies(*other));
}

BOOST_AUTO_TEST_CASE(a_country_is_denied_where_it_is_known) {
    BOOST_TEST(change(request("NL")).has_value());
    BOOST_TEST(denies(*mine));
    BOOST_TEST(!denies(*mine, "DE"));
    BOOST_TEST(!denies(*mine, ""));
}

BOOST_AUTO_TEST_CASE(what_is_known_holds_until_its_end_while_the_store_does_not_answer) {
    BOOST_TEST(change(request("3165")).has_value());
    BOOST_TEST(refresh(*other));
    kept.works = false;
    clock.advance(59min);
    BOOST_TEST(!refresh(*other));
    BOOST_TEST(denies(*other));
    clock.advance(1min);
    BOOST_TEST(!refresh(*other));
    BOOST_TEST(!denies(*other));
}

BOOST_AUTO_TEST_CASE(a_read_that_is_older_than_a_change_does_not_undo_it) {
    kept.meanwhile = [this]() -> boost::asio::awaitable<void> {
        auto change = mine->change(request("3165"));
        static_cast<void>(co_await std::move(change));
    };
    BOOST_TEST(refresh(*mine));
    BOOST_TEST(denies(*mine));
}

BOOST_AUTO_TEST_CASE(a_change_whose_answer_is_late_does_not_undo_a_newer_one) {
    kept.meanwhile = [this]() -> boost::asio::awaitable<void> {
        auto change = mine->change(request("3165"));
        static_cast<void>(co_await std::move(change));
    };
    BOOST_TEST(change(request("DE")).has_value());
    BOOST_TEST(denies(*mine));
    BOOST_TEST(mine->has(deny, *phone_number::parse("4915112345678"), "DE"));
}

BOOST_AUTO_TEST_CASE(a_failed_change_says_why) {
    BOOST_TEST(
        (change(request("3165", deny, 0s)).error().code == otp::errc::destination_not_found));
    for (std::size_t n = 0; n < store::overrides_max; ++n)
        BOOST_REQUIRE(change(request(std::to_string(10'000 + n))).has_value());
    BOOST_TEST((change(request("3165")).error().code == otp::errc::destinations_full));
    kept.works = false;
    BOOST_TEST((change(request("3165")).error().code == otp::errc::store_unavailable));
    BOOST_TEST(!denies(*mine));
    BOOST_TEST(!run(context, mine->list()).has_value());
}

BOOST_AUTO_TEST_CASE(each_change_leaves_a_line_in_the_log) {
    BOOST_TEST(change(request("3165")).has_value());
    BOOST_TEST(change(request("3165", deny, 60s)).has_value());
    BOOST_TEST(change(request("3165", deny, 0s)).has_value());
    BOOST_TEST(!change(request("3165", deny, 0s)).has_value()); // nothing was changed
    kept.loses_answers = true;
    BOOST_TEST(!change(request("NL", trust)).has_value());
    auto const text = logged();
    auto const line = [](char const* rest) {
        return R"("event":"destination_override","request_id":"req-1","by":"default",)" +
               std::string(rest);
    };
    for (
        auto const* rest :
        {R"("destination":"3165","action":"deny","for_seconds":3600,"reason":"ticket 4711","outcome":"made"})",
         R"("destination":"3165","action":"deny","for_seconds":60,"reason":"ticket 4711","outcome":"replaced"})",
         R"("destination":"3165","action":"deny","for_seconds":0,"reason":"ticket 4711","outcome":"ended"})",
         R"("destination":"NL","action":"trust","for_seconds":3600,"reason":"ticket 4711","outcome":"unknown"})"})
        BOOST_TEST(text.find(line(rest)) != std::string::npos, rest << " is not in " << text);
    BOOST_TEST(std::ranges::count(text, '\n') == 4);
}

BOOST_AUTO_TEST_CASE(the_log_shows_the_first_digits_of_a_prefix_alone) {
    BOOST_TEST(change(request("31651860")).has_value());
    auto const text = logged();
    BOOST_TEST(text.find(R"("destination":"3165xxxx")") != std::string::npos, text);
    BOOST_TEST(text.find("31651") == std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_caller_who_leaves_does_not_stop_a_change) {
    boost::asio::cancellation_signal leave;
    auto body = [this]() -> boost::asio::awaitable<void> {
        auto change = mine->change(request("3165"));
        static_cast<void>(co_await std::move(change));
    };
    boost::asio::co_spawn(
        context, body,
        boost::asio::bind_cancellation_slot(leave.slot(), [](std::exception_ptr) {}));
    context.poll_one();
    leave.emit(boost::asio::cancellation_type::terminal);
    context.run();
    BOOST_TEST(denies(*mine));
    BOOST_TEST(logged().find("destination_override") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(another_instance_reads_repeatedly_until_it_is_stopped) {
    other->start();
    BOOST_TEST(run(context, mine->change(request("3165"))).has_value());
    auto const end = std::chrono::steady_clock::now() + hang_limit;
    while (!denies(*other) && context.run_one_until(end) != 0) {
    }
    BOOST_TEST(denies(*other));
    other->stop();
    context.restart();
    run_on_threads(context, 1);
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace otpd::test
