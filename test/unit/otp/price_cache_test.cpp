#include "account_monitor_fixture.hpp"
#include "otpd/otp/price_cache.hpp"

#include <boost/test/unit_test.hpp>

#include <stdexcept>
#include <thread>

using namespace otpd;
using namespace otpd::otp;
using namespace std::chrono_literals;

namespace {

bridgexapi::price price_of(std::string prefix, std::optional<std::int64_t> micros) {
    bridgexapi::price result;
    result.country = "Somewhere";
    result.prefix = std::move(prefix);
    if (micros) result.amount = money::from_micros(*micros);
    return result;
}

phone_number number(char const* digits) {
    return phone_number::parse(digits).value();
}

std::optional<std::int64_t> micros_in(price_list const& list, char const* digits) {
    auto const found = price_in(list, number(digits));
    if (!found) return std::nullopt;
    return found->micros();
}

struct book_fixture : test::account_monitor_fixture {
    using prices = std::vector<bridgexapi::price>;

    void make(std::vector<int> routes) {
        price_cache_options options;
        options.routes = std::move(routes);
        options.lifetime = 10ms;
        options.retry = 1ms;
        book = std::make_unique<price_cache>(
            periodic(context.get_executor(), "price_cache_ended", random, *log), options,
            price_cache::dependencies{gateway, clock, *log, metrics});
    }
    /// Runs until `count` requests are answered.
    void ask(int count) {
        auto answer = gateway.on_pricing;
        gateway.on_pricing = [this, count, answer](int route_id) {
            if (gateway.asked >= count) book->stop();
            return answer(route_id);
        };
        book->start();
        test::run_on_threads(context, 1);
        gateway.on_pricing = answer;
    }
    [[nodiscard]] std::optional<std::int64_t> micros_of(int route_id) const {
        auto const found = book->price_of(route_id, number("31651860670"));
        if (!found) return std::nullopt;
        return found->micros();
    }

    std::unique_ptr<price_cache> book;
};

bridgexapi::failure unreachable() {
    return {bridgexapi::reason::connect_failed};
}

} // namespace

BOOST_AUTO_TEST_SUITE(price_cache_suite)

// --- a list -------------------------------------------------------------------------------------

BOOST_AUTO_TEST_CASE(the_longest_prefix_that_has_a_price_counts) {
    auto const list = make_price_list(
        {price_of("316", 3), price_of("31", 1), price_of("3165", std::nullopt), price_of("32", 9)},
        {});
    BOOST_TEST((micros_in(list, "31651860670") == 3));
    BOOST_TEST((micros_in(list, "31201234567") == 1));
    BOOST_TEST((micros_in(list, "32471234567") == 9));
    BOOST_TEST(!micros_in(list, "4915112345678"));
}

BOOST_AUTO_TEST_CASE(of_several_prices_of_one_prefix_the_highest_counts) {
    auto const list = make_price_list(
        {price_of("1", 4), price_of("1", std::nullopt), price_of("1", 7), price_of("1", 5)}, {});
    BOOST_TEST((micros_in(list, "12025550123") == 7));
}

BOOST_AUTO_TEST_CASE(a_price_without_a_prefix_is_nobodys) {
    auto const list = make_price_list({price_of("", 4)}, {});
    BOOST_TEST(!micros_in(list, "12025550123"));
}

BOOST_AUTO_TEST_CASE(a_list_is_in_the_order_of_its_prefixes) {
    auto const list =
        make_price_list({price_of("44", 1), price_of("1", 1), price_of("316", 1)}, {});
    BOOST_TEST(std::ranges::is_sorted(list.prices, {}, &bridgexapi::price::prefix));
    BOOST_TEST(list.prices.size() == 3u);
}

BOOST_AUTO_TEST_CASE(failures_double_the_pause_up_to_the_lifetime) {
    price_cache_options options;
    options.lifetime = 100s;
    options.retry = 30s;
    BOOST_TEST((ask_again_after(options, 0) == 80s));
    BOOST_TEST((ask_again_after(options, 1) == 30s));
    BOOST_TEST((ask_again_after(options, 2) == 60s));
    BOOST_TEST((ask_again_after(options, 3) == 100s));
    BOOST_TEST((ask_again_after(options, 1'000'000) == 100s));
}

// --- the cache ----------------------------------------------------------------------------------

BOOST_FIXTURE_TEST_CASE(every_route_has_its_own_list_and_others_have_none, book_fixture) {
    make({2, 3, 3});
    gateway.on_pricing = [](int route_id) { return prices{price_of("31", route_id * 1000)}; };
    BOOST_TEST(!micros_of(2));
    ask(2);
    BOOST_TEST((micros_of(2) == 2000));
    BOOST_TEST((micros_of(3) == 3000));
    BOOST_TEST(!micros_of(4));
    BOOST_TEST(!book->list_of(4));
    BOOST_TEST((book->list_of(2)->learned_at == clock.wall()));
}

BOOST_FIXTURE_TEST_CASE(lists_are_requested_one_after_the_other_and_again, book_fixture) {
    make({1, 2, 3, 4});
    std::vector<int> of(5);
    gateway.on_pricing = [&](int route_id) {
        auto const times = ++of[static_cast<std::size_t>(route_id)];
        return prices{price_of("31", times)};
    };
    ask(20);
    BOOST_TEST(gateway.most_under_way == 1);
    for (int id = 1; id <= 4; ++id) {
        BOOST_TEST(of[static_cast<std::size_t>(id)] > 1);
        BOOST_TEST((micros_of(id) == of[static_cast<std::size_t>(id)]));
    }
    BOOST_TEST(count(log_text(), "price_list_loaded") == 4u);
}

BOOST_FIXTURE_TEST_CASE(a_list_that_cannot_be_refreshed_is_kept, book_fixture) {
    make({3});
    gateway.on_pricing = [this](int) -> bridgexapi::answer<prices> {
        if (gateway.asked > 1) return unreachable();
        return prices{price_of("31", 87)};
    };
    ask(5);
    BOOST_TEST((micros_of(3) == 87));
}

BOOST_FIXTURE_TEST_CASE(a_row_of_failures_is_logged_once_and_counted_each_time, book_fixture) {
    make({3});
    // Two failures, an answer, three failures, an answer.
    gateway.on_pricing = [this](int) -> bridgexapi::answer<prices> {
        bool const answers = gateway.asked == 3 || gateway.asked == 7;
        if (!answers) return unreachable();
        return prices{price_of("31", 87)};
    };
    ask(7);
    auto const scraped = metrics.scrape();
    auto const text = log_text();
    BOOST_TEST(count(text, "price_list_failed") == 2u);
    BOOST_TEST(count(text, "\"reason\":\"connect_failed\"") == 2u);
    BOOST_TEST(count(text, "price_list_loaded") == 1u);
    BOOST_TEST(scraped.find("result=\"failed\"} 5") != std::string::npos);
    BOOST_TEST(scraped.find("result=\"ok\"} 2") != std::string::npos);
}

BOOST_FIXTURE_TEST_CASE(a_question_that_throws_is_a_failure_and_ends_nothing, book_fixture) {
    make({3});
    gateway.on_pricing = [this](int) -> bridgexapi::answer<prices> {
        if (gateway.asked == 1) throw std::runtime_error("a bug");
        return prices{price_of("31", 87)};
    };
    ask(2);
    BOOST_TEST((micros_of(3) == 87));
    BOOST_TEST(count(log_text(), "\"reason\":\"internal_error\"") == 1u);
}

BOOST_FIXTURE_TEST_CASE(stopping_does_not_wait_for_an_upstream_that_hangs, book_fixture) {
    make({3});
    gateway.hangs = true;
    book->start();
    context.poll();
    BOOST_TEST(gateway.under_way == 1);
    book->stop();
    test::run_on_threads(context, 1);
    BOOST_TEST(gateway.under_way == 0);
    BOOST_TEST(count(log_text(), "price_list_failed") == 0u);
}

BOOST_FIXTURE_TEST_CASE(a_cache_may_be_destroyed_before_its_loop_has_ended, book_fixture) {
    make({3});
    gateway.hangs = true;
    book->start();
    context.poll();
    book->stop();
    book.reset();
    test::run_on_threads(context, 1);
    BOOST_TEST(gateway.under_way == 0);
}

BOOST_FIXTURE_TEST_CASE(prices_can_be_read_while_they_are_replaced, book_fixture) {
    make({3});
    gateway.on_pricing = [](int) { return prices{price_of("31", 87), price_of("316", 88)}; };
    std::atomic<bool> done = false;
    std::atomic<int> wrong = 0;
    std::jthread reader([&] {
        while (!done) {
            auto const found = micros_of(3);
            if (found && *found != 88) ++wrong;
        }
    });
    ask(20);
    done = true;
    reader.join();
    BOOST_TEST(wrong == 0);
}

BOOST_FIXTURE_TEST_CASE(other_routes_leave_the_lists_of_those_that_stay, book_fixture) {
    make({1, 3});
    gateway.on_pricing = [](int route_id) -> bridgexapi::answer<prices> {
        return prices{price_of("31", route_id)};
    };
    ask(2);
    price_cache_options other;
    other.routes = {3, 5};
    other.lifetime = 10ms;
    book->apply(other);
    BOOST_TEST(!micros_of(1));
    BOOST_TEST((micros_of(3) == 3));
    BOOST_TEST(!micros_of(5)); // nobody has asked yet
}

BOOST_AUTO_TEST_SUITE_END()
