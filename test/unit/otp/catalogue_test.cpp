#include "account_monitor_fixture.hpp"
#include "otpd/otp/catalogue.hpp"
#include "otpd/otp/spending_report.hpp"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/test/unit_test.hpp>

using namespace otpd;
using namespace otpd::otp;
using namespace std::chrono_literals;

namespace {

std::vector<bridgexapi::route> routes_of(std::vector<int> const& ids) {
    std::vector<bridgexapi::route> result;
    for (int const id : ids) {
        bridgexapi::route one;
        one.route_id = id;
        one.name = "Route " + std::to_string(id);
        result.push_back(std::move(one));
    }
    return result;
}

spending_budget budget_of(std::string name, budget_key key, budget_period period,
                          std::string only) {
    spending_budget result;
    result.name = std::move(name);
    result.key = key;
    result.period = period;
    result.cap = money::from_micros(1'000'000);
    result.only = std::move(only);
    return result;
}

policy some_policy() {
    policy rules;
    rules.allowed_routes = {2, 3, 5};
    rules.budgets = {budget_of("daily", budget_key::total, budget_period::day, ""),
                     budget_of("each_client", budget_key::client, budget_period::day, ""),
                     budget_of("shop", budget_key::client, budget_period::month, "shop")};
    return rules;
}

struct catalogue_fixture : test::account_monitor_fixture {
    catalogue_fixture() {
        price_cache_options options;
        options.routes = {3};
        book = std::make_unique<price_cache>(
            periodic(context.get_executor(), "price_cache_ended", random, *log), options,
            price_cache::dependencies{gateway, clock, *log, metrics});
        watched = std::make_unique<account>(account_options{}, clock, *log, metrics);
        made = std::make_unique<catalogue>(rules, gateway, *book, *watched, clock);
    }

    template <class T>
    outcome<T> ask(boost::asio::awaitable<outcome<T>> question) {
        return test::run(context, std::move(question));
    }
    /// "2 3 5"
    std::string known_routes() {
        auto const found = ask(made->routes(until));
        if (!found) return "failed";
        std::string ids;
        for (auto const& entry : *found)
            ids.append(ids.empty() ? "" : " ").append(std::to_string(entry.route_id));
        return ids;
    }
    void learn_prices() {
        gateway.on_pricing = [this](int) -> bridgexapi::answer<std::vector<bridgexapi::price>> {
            book->stop();
            return std::vector<bridgexapi::price>(2);
        };
        book->start();
        test::run_on_threads(context, 1);
    }
    void book_hour(std::chrono::hours ago, std::int64_t micros) {
        store.book(spending.total(clock.wall() - ago), micros);
    }

    deadline until = deadline::in(test::hang_limit);
    policy rules = some_policy();
    key_ring keys{secret_string("a secret of a test"), {}, secret_string()};
    ledger spending{rules, keys};
    std::unique_ptr<price_cache> book;
    spending_report report{rules, spending, store, clock};
    std::unique_ptr<account> watched;
    std::unique_ptr<catalogue> made;
};

} // namespace

BOOST_AUTO_TEST_SUITE(catalogue_suite)

// --- routes -------------------------------------------------------------------------------------

BOOST_FIXTURE_TEST_CASE(only_allowed_routes_are_shown_by_their_ids, catalogue_fixture) {
    gateway.on_routes = [] { return routes_of({8, 5, 1, 3}); };
    BOOST_TEST(known_routes() == "3 5");
}

BOOST_FIXTURE_TEST_CASE(routes_are_kept_for_a_minute, catalogue_fixture) {
    gateway.on_routes = [] { return routes_of({3}); };
    BOOST_TEST(known_routes() == "3");
    gateway.on_routes = [] { return routes_of({5}); };
    clock.advance(59s);
    BOOST_TEST(known_routes() == "3");
    BOOST_TEST(gateway.asked == 1);
    clock.advance(1s);
    BOOST_TEST(known_routes() == "5");
    BOOST_TEST(gateway.asked == 2);
}

BOOST_FIXTURE_TEST_CASE(a_failure_of_the_upstream_has_its_reason, catalogue_fixture) {
    gateway.on_routes = []() -> bridgexapi::answer<std::vector<bridgexapi::route>> {
        bridgexapi::failure busy{bridgexapi::reason::rate_limited, 429};
        busy.retry_after = 7s;
        return busy;
    };
    auto const found = ask(made->routes(until));
    BOOST_REQUIRE(!found);
    BOOST_TEST((found.error().code == errc::upstream_failed));
    BOOST_TEST((found.error().reason == bridgexapi::reason::rate_limited));
    BOOST_TEST((found.error().retry_after == 7s));
}

BOOST_FIXTURE_TEST_CASE(while_one_asks_again_the_others_get_what_is_kept, catalogue_fixture) {
    gateway.on_routes = [] { return routes_of({3}); };
    known_routes();
    clock.advance(2min);
    gateway.on_routes = [] { return routes_of({5}); };
    gateway.hangs = true;
    boost::asio::cancellation_signal cancel;
    auto ended = [](std::exception_ptr, outcome<std::vector<bridgexapi::route>> const&) {};
    boost::asio::co_spawn(context, made->routes(until),
                          boost::asio::bind_cancellation_slot(cancel.slot(), ended));
    context.restart();
    context.poll();
    BOOST_TEST(gateway.under_way == 1);
    BOOST_TEST(known_routes() == "3");
    BOOST_TEST(gateway.asked == 2);
    // The caller gives up, so the next one makes the request.
    cancel.emit(boost::asio::cancellation_type::terminal);
    context.restart();
    context.poll();
    gateway.hangs = false;
    BOOST_TEST(known_routes() == "5");
}

// --- prices -------------------------------------------------------------------------------------

BOOST_FIXTURE_TEST_CASE(a_cached_price_list_is_returned_without_a_request, catalogue_fixture) {
    learn_prices();
    auto const found = ask(made->pricing(3, until));
    BOOST_REQUIRE(found);
    BOOST_TEST(found->prices.size() == 2u);
    BOOST_TEST(gateway.asked == 1);
}

BOOST_FIXTURE_TEST_CASE(a_list_that_is_not_cached_is_requested_and_kept_for_seconds,
                        catalogue_fixture) {
    gateway.on_pricing = [](int route_id) {
        return std::vector<bridgexapi::price>(static_cast<std::size_t>(route_id));
    };
    auto const found = ask(made->pricing(5, until));
    BOOST_REQUIRE(found);
    BOOST_TEST(found->prices.size() == 5u);
    BOOST_TEST((found->learned_at == clock.wall()));
    gateway.on_pricing = nullptr;
    clock.advance(4s);
    BOOST_TEST(ask(made->pricing(5, until)).has_value());
    BOOST_TEST(gateway.asked == 1);
    clock.advance(1s);
    auto const failed = ask(made->pricing(5, until));
    BOOST_REQUIRE(!failed);
    BOOST_TEST((failed.error().code == errc::upstream_failed));
}

BOOST_FIXTURE_TEST_CASE(prices_of_a_route_that_is_not_allowed_are_not_requested,
                        catalogue_fixture) {
    auto const found = ask(made->pricing(8, until));
    BOOST_REQUIRE(!found);
    BOOST_TEST((found.error().code == errc::route_not_allowed));
    BOOST_TEST(gateway.asked == 0);
}

// --- money --------------------------------------------------------------------------------------

BOOST_FIXTURE_TEST_CASE(spending_is_summed_by_hour_day_and_month, catalogue_fixture) {
    // 1970 and 50 years of 365 days: 2019-12-20T01:00.
    clock.advance(1h);
    gateway.on_balance = [] {
        bridgexapi::balance account;
        account.amount = money::from_micros(50'000'000);
        account.currency = "EUR";
        return account;
    };
    book_hour(0h, 1);
    book_hour(1h, 10);
    book_hour(2h, 100);
    book_hour(24h * 19, 1'000);
    book_hour(24h * 20, 10'000);
    store.book(spending.key_of(rules.budgets[0], clock.wall()), 77);
    store.book(spending.key_of(rules.budgets[2], clock.wall()), 88);
    auto const known = ask(made->account(until));
    BOOST_REQUIRE(known);
    BOOST_TEST(known->balance.amount.micros() == 50'000'000);
    BOOST_TEST(!known->drift);
    auto const found = ask(report.of_all());
    BOOST_REQUIRE(found);
    BOOST_TEST(found->spent_this_hour.micros() == 1);
    BOOST_TEST(found->spent_today.micros() == 11);
    BOOST_TEST(found->spent_this_month.micros() == 1'111);
    BOOST_TEST((watched->state().balance == money::from_micros(50'000'000)));

    BOOST_REQUIRE(found->budgets.size() == 2u);
    BOOST_TEST(found->budgets[0].name == "daily");
    BOOST_TEST(found->budgets[0].spent.micros() == 77);
    BOOST_TEST((found->budgets[0].ends_at == end_of(budget_period::day, clock.wall())));
    BOOST_TEST(found->budgets[1].name == "shop");
    BOOST_TEST(found->budgets[1].only == "shop");
    BOOST_TEST(found->budgets[1].spent.micros() == 88);
    BOOST_TEST(found->budgets[1].cap.micros() == 1'000'000);
}

BOOST_FIXTURE_TEST_CASE(the_balance_is_kept_for_seconds_and_follows_what_sends_say,
                        catalogue_fixture) {
    gateway.on_balance = [] {
        bridgexapi::balance account;
        account.amount = money::from_micros(50'000'000);
        account.currency = "EUR";
        return account;
    };
    auto const amount = [this] { return ask(made->account(until))->balance.amount.micros(); };
    BOOST_TEST(amount() == 50'000'000);
    watched->on_balance(money::from_micros(49'900'000));
    clock.advance(4s);
    BOOST_TEST(amount() == 49'900'000);
    BOOST_TEST(gateway.asked == 1);
    clock.advance(1s);
    BOOST_TEST(amount() == 50'000'000);
    BOOST_TEST(gateway.asked == 2);
}

BOOST_FIXTURE_TEST_CASE(a_tenant_s_spending_is_its_own_and_asks_nobody_but_the_store,
                        catalogue_fixture) {
    client shop;
    shop.name = "shop";
    store.book(spending.total(clock.wall()), 1'000);
    store.book(spending.own("shop", clock.wall()), 10);
    store.book(spending.own("shop", clock.wall() - 24h), 100);
    store.book(spending.own("bank", clock.wall()), 5);
    auto budget = rules.budgets[1];
    budget.only = "shop";
    store.book(spending.key_of(budget, clock.wall()), 66);
    store.book(spending.key_of(rules.budgets[2], clock.wall()), 88);
    auto const found = ask(report.of(shop));
    BOOST_REQUIRE(found);
    BOOST_TEST(found->spent_today.micros() == 10);
    BOOST_TEST(found->spent_this_month.micros() == 110);
    BOOST_REQUIRE(found->budgets.size() == 2u);
    BOOST_TEST(found->budgets[0].name == "each_client");
    BOOST_TEST(found->budgets[0].only == "shop");
    BOOST_TEST(found->budgets[0].spent.micros() == 66);
    BOOST_TEST(found->budgets[1].spent.micros() == 88);
    BOOST_TEST(gateway.asked == 0);
    store.works = false;
    auto const failed = ask(report.of(shop));
    BOOST_REQUIRE(!failed);
    BOOST_TEST((failed.error().code == errc::store_unavailable));
}

BOOST_FIXTURE_TEST_CASE(no_balance_without_the_upstream_and_the_store, catalogue_fixture) {
    auto const known = ask(made->account(until));
    BOOST_REQUIRE(!known);
    BOOST_TEST((known.error().code == errc::upstream_failed));
    store.works = false;
    auto const found = ask(report.of_all());
    BOOST_REQUIRE(!found);
    BOOST_TEST((found.error().code == errc::store_unavailable));
}

BOOST_AUTO_TEST_SUITE_END()
