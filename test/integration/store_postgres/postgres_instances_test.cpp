/// Several instances on one server are as exact as one.

#include "child_process.hpp"
#include "postgres_fixture.hpp"

#include <algorithm>
#include <set>

using namespace otpd::test;
using namespace otpd;

namespace {

struct instances_fixture {
    instances_fixture() {
        for (int n = 0; n < 3; ++n)
            instances.push_back(std::make_unique<driven_postgres>(postgres_at(server.url())));
    }

    /// Returns the answers of this many concurrent steps, spread over the instances.
    template <class MakeStep>
    auto in_parallel(std::uint32_t count, MakeStep make) {
        using answer = typename decltype(make(*instances[0], 0U))::value_type;
        std::vector<answer> answers(count, answer(store::fault::not_executed));
        boost::asio::io_context context;
        for (std::uint32_t n = 0; n < count; ++n) {
            auto body = [&, n]() -> boost::asio::awaitable<void> {
                answers[n] = co_await make(*instances[n % instances.size()], n);
            };
            boost::asio::co_spawn(context, body, [](std::exception_ptr) {});
        }
        run_on_threads(context, 2);
        return answers;
    }
    std::string deadlocks() { return server.ask("select sum(deadlocks) from pg_stat_database"); }

    postgres_process server{
        postgres_setup{.tcp = false, .turned_clock = "", .password = "", .more = {"fsync=off"}}};
    std::vector<std::unique_ptr<driven_postgres>> instances;
};

} // namespace

BOOST_FIXTURE_TEST_SUITE(postgres_instances, instances_fixture)

BOOST_AUTO_TEST_CASE(a_quota_on_one_hot_key_is_exact) {
    constexpr std::uint64_t quota = 137;
    auto send = [](driven_postgres& by, std::uint32_t n) {
        return by->admit(hot_send(n + 1, quota));
    };
    auto const answers = in_parallel(600, send);
    BOOST_TEST(count_of<store::admitted>(answers) == quota);
    BOOST_TEST(count_of<store::refused>(answers) == 600 - quota);
    auto const spent = instances[1]->spent({hot_budget()});
    BOOST_TEST(spent.value().front() == static_cast<std::int64_t>(quota));
    BOOST_TEST(deadlocks() == "0");
}

BOOST_AUTO_TEST_CASE(a_thousand_wrong_guesses) {
    BOOST_REQUIRE(is<store::admitted>(instances[0]->admit(send_of(1, 111, 1))));
    auto guess = [](driven_postgres& by, std::uint32_t) {
        return by->check_code(guess_of(1, 222));
    };
    auto const answers = in_parallel(1000, guess);
    auto const last = static_cast<std::size_t>(
        std::ranges::count_if(answers, [](auto const& answer) { return answer.has_error(); }));
    BOOST_TEST(last == 0U);
    BOOST_TEST(count_of<store::wrong>(answers) == attempts_max);
}

BOOST_AUTO_TEST_CASE(two_hundred_right_guesses) {
    BOOST_REQUIRE(is<store::admitted>(instances[0]->admit(send_of(1, 111, 1))));
    auto guess = [](driven_postgres& by, std::uint32_t) {
        return by->check_code(guess_of(1, 111));
    };
    BOOST_TEST(count_of<store::verified>(in_parallel(200, guess)) == 1U);
}

BOOST_AUTO_TEST_CASE(three_hundred_sends_to_one_number) {
    auto send = [](driven_postgres& by, std::uint32_t n) { return by->admit(send_of(1, 111, n)); };
    auto const answers = in_parallel(300, send);
    BOOST_TEST(count_of<store::admitted>(answers) == 1U);
    BOOST_TEST(count_of<store::refused>(answers) == 299U);
    BOOST_TEST(deadlocks() == "0");
}

// Batches that insert the same rows in different orders.
BOOST_AUTO_TEST_CASE(rows_that_many_make_at_once) {
    auto send = [](driven_postgres& by, std::uint32_t n) {
        auto request = hot_send(n + 1);
        for (std::uint32_t key = 0; key < 6; ++key)
            request.rate_limit_checks.push_back(store::rate_limit_check{
                subject(everybody + (n * 7 + key * 5) % 40), "some", 1000, one_hour});
        return by->admit(std::move(request));
    };
    BOOST_TEST(count_of<store::admitted>(in_parallel(900, send)) == 900U);
    BOOST_TEST(deadlocks() == "0");
}

// An instance that stops in the middle of a batch holds locks that others wait for, but not for
// long.
BOOST_AUTO_TEST_CASE(a_stopped_instance_stops_nobody) {
    child_process const other(OTPD_POSTGRES_INSTANCE, {server.url(), "100000000", "16", "600", "1"},
                              {}, server.directory());
    eventually([&] { return instances[0]->spent({hot_budget()}).value().front() > 100; });
    std::chrono::steady_clock::duration longest{};
    for (std::uint32_t n = 1; n <= 30; ++n) {
        other.signal(SIGSTOP);
        auto const began = std::chrono::steady_clock::now();
        BOOST_CHECK(is<store::admitted>(instances[0]->admit(hot_send(n))));
        longest = std::max(longest, std::chrono::steady_clock::now() - began);
        other.signal(SIGCONT);
        std::this_thread::sleep_for(20ms);
    }
    BOOST_TEST_MESSAGE("longest wait: " << longest / 1ms << " ms");
    BOOST_TEST((longest < 5s));
    BOOST_TEST(deadlocks() == "0");
}

BOOST_AUTO_TEST_CASE(one_takes_a_journal_over) {
    auto const claim_of = [](std::uint32_t holder) {
        store::journal_claim request;
        request.holder = id_of(holder);
        request.slots = 64;
        request.lease = store::duration(30'000);
        request.begins = true;
        return request;
    };
    for (std::uint32_t const holder : {100U, 101U}) {
        auto ending = claim_of(holder); // as of an instance that is gone
        auto claim = [&](driven_postgres& by, std::uint32_t) { return by->claim_journals(ending); };
        BOOST_TEST(in_parallel(1, claim).front().has_value());
        ending.ends = true;
        BOOST_TEST(in_parallel(1, claim).front().has_value());
    }
    auto const answers = in_parallel(
        3, [&](driven_postgres& by, std::uint32_t n) { return by->claim_journals(claim_of(n)); });
    std::set<store::journal_id> ids;
    std::size_t held = 0;
    for (auto const& answer : answers) {
        BOOST_REQUIRE(answer.has_value());
        held += answer->size();
        for (auto const& journal : *answer)
            ids.insert(journal.id);
    }
    BOOST_TEST(held == 5U);
    BOOST_TEST(ids.size() == held);
}

BOOST_AUTO_TEST_SUITE_END()
