/// Several instances on one server: counts are exact, whichever instance counts, whatever is lost,
/// and whatever the server's clock says.

#include "backend/redis/commit_script.hpp"
#include "lossy_proxy.hpp"
#include "redis_fixture.hpp"
#include "state/state_key.hpp"

#include <boost/asio/strand.hpp>

#include <array>
#include <set>

using namespace otpd::test;
using namespace otpd;

namespace {

constexpr std::size_t instances = 3;

/// Each instance has its own cache and connections.
struct cluster {
    explicit cluster(std::string const& url) {
        for (auto& entry : all)
            entry = std::make_unique<driven_redis_backend>(patient_redis_at(url));
    }
    driven_redis_backend& at(std::size_t n) { return *all[n % instances]; }
    /// Returns the answers of this many concurrent steps.
    template <class Step>
    auto in_parallel(std::size_t count, Step step) {
        using answer = typename decltype(step(*all[0], std::size_t{}))::value_type;
        std::vector<answer> answers(count, answer(store::fault::not_executed));
        boost::asio::io_context context;
        for (std::size_t n = 0; n < count; ++n) {
            auto body = [&, n]() -> boost::asio::awaitable<void> {
                answers[n] = co_await step(at(n), n);
            };
            boost::asio::co_spawn(boost::asio::make_strand(context), body,
                                  [](std::exception_ptr) {});
        }
        run_on_threads(context, 2);
        return answers;
    }
    /// With a limit and a reservation that all share.
    auto send_all(std::uint32_t count, std::uint64_t quota) {
        return in_parallel(count, [quota](driven_redis_backend& by, std::size_t n) {
            auto const phone = static_cast<std::uint32_t>(n);
            auto request = send_of(phone, 111, phone);
            request.rate_limit_checks = {
                store::rate_limit_check{subject(everybody), "limit", quota, one_day}};
            request.reservations = {store::reservation{daily_budget(), 10, 1'000'000, one_day}};
            return by->admit(std::move(request));
        });
    }
    auto guess_all(std::size_t count, std::uint32_t phone, std::uint32_t code) {
        return in_parallel(count, [=](driven_redis_backend& by, std::size_t) {
            return by->check_code(guess_of(phone, code));
        });
    }
    std::int64_t spent() { return at(0).spent({daily_budget()}).value().at(0); }

    std::array<std::unique_ptr<driven_redis_backend>, instances> all;
};

template <class Answers>
std::size_t faults_of(Answers const& answers) {
    return static_cast<std::size_t>(
        std::ranges::count_if(answers, [](auto const& answer) { return answer.has_error(); }));
}

struct sharing_fixture {
    redis_process server{redis_setup{.tcp = false, .turned_clock = OTPD_TURNED_CLOCK, .more = {}}};
};

} // namespace

BOOST_FIXTURE_TEST_SUITE(redis_shared, sharing_fixture)

BOOST_AUTO_TEST_CASE(a_quota_that_all_share_is_exact) {
    cluster of(server.url());
    constexpr std::uint32_t quota = 250;
    auto const answers = of.send_all(400, quota);
    BOOST_TEST(faults_of(answers) == 0U);
    BOOST_TEST(count_of<store::admitted>(answers) == quota);
    BOOST_TEST(of.spent() == 10 * quota);
}

BOOST_AUTO_TEST_CASE(scores_that_all_count_are_exact) {
    cluster of(server.url());
    constexpr std::uint32_t count = 300;
    auto const sent = of.in_parallel(count, [](driven_redis_backend& by, std::size_t n) {
        auto const phone = static_cast<std::uint32_t>(n);
        return by->admit(send_of(phone, 111, phone));
    });
    BOOST_TEST(count_of<store::admitted>(sent) == count);
    store::score_slot const slot{"NL", 500'000};
    auto const settled = of.in_parallel(count, [&](driven_redis_backend& by, std::size_t n) {
        auto const phone = static_cast<std::uint32_t>(n);
        auto request = accepted_settlement(phone, phone);
        request.score =
            store::send_score{subject(one_client + 1 + phone), slot, {{3, true, std::nullopt}}};
        return by->settle(std::move(request));
    });
    BOOST_TEST(faults_of(settled) == 0U);
    for (std::size_t n = 0; n < 2; ++n) {
        auto const found = of.at(n).scores(store::score_read{{slot.hour}, {slot}}).value();
        BOOST_TEST((found.countries.at(0) == std::vector<std::string>{"NL"}));
        BOOST_TEST(found.counts.at(0).at(0).sent == std::int64_t{count});
    }
}

BOOST_AUTO_TEST_CASE(of_a_thousand_guesses_as_many_are_evaluated_as_may_be) {
    cluster of(server.url());
    BOOST_CHECK(is<store::admitted>(of.at(0).admit(send_of(1, 111, 1))));
    auto const answers = of.guess_all(1000, 1, 222);
    BOOST_TEST(faults_of(answers) == 0U);
    BOOST_TEST(count_of<store::wrong>(answers) == attempts_max);
    BOOST_CHECK(is<store::exhausted>(of.at(1).check(guess_of(1, 111))));
}

BOOST_AUTO_TEST_CASE(of_many_right_guesses_one_is_taken) {
    cluster of(server.url());
    BOOST_CHECK(is<store::admitted>(of.at(0).admit(send_of(1, 111, 1))));
    auto const answers = of.guess_all(200, 1, 111);
    BOOST_TEST(faults_of(answers) == 0U);
    BOOST_TEST(count_of<store::verified>(answers) == 1U);
}

BOOST_AUTO_TEST_CASE(lost_answers_are_requested_again) {
    lossy_proxy between(server.socket());
    cluster of(between.url());
    between.lose(50);
    std::uint32_t numbers = 0;
    std::size_t admitted = 0;
    for (int round = 0; round < 10; ++round) {
        auto const answers = of.in_parallel(60, [&](driven_redis_backend& by, std::size_t n) {
            auto const phone = numbers + static_cast<std::uint32_t>(n);
            auto request = send_of(phone, 111, phone);
            request.rate_limit_checks = {
                store::rate_limit_check{subject(everybody), "limit", 250, one_day}};
            request.reservations = {store::reservation{daily_budget(), 10, 1'000'000, one_day}};
            return by->admit(std::move(request));
        });
        numbers += 60;
        BOOST_TEST(faults_of(answers) == 0U);
        admitted += count_of<store::admitted>(answers);
    }
    BOOST_TEST(admitted == 250U);
    BOOST_TEST(of.spent() == 2500);
    std::size_t wrong = 0;
    std::size_t verified = 0;
    for (std::uint32_t phone = 0; phone < 20; ++phone) {
        wrong += count_of<store::wrong>(of.guess_all(3, phone, 222));
        verified += count_of<store::verified>(of.guess_all(6, phone, 111));
    }
    BOOST_TEST(wrong == 60U);
    BOOST_TEST(verified == 20U);
    BOOST_TEST_MESSAGE(between.lost() << " answers were lost");
    BOOST_TEST(between.lost() > 5U);
}

// What the wrong clock wrote limits nobody, and earlier counts stay valid.
BOOST_AUTO_TEST_CASE(a_clock_that_is_ahead_for_one_send_does_no_lasting_harm) {
    cluster of(server.url());
    auto limited = [](std::uint32_t phone) {
        auto request = send_of(phone, 111, phone);
        request.rate_limit_checks = {store::rate_limit_check{subject(everybody), "limit", 2, 1min}};
        return request;
    };
    BOOST_CHECK(is<store::admitted>(of.at(0).admit(limited(1))));
    server.advance(600s);
    BOOST_CHECK(is<store::admitted>(of.at(0).admit(limited(2))));
    BOOST_TEST(of.at(0).jumped_by.load() > 599'000);
    server.advance(-600s);
    BOOST_CHECK(is<store::admitted>(of.at(1).admit(limited(3))));
    BOOST_CHECK(is<store::verified>(of.at(1).check(guess_of(2, 111))));
    BOOST_CHECK(is<store::admitted>(of.at(0).admit(limited(4))));
    BOOST_TEST(of.at(0).jumped_by.load() < -599'000);
    BOOST_CHECK(is<store::refused>(of.at(2).admit(limited(5))));
}

// A release that is older than a stored state fails closed, and leaves the state unchanged.
BOOST_AUTO_TEST_CASE(an_unknown_format_is_never_written_over) {
    cluster of(server.url());
    std::array const keys{store::redis_key_of(store::state::number_state_key(number(1))),
                          store::redis_key_of(store::state::limit_state_key(subject(everybody))),
                          store::redis_key_of(store::state::budget_state_key(daily_budget()))};
    for (auto const& later : {std::string("\0\0\0\0\0\0\0\1\377 of a later release", 28),
                              std::string(20, '\0'), std::string("short")}) {
        for (auto const& key : keys) {
            server.ask({"FLUSHALL"});
            server.ask({"SET", key, later});
            cluster fresh(server.url());
            for (int n = 0; n < 2; ++n) {
                BOOST_TEST(fresh.at(0).admit(full_send_of(1, 111, 1)).has_error());
                BOOST_TEST(server.ask({"GET", key}) == later);
            }
        }
        BOOST_CHECK(is<store::admitted>(of.at(0).admit(send_of(2, 111, 2))));
    }
}

// Each instance takes over one at a time.
BOOST_FIXTURE_TEST_CASE(of_several_instances_one_takes_a_journal_over, sharing_fixture) {
    cluster c(server.url());
    auto const claim_of = [](std::size_t holder) {
        store::journal_claim request;
        request.holder = id_of(static_cast<std::uint32_t>(holder));
        request.slots = 64;
        request.lease = store::duration(30'000);
        request.begins = true;
        return request;
    };
    std::size_t const left = 2;
    for (std::size_t n = 0; n < left; ++n) {
        auto ending = claim_of(100 + n); // as of an instance that is gone
        auto claim = [&](driven_redis_backend& by, std::size_t) {
            return by->claim_journals(ending);
        };
        BOOST_TEST(c.in_parallel(1, claim).front().has_value());
        ending.ends = true;
        BOOST_TEST(c.in_parallel(1, claim).front().has_value());
    }
    auto const answers = c.in_parallel(instances, [&](driven_redis_backend& by, std::size_t n) {
        return by->claim_journals(claim_of(n));
    });
    std::size_t held = 0;
    std::set<store::journal_id> ids;
    for (auto const& answer : answers) {
        BOOST_REQUIRE(answer.has_value());
        held += answer->size();
        for (auto const& journal : *answer)
            ids.insert(journal.id);
    }
    BOOST_TEST(held == instances + left);
    BOOST_TEST(ids.size() == held);
}

BOOST_AUTO_TEST_SUITE_END()
