// The keys of [routes], [money], [delivery], [timeline] and [webhooks].

#include "otpd/app/settings_keys.hpp"
#include "support.hpp"

#include <chrono>

using namespace settings_test;
using namespace std::chrono_literals;
using otpd::money;

namespace {

money price_of(std::string const& toml) {
    return good(with_config("[money]\nassumed_price = " + toml)).spending.assumed_price;
}

} // namespace

BOOST_AUTO_TEST_SUITE(setting_route_keys)

BOOST_AUTO_TEST_CASE(the_default_of_every_key) {
    auto const all = settings::defaults();
    BOOST_TEST(all.routes.concurrency_max == 0U);
    BOOST_TEST(all.routes.queue_max == 128U);
    BOOST_TEST(all.routes.failures_to_open == 5U);
    BOOST_TEST(all.routes.score_samples_max == 100'000U);
    BOOST_TEST(!all.spending.daily_cap.has_value());
    BOOST_TEST(all.spending.assumed_price.micros() == 100'000);
    BOOST_TEST((all.spending.price_lifetime == 1h));
    BOOST_TEST((all.spending.balance_interval == 60s));
    BOOST_TEST(all.spending.balance_low.micros() == 0);
    BOOST_TEST(all.spending.drift_tolerance.micros() == 1'000'000);
    BOOST_TEST(all.delivery.enabled);
    BOOST_TEST((all.delivery.interval == 2500ms));
    BOOST_TEST(all.delivery.open_max == 50'000U);
    BOOST_TEST(all.delivery.page_max == 1000U);
    BOOST_TEST(all.delivery.status_url.empty());
    BOOST_TEST(all.delivery.waiters_max == 1000U);
    BOOST_TEST(all.timeline.file.empty());
    BOOST_TEST(all.timeline.bytes_max == 64U * 1024 * 1024);
    BOOST_TEST(all.timeline.files_max == 8U);
    BOOST_TEST(all.timeline.queue_lines_max == 8192U);
    BOOST_TEST(all.webhooks.queue_max == 1000U);
    BOOST_TEST((all.webhooks.timeout == 10s));
}

BOOST_AUTO_TEST_CASE(money_is_exact_in_every_notation) {
    for (auto const& [toml, micros] :
         std::map<std::string, std::int64_t>{{"\"0.1\"", 100'000},
                                             {"0.1", 100'000},
                                             {"0.3", 300'000},
                                             {"0.087", 87'000},
                                             {"\"0.000001\"", 1},
                                             {"0.000001", 1},
                                             {"1", 1'000'000},
                                             {"\"12.50\"", 12'500'000},
                                             {"\" 7 \"", 7'000'000},
                                             {"\"007.5\"", 7'500'000},
                                             {"\"999999999.999999\"", 999'999'999'999'999},
                                             {"999999999.999999", 999'999'999'999'999},
                                             {"4.35", 4'350'000},
                                             {"123456789.123457", 123'456'789'123'457}})
        BOOST_TEST_CONTEXT(toml) {
            BOOST_TEST(price_of(toml).micros() == micros);
        }
    BOOST_TEST(
        good(sources({{"OTPD_MONEY_ASSUMED_PRICE", "0.055"}})).spending.assumed_price.micros() ==
        55'000);
}

BOOST_AUTO_TEST_CASE(a_daily_cap_of_nothing_is_not_one_that_is_not_set) {
    auto const& cap = key("money.daily_cap");
    auto all = settings::defaults();
    for (auto const* text : {"0", "25.5"}) {
        BOOST_TEST(cap.read(all, text, cap));
        BOOST_TEST(all.spending.daily_cap.has_value());
        BOOST_TEST(cap.show(all) == text);
    }
    for (auto const* text : {"-1", "none", "1e3"})
        BOOST_TEST(!cap.read(all, text, cap));
    BOOST_TEST(cap.read(all, "", cap));
    BOOST_TEST(!all.spending.daily_cap.has_value());
    BOOST_TEST(cap.show(all).empty());
}

BOOST_AUTO_TEST_CASE(money_is_a_decimal_amount_and_nothing_else) {
    auto const& price = key("money.assumed_price");
    auto const& low = key("money.balance_low");
    auto all = settings::defaults();
    for (auto const* text : {"", " ", ".", ".5", "5.", "-1", "+1", "1e2", "1,5", "0x1", "0.1234567",
                             "1000000000", "1.2.3", "1 2", "1. 5", "inf", "nan", "\xD9\xA4"})
        BOOST_TEST_CONTEXT(text) {
            BOOST_TEST(!price.read(all, text, price));
            BOOST_TEST(!low.read(all, text, low));
        }
    for (auto const* text : {"0", "0.0", "0.000000"})
        BOOST_TEST_CONTEXT(text) {
            BOOST_TEST(!price.read(all, text, price));
            BOOST_TEST(low.read(all, text, low));
        }
    for (auto const* toml : {"0.0000001", "1e300", "-0.1", "nan", "true", "[0.1]", "0"})
        BOOST_TEST_CONTEXT(toml) {
            auto const line = fault(with_config("[money]\nassumed_price = " + std::string(toml)));
            BOOST_TEST(contains(line, "must be an amount over 0 such as 0.085, with at most 6 "
                                      "decimals"));
        }
}

BOOST_AUTO_TEST_CASE(money_is_shown_as_it_would_be_written) {
    auto const& low = key("money.balance_low");
    auto all = settings::defaults();
    for (auto const* text : {"0", "0.1", "10", "100.05", "0.000001", "999999999.999999"}) {
        BOOST_TEST(low.read(all, text, low));
        BOOST_TEST(low.show(all) == text);
    }
    BOOST_TEST(low.read(all, "5.500", low));
    BOOST_TEST(low.show(all) == "5.5");
}

BOOST_AUTO_TEST_CASE(the_own_url_is_a_base_url_or_nothing) {
    auto const& url = key("delivery.status_url");
    auto all = settings::defaults();
    for (auto const& [text, normal] : std::map<std::string, std::string>{
             {"", ""},
             {"https://otp.example/", "https://otp.example"},
             {"https://otp.example:8443/v1//", "https://otp.example:8443/v1"},
             {"http://127.0.0.1:8000", "http://127.0.0.1:8000"}})
        BOOST_TEST_CONTEXT(text) {
            BOOST_TEST(url.read(all, text, url));
            BOOST_TEST(url.show(all) == normal);
        }
    for (auto const* text : {"otp.example", "http://otp.example", "https://u@otp.example",
                             "https://otp.example?x=1", "https://otp.example#x"})
        BOOST_TEST_CONTEXT(text) {
            BOOST_TEST(!url.read(all, text, url));
        }
}

BOOST_AUTO_TEST_SUITE_END()
