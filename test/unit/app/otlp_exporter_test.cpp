// The exporter against a collector that takes spans, refuses them, is dead or never answers:
// everything recorded is exported or counted as dropped, and the end waits for nobody.

#include "app/otlp_exporter.hpp"
#include "otpd/telemetry/metrics.hpp"
#include "support/eventually.hpp"
#include "support/free_port.hpp"
#include "support/scripted_server.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/test/unit_test.hpp>

#include <string>
#include <thread>

using namespace otpd::test;
namespace telemetry = otpd::telemetry;

namespace {

struct exporting {
    explicit exporting(std::uint16_t port)
        : exporter(context.get_executor(), to(port), spans, random, log) {
        exporter.start();
        thread = std::thread([this] { context.run(); });
    }
    ~exporting() {
        context.stop(); // only if a test has failed there is anything to stop
        if (thread.joinable()) thread.join();
    }
    exporting(exporting const&) = delete;
    exporting& operator=(exporting const&) = delete;

    /// As at the end of the service: a second at most, then the context runs out of work.
    void end() {
        auto done = [](std::exception_ptr thrown) { BOOST_TEST(!thrown); };
        boost::asio::co_spawn(context, exporter.drain(otpd::deadline::in(std::chrono::seconds(1))),
                              done);
        thread.join();
    }

    static otpd::app::tracing_settings to(std::uint16_t port) {
        otpd::app::tracing_settings settings;
        settings.url = "http://127.0.0.1:" + std::to_string(port);
        settings.token = otpd::secret_string("the-token");
        return settings;
    }
    void record(std::size_t count) {
        for (std::size_t i = 0; i < count; ++i) {
            telemetry::span finished;
            finished.name = "span-" + std::to_string(i) + '.';
            spans.record(std::move(finished));
        }
    }
    [[nodiscard]] double counter_of(std::string const& name) const {
        auto const text = metrics.scrape();
        return std::stod(text.substr(text.find("\n" + name + ' ') + name.size() + 2));
    }
    [[nodiscard]] double exported() const { return counter_of("otpd_spans_exported_total"); }
    [[nodiscard]] double dropped() const { return counter_of("otpd_spans_dropped_total"); }

    telemetry::metrics metrics{telemetry::metrics_options{}};
    telemetry::tracer spans{{.is_on = true}, metrics};
    otpd::openssl_random random;
    telemetry::logger log;
    boost::asio::io_context context{1};
    otpd::app::otlp_exporter exporter;
    std::thread thread;
};

/// A collector that answers each request with `status`.
scripted_server::script answer(unsigned status) {
    return [status](scripted_server& server,
                    scripted_connection& client) -> boost::asio::awaitable<void> {
        for (;;) {
            auto request = co_await client.read_request();
            if (request.empty()) co_return;
            server.note(std::move(request));
            co_await client.write(http_reply(status, "{}"));
        }
    };
}

} // namespace

BOOST_AUTO_TEST_SUITE(span_export)

BOOST_AUTO_TEST_CASE(spans_are_sent_in_order_with_the_token_and_at_most_512_in_a_request) {
    scripted_server collector(answer(200));
    exporting e(collector.port());
    e.record(1200);
    eventually([&] { return e.exported() == 1200; });
    e.end();
    auto const requests = collector.notes();
    BOOST_TEST_REQUIRE(requests.size() >= 3U);
    BOOST_TEST(requests[0].starts_with("POST /v1/traces HTTP/1.1\r\n"));
    BOOST_TEST(requests[0].find("\r\nAuthorization: Bearer the-token\r\n") != std::string::npos);
    BOOST_TEST(requests[0].find("\r\nContent-Type: application/json\r\n") != std::string::npos);
    BOOST_TEST(requests[0].find("span-0.") != std::string::npos);
    BOOST_TEST(requests.back().find("span-1199.") != std::string::npos);
    BOOST_TEST(e.dropped() == 0);
}

BOOST_AUTO_TEST_CASE(what_waits_at_the_end_is_sent) {
    scripted_server collector(answer(200));
    exporting e(collector.port());
    e.record(1);
    eventually([&] { return e.exported() == 1; });
    e.record(700);
    e.end();
    BOOST_TEST(e.exported() == 701);
}

BOOST_AUTO_TEST_CASE(what_the_collector_refuses_is_dropped) {
    scripted_server collector(answer(503));
    exporting e(collector.port());
    e.record(5);
    eventually([&] { return e.dropped() == 5; });
    e.end();
    BOOST_TEST(e.exported() == 0);
}

BOOST_AUTO_TEST_CASE(what_a_dead_collector_does_not_take_is_dropped) {
    reserved_port const nobody;
    exporting e(nobody.number());
    e.record(600);
    eventually([&] { return e.dropped() == 600; });
    e.record(1);
    e.end();
    BOOST_TEST(e.dropped() == 601);
}

BOOST_AUTO_TEST_CASE(the_end_does_not_wait_for_a_collector_that_never_answers) {
    scripted_server collector(
        [](scripted_server& server, scripted_connection& client) -> boost::asio::awaitable<void> {
            server.note(co_await client.read_request());
            co_await client.hang();
        });
    exporting e(collector.port());
    e.record(600);
    eventually([&] { return !collector.notes().empty(); });
    e.end(); // the context runs out of work
    BOOST_TEST(e.dropped() == 600);
}

BOOST_AUTO_TEST_SUITE_END()
