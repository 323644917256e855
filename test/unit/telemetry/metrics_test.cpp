// The metrics: the contents of a scrape, by the rules of the text exposition format and of
// Prometheus's naming. No caller can add series.

#include "otpd/telemetry/metrics.hpp"
#include "telemetry/metric_labels.hpp"

#include <boost/regex.hpp>
#include <boost/test/unit_test.hpp>

#include <chrono>
#include <map>
#include <set>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

using namespace otpd::telemetry;
using namespace std::chrono_literals;

namespace {

metrics_options options() {
    return {"1.2.3", {"/send-otp", "/verifications/{id}"}};
}

struct scraped {
    std::map<std::string, std::string> types; ///< by family
    std::map<std::string, double> samples;    ///< by name with labels
    std::vector<std::string> unreadable;
};

/// Parses the text exposition format 0.0.4.
scraped parse(std::string const& text) {
    static boost::regex const comment(R"(# (HELP|TYPE) ([a-zA-Z_:][a-zA-Z0-9_:]*) (.*))");
    static boost::regex const sample(
        R"(([a-zA-Z_:][a-zA-Z0-9_:]*(\{[a-zA-Z_][a-zA-Z0-9_]*="[^"\n]*"(,[a-zA-Z_][a-zA-Z0-9_]*="[^"\n]*")*\})?) (\S+))");
    scraped out;
    std::istringstream in(text);
    boost::smatch found;
    for (std::string line; std::getline(in, line);) {
        if (boost::regex_match(line, found, comment)) {
            if (found[1] == "TYPE") out.types[found[2]] = found[3];
        } else if (boost::regex_match(line, found, sample)) {
            out.samples[found[1]] = std::stod(found[4]);
        } else {
            out.unreadable.push_back(line);
        }
    }
    return out;
}

double value(metrics const& from, std::string const& name) {
    auto const samples = parse(from.scrape()).samples;
    auto const found = samples.find(name);
    BOOST_TEST_REQUIRE((found != samples.end()), name << " is missing");
    return found->second;
}

std::size_t series(metrics const& from) {
    return parse(from.scrape()).samples.size();
}

void use_everything(metrics& m) {
    m.http_request("/send-otp", "POST", 200, 3ms);
    m.connection_opened("api");
    m.connection_closed("api");
    m.connection_refused("api", "address");
    m.connection_evicted("api");
    m.accept_failed("admin");
    m.framing_rejected("bad_host");
    m.wrong_token("api", "late");
    m.send("accepted", "", 3);
    m.check("verified");
    m.number_released("locks");
    m.store_operation("admit", true, 2us);
    m.store_operation("admit", false, 2us);
    m.store_full();
    m.live_codes(7);
    m.sweep_slice(10, 1ms);
    m.upstream_request("send_sms", "ok", "", 120ms);
    m.upstream_pool(5, 3, 2);
    m.tls_handshake("resumed");
    m.log_lines_dropped_from([] { return std::uint64_t{11}; });
}

} // namespace

BOOST_AUTO_TEST_SUITE(metrics_for_prometheus)

BOOST_AUTO_TEST_CASE(every_line_of_a_scrape_can_be_read) {
    metrics m(options());
    use_everything(m);
    auto const got = parse(m.scrape());
    for (auto const& line : got.unreadable)
        BOOST_ERROR("unreadable: " << line);
    BOOST_TEST(!got.samples.empty());
}

BOOST_AUTO_TEST_CASE(a_reader_gets_the_values_that_a_scrape_has) {
    metrics m(options());
    use_everything(m);
    std::vector<std::string_view> const names{"otpd_http_requests_total", "otpd_live_codes",
                                              "otpd_store_operation_duration_seconds"};
    std::set<std::string> found;
    auto const samples = parse(m.scrape()).samples;
    for (auto const& one : m.read(names)) {
        found.insert(one.metric);
        if (one.metric == "otpd_live_codes") BOOST_TEST(one.value == 7);
        if (!one.labels.contains("operation") || one.labels.at("operation") != "admit") continue;
        BOOST_TEST(one.count == 2U);
        BOOST_TEST(one.buckets.back().second == 2U);
        BOOST_TEST(one.buckets.front().first == 0.00001);
        BOOST_TEST(one.sum == samples.at(one.metric + "_sum{operation=\"admit\"}"));
    }
    BOOST_TEST(found == std::set<std::string>(names.begin(), names.end()),
               boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(names_follow_the_conventions) {
    metrics m(options());
    use_everything(m);
    for (auto const& [name, type] : parse(m.scrape()).types)
        BOOST_TEST_CONTEXT(name) {
            BOOST_TEST((name.starts_with("otpd_") || name.starts_with("process_")));
            BOOST_TEST(name.ends_with("_total") == (type == "counter"));
            if (type == "histogram") BOOST_TEST(name.ends_with("_seconds"));
            for (auto const* unit : {"_ms", "_milliseconds", "_microseconds", "_kilobytes"})
                BOOST_TEST(name.find(unit) == std::string::npos);
        }
}

BOOST_AUTO_TEST_CASE(what_was_counted_is_there) {
    metrics m(options());
    use_everything(m);
    for (auto const& [name, expected] : std::map<std::string, double>{
             {R"(otpd_build_info{version="1.2.3"})", 1},
             {R"(otpd_http_requests_total{method="POST",route="/send-otp",status="200"})", 1},
             {R"(otpd_http_request_duration_seconds_count{route="/send-otp"})", 1},
             {R"(otpd_http_request_duration_seconds_bucket{route="/send-otp",le="0.0025"})", 0},
             {R"(otpd_http_request_duration_seconds_bucket{route="/send-otp",le="0.005"})", 1},
             {R"(otpd_http_connections_accepted_total{listener="api"})", 1},
             {R"(otpd_http_connections_open{listener="api"})", 0},
             {R"(otpd_http_connections_refused_total{listener="api",reason="address"})", 1},
             {R"(otpd_http_connections_evicted_total{listener="api"})", 1},
             {R"(otpd_http_accept_errors_total{listener="admin"})", 1},
             {R"(otpd_http_framing_rejected_total{kind="bad_host"})", 1},
             {R"(otpd_http_wrong_tokens_total{answer="late",listener="api"})", 1},
             {R"(otpd_sends_total{outcome="accepted",reason="none",route_id="3"})", 1},
             {R"(otpd_checks_total{outcome="verified"})", 1},
             {R"(otpd_numbers_released_total{part="locks"})", 1},
             {R"(otpd_numbers_released_total{part="devices"})", 0},
             {R"(otpd_store_operation_duration_seconds_count{operation="admit"})", 2},
             {R"(otpd_store_errors_total{operation="admit"})", 1},
             {"otpd_store_capacity_refusals_total", 1},
             {"otpd_live_codes", 7},
             {"otpd_sweeper_expired_total", 10},
             {"otpd_sweeper_slice_duration_seconds_count", 1},
             {R"(otpd_upstream_requests_total{operation="send_sms",outcome="ok",reason="none"})",
              1},
             {R"(otpd_upstream_request_duration_seconds_count{operation="send_sms"})", 1},
             {R"(otpd_upstream_connections{state="busy"})", 2},
             {R"(otpd_upstream_connections{state="idle"})", 3},
             {"otpd_upstream_waiting_requests", 2},
             {R"(otpd_upstream_tls_handshakes_total{kind="resumed"})", 1},
             {"otpd_log_lines_dropped_total", 11}})
        BOOST_TEST_CONTEXT(name) {
            BOOST_TEST(value(m, name) == expected);
        }
}

BOOST_AUTO_TEST_CASE(series_with_one_label_start_from_zero) {
    metrics const m(options());
    for (auto const word : labels::check_outcomes)
        BOOST_TEST(value(m, "otpd_checks_total{outcome=\"" + std::string(word) + "\"}") == 0);
    BOOST_TEST(
        value(m, R"(otpd_http_request_duration_seconds_count{route="/verifications/{id}"})") == 0);
}

BOOST_AUTO_TEST_CASE(words_outside_the_sets_count_as_other) {
    metrics m(options());
    m.http_request("/nowhere", "BREW", 418, 1ms);
    m.http_request("/elsewhere", "PROPFIND", 299, 1ms);
    BOOST_TEST(
        value(m, R"(otpd_http_requests_total{method="other",route="other",status="other"})") == 2);
    m.check("odd");
    BOOST_TEST(value(m, R"(otpd_checks_total{outcome="other"})") == 1);
    m.send("other", "other", -1);
    BOOST_TEST(value(m, R"(otpd_sends_total{outcome="other",reason="other",route_id="other"})") ==
               1);
}

BOOST_AUTO_TEST_CASE(callers_cannot_make_the_number_of_series_grow) {
    metrics m(options());
    auto const odd = [&m](int i) {
        auto const word = "odd \"\n" + std::to_string(i);
        m.http_request(word, word, static_cast<unsigned>(1000 + i), 1ms);
        m.connection_opened(word);
        m.framing_rejected(word);
        m.wrong_token(word, word);
        m.send(word, word, 100 + i);
        m.check(word);
        m.store_operation(word, false, 1ms);
        m.upstream_request(word, word, word, 1ms);
        m.tls_handshake(word);
    };
    odd(0);
    auto const before = series(m);
    for (int i = 1; i < 100; ++i)
        odd(i);
    BOOST_TEST(series(m) == before);
}

BOOST_AUTO_TEST_CASE(the_process_reports_itself) {
    metrics const m(options());
    auto const got = parse(m.scrape());
    for (auto const* name : {"process_cpu_seconds_total", "process_resident_memory_bytes",
                             "process_virtual_memory_bytes", "process_start_time_seconds",
                             "process_open_fds", "process_max_fds"})
        BOOST_TEST_CONTEXT(name) {
            BOOST_TEST(got.samples.contains(name));
        }
    BOOST_TEST(got.samples.at("process_resident_memory_bytes") > 0);
    BOOST_TEST(got.samples.at("process_open_fds") >= 3); // input, output, errors
    auto const now =
        std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count();
    // The boot time is in whole seconds.
    BOOST_TEST(got.samples.at("process_start_time_seconds") <= now + 1);
}

BOOST_AUTO_TEST_CASE(after_a_reload_other_limits_have_names_and_one_that_stays_counts_on) {
    metrics m(metrics_options{"test", {}, {"a", "b"}});
    m.limit_violated("a", false);
    m.know_limits({"a", "c"});
    m.limit_violated("a", false);
    m.limit_violated("c", false);
    m.limit_violated("b", false); // of a request that began before
    BOOST_TEST(value(m, R"(otpd_limit_violations_total{limit="a",mode="enforce"})") == 2);
    BOOST_TEST(value(m, R"(otpd_limit_violations_total{limit="c",mode="enforce"})") == 1);
    BOOST_TEST(value(m, R"(otpd_limit_violations_total{limit="other",mode="enforce"})") == 1);
}

BOOST_AUTO_TEST_CASE(bad_settings_leave_the_time_of_good_ones) {
    metrics m(options());
    std::chrono::system_clock::time_point const first(1000s);
    m.settings_read(true, first);
    BOOST_TEST(value(m, "otpd_config_last_reload_successful") == 1);
    m.settings_read(false, first + 5s);
    BOOST_TEST(value(m, "otpd_config_last_reload_successful") == 0);
    BOOST_TEST(value(m, "otpd_config_last_reload_success_timestamp_seconds") == 1000);
}

BOOST_AUTO_TEST_CASE(threads_count_together_while_others_scrape) {
    metrics m(options());
    constexpr int threads = 4;
    constexpr int per_thread = 2000;
    {
        std::vector<std::jthread> workers;
        for (int t = 0; t < threads; ++t)
            workers.emplace_back([&m] {
                for (int i = 0; i < per_thread; ++i)
                    m.http_request("/send-otp", "POST", 200, 1ms);
            });
        for (int i = 0; i < 10; ++i)
            BOOST_TEST(parse(m.scrape()).unreadable.empty());
    }
    BOOST_TEST(
        value(m, R"(otpd_http_requests_total{method="POST",route="/send-otp",status="200"})") ==
        threads * per_thread);
}

BOOST_AUTO_TEST_SUITE_END()
