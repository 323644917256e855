// The tracer: which requests are traced, a bounded queue that counts what it drops, and the text
// for the collector.

#include "otpd/core/encoding.hpp"
#include "otpd/telemetry/metrics.hpp"
#include "otpd/telemetry/otlp.hpp"
#include "otpd/telemetry/tracer.hpp"

#include <boost/json/parse.hpp>
#include <boost/test/unit_test.hpp>

#include <string>
#include <thread>
#include <vector>

using namespace otpd::telemetry;
using namespace std::chrono_literals;

namespace {

auto const sampled =
    otpd::parse_traceparent("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01");
auto const unsampled =
    otpd::parse_traceparent("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00");

struct traced {
    explicit traced(tracer_options const& options = {.is_on = true}) : spans(options, metrics) {}

    void record(std::size_t count) {
        for (std::size_t i = 0; i < count; ++i) {
            span finished;
            finished.name = std::to_string(i);
            spans.record(std::move(finished));
        }
    }
    [[nodiscard]] bool has(std::string const& line) const {
        return ("\n" + metrics.scrape()).find("\n" + line + "\n") != std::string::npos;
    }

    otpd::telemetry::metrics metrics{metrics_options{}};
    tracer spans;
};

} // namespace

BOOST_AUTO_TEST_SUITE(tracing)

BOOST_AUTO_TEST_CASE(while_it_is_off_a_trace_is_only_passed_on) {
    traced const t{tracer_options()};
    BOOST_TEST(!t.spans.begin(std::nullopt).exists());
    BOOST_TEST((t.spans.begin(sampled) == *sampled));
    BOOST_TEST((t.spans.begin(unsampled) == *unsampled));
}

BOOST_AUTO_TEST_CASE(the_client_decides_on_its_trace) {
    traced const t{{.is_on = true, .sample_ratio = 0}};
    auto const ours = t.spans.begin(sampled);
    BOOST_TEST(ours.is_recorded);
    BOOST_TEST((ours.trace == sampled->trace));
    BOOST_TEST((ours.span != sampled->span));
    BOOST_TEST((traced().spans.begin(unsampled) == *unsampled));
}

BOOST_AUTO_TEST_CASE(a_share_of_the_other_requests_begins_a_trace) {
    auto const begun = traced().spans.begin(std::nullopt);
    BOOST_TEST(begun.is_recorded);
    BOOST_TEST(begun.is_sampled());
    BOOST_TEST(begun.exists());
    traced const none{{.is_on = true, .sample_ratio = 0}};
    BOOST_TEST(!none.spans.begin(std::nullopt).exists());
    traced const half{{.is_on = true, .sample_ratio = 0.5}};
    int traced_requests = 0;
    for (int i = 0; i < 1000; ++i)
        traced_requests += half.spans.begin(std::nullopt).exists() ? 1 : 0;
    BOOST_TEST(traced_requests > 300);
    BOOST_TEST(traced_requests < 700);
}

BOOST_AUTO_TEST_CASE(spans_are_taken_in_order_and_above_the_limit_dropped_and_counted) {
    traced t{{.is_on = true, .queue_max = 3}};
    t.record(5);
    BOOST_TEST(t.spans.waiting() == 3U);
    auto const taken = t.spans.take();
    BOOST_TEST_REQUIRE(taken.size() == 3U);
    BOOST_TEST(taken[0].name == "0");
    BOOST_TEST(taken[2].name == "2");
    BOOST_TEST(t.has("otpd_spans_dropped_total 2"));

    // What was taken still counts, until the collector has it.
    t.record(1);
    BOOST_TEST(t.spans.take().empty());
    BOOST_TEST(t.has("otpd_spans_dropped_total 3"));
    t.spans.exported(2);
    t.spans.dropped(1);
    BOOST_TEST(t.spans.waiting() == 0U);
    BOOST_TEST(t.has("otpd_spans_exported_total 2"));
    BOOST_TEST(t.has("otpd_spans_dropped_total 4"));
    t.record(1);
    BOOST_TEST(t.spans.take().size() == 1U);
}

BOOST_AUTO_TEST_CASE(a_span_without_memory_is_dropped_and_counted) {
    traced t;
    t.spans.record([]() -> span { throw std::bad_alloc(); });
    BOOST_TEST(t.spans.waiting() == 0U);
    BOOST_TEST(t.spans.take().empty());
    BOOST_TEST(t.has("otpd_spans_dropped_total 1"));
    t.spans.record([] { return span(); });
    BOOST_TEST(t.spans.take().size() == 1U);
}

BOOST_AUTO_TEST_CASE(many_threads_record_and_nothing_is_lost_uncounted) {
    constexpr std::size_t count = 5'000;
    traced t{{.is_on = true, .queue_max = 1'000'000}};
    std::size_t taken = 0;
    {
        std::vector<std::jthread> threads;
        for (int i = 0; i < 4; ++i)
            threads.emplace_back([&t] { t.record(count); });
        while (taken < count)
            taken += t.spans.take().size();
    }
    taken += t.spans.take().size();
    BOOST_TEST(taken == 4 * count);
    BOOST_TEST(t.spans.waiting() == taken);
}

BOOST_AUTO_TEST_CASE(the_text_is_that_of_otlp) {
    std::vector<span> spans(2);
    spans[0].context = *sampled;
    spans[0].kind = span_kind::server;
    spans[0].name = "POST /send-otp";
    spans[0].began = std::chrono::steady_clock::time_point(5s);
    spans[0].ended = std::chrono::steady_clock::time_point(5s + 7ns);
    spans[0].attributes = {{"http.route", std::string("/send-otp")},
                           {"http.response.status_code", std::int64_t{200}}};
    spans[1] = spans[0];
    spans[1].parent = sampled->span;
    spans[1].kind = span_kind::internal;
    spans[1].name = "a \"name\"";
    spans[1].attributes.clear();
    spans[1].error = "store_unavailable";
    auto const text = to_otlp(spans, {"otp", "1.2.3"}, 1'800'000'000s);
    BOOST_TEST(
        text ==
        R"({"resourceSpans":[{"resource":{"attributes":[)"
        R"({"key":"service.name","value":{"stringValue":"otp"}},)"
        R"({"key":"service.version","value":{"stringValue":"1.2.3"}}]},)"
        R"("scopeSpans":[{"scope":{"name":"otpd","version":"1.2.3"},"spans":[)"
        R"({"traceId":"4bf92f3577b34da6a3ce929d0e0e4736","spanId":"00f067aa0ba902b7",)"
        R"("name":"POST /send-otp","kind":2,"startTimeUnixNano":"1800000005000000000",)"
        R"("endTimeUnixNano":"1800000005000000007","attributes":[)"
        R"({"key":"http.route","value":{"stringValue":"/send-otp"}},)"
        R"({"key":"http.response.status_code","value":{"intValue":"200"}}]},)"
        R"({"traceId":"4bf92f3577b34da6a3ce929d0e0e4736","spanId":"00f067aa0ba902b7",)"
        R"("parentSpanId":"00f067aa0ba902b7","name":"a \"name\"","kind":1,)"
        R"("startTimeUnixNano":"1800000005000000000","endTimeUnixNano":"1800000005000000007",)"
        R"("attributes":[{"key":"error.type","value":{"stringValue":"store_unavailable"}}],)"
        R"("status":{"code":2}}]}]}]})");
    BOOST_TEST(boost::json::parse(text).is_object());
}

BOOST_AUTO_TEST_SUITE_END()
