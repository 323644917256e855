#pragma once

/// A server on a free port with a few routes, run by several threads, with a counting observer.

#include "otpd/http/problem.hpp"
#include "otpd/http/server.hpp"
#include "support/eventually.hpp"
#include "support/raw_client.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/use_future.hpp>
#include <boost/test/unit_test.hpp>

#include <atomic>
#include <chrono>
#include <cstddef>
#include <future>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace otpd::test {

inline constexpr std::string_view get_hello = "GET /hello HTTP/1.1\r\nHost: a\r\n\r\n";
inline constexpr std::string_view get_wait = "GET /wait HTTP/1.1\r\nHost: a\r\n\r\n";

struct counting_observer final : http::observer {
    std::atomic<int> requests = 0;
    std::atomic<int> opened = 0;
    std::atomic<int> closed = 0;
    std::atomic<int> refused = 0;
    std::atomic<int> refused_by_address = 0;
    std::atomic<int> evicted = 0;
    std::atomic<int> accept_failures = 0;
    std::atomic<int> rejected = 0;
    std::atomic<int> handler_failures = 0;
    std::atomic<int> handler_timeouts = 0;
    std::atomic<int> connection_failures = 0;
    std::atomic<int> forwarded = 0; ///< requests of a client that is not the peer
    // Counts of rejected requests, by kind.
    std::atomic<int> untrusted_proxies = 0;
    std::atomic<int> missing_proxy_headers = 0;
    std::atomic<int> bad_proxy_headers = 0;
    std::atomic<int> late_headers = 0;
    std::atomic<int> large_credentials = 0;
    // Wrong tokens, by how they were answered.
    std::atomic<int> wrong_tokens_at_once = 0;
    std::atomic<int> wrong_tokens_late = 0;
    std::atomic<int> wrong_tokens_closed = 0;
    std::atomic<int> addresses_slowed = 0;

    void request_finished(http::request_record const& record) noexcept override {
        ++requests;
        if (record.client != record.peer) ++forwarded;
    }
    void connection_opened(std::string_view) noexcept override { ++opened; }
    void connection_closed(std::string_view) noexcept override { ++closed; }
    void connection_refused(std::string_view, http::refusal why, boost::asio::ip::address const&,
                            bool) noexcept override {
        ++refused;
        refused_by_address += why == http::refusal::address;
    }
    void connection_evicted(std::string_view) noexcept override { ++evicted; }
    void accept_failed(std::string_view, boost::system::error_code, bool) noexcept override {
        ++accept_failures;
    }
    void framing_rejected(std::string_view, std::string_view kind) noexcept override {
        ++rejected;
        untrusted_proxies += kind == "untrusted_proxy";
        missing_proxy_headers += kind == "proxy_header_missing";
        bad_proxy_headers += kind == "bad_proxy_header";
        late_headers += kind == "header_timeout";
        large_credentials += kind == "credentials_too_large";
    }
    void wrong_token(std::string_view, std::string_view answer) noexcept override {
        wrong_tokens_at_once += answer == "at_once";
        wrong_tokens_late += answer == "late";
        wrong_tokens_closed += answer == "closed";
    }
    void wrong_tokens_slowed(std::string_view, boost::asio::ip::address const&) noexcept override {
        ++addresses_slowed;
    }
    void handler_failed(std::string_view, std::string_view, trace_context const&,
                        std::exception_ptr) noexcept override {
        ++handler_failures;
    }
    void handler_timed_out(std::string_view, std::string_view,
                           trace_context const&) noexcept override {
        ++handler_timeouts;
    }
    void connection_failed(std::string_view, std::exception_ptr) noexcept override {
        ++connection_failures;
    }
};

/// Timeouts that no test reaches by accident, even on a slow machine.
inline http::server_options patient_options() {
    http::server_options options;
    options.name = "test";
    options.header_timeout = std::chrono::seconds(60);
    options.body_timeout = std::chrono::seconds(60);
    options.write_timeout = std::chrono::seconds(60);
    options.idle_timeout = std::chrono::seconds(60);
    options.request_timeout = std::chrono::seconds(60);
    options.drain_quiet = std::chrono::milliseconds(20); // every drain waits for it
    return options;
}

class http_fixture {
public:
    /// Unless `accepting`, the kernel connects clients but nobody accepts them.
    explicit http_fixture(http::server_options options = patient_options(), bool accepting = true)
        : server_(context_, std::move(options), routes_, seen) {
        add_routes();
        server_.listen();
        if (accepting) server_.start();
        for (int i = 0; i < thread_count; ++i)
            runners_.emplace_back([this] { context_.run(); });
    }
    ~http_fixture() {
        server_.stop();
        working_.reset();
        for (auto& t : runners_)
            t.join();
        BOOST_TEST(seen.opened == seen.closed);
        BOOST_TEST(seen.connection_failures == 0);
    }

    raw_client connect() { return raw_client(port()); }
    raw_client connect_from(char const* source) { return raw_client(port(), 0, source); }
    [[nodiscard]] std::uint16_t port() const { return server_.local_endpoint().port(); }
    /// Starts a drain. The future returns whether all connections ended by themselves.
    std::future<bool> drain(std::chrono::milliseconds limit) {
        return boost::asio::co_spawn(context_, server_.drain(deadline::in(limit)),
                                     boost::asio::use_future);
    }

    counting_observer seen;
    std::atomic<int> handled = 0;      ///< calls of any handler
    std::atomic<int> waiting = 0;      ///< handlers in /wait
    std::atomic<bool> release = false; ///< releases them
    std::atomic<int> settled = 0;      ///< handlers of /wait and /stubborn that have ended

private:
    static constexpr int thread_count = 3;
    void add_routes();

    boost::asio::io_context context_;
    boost::asio::executor_work_guard<boost::asio::io_context::executor_type> working_{
        context_.get_executor()};
    http::router routes_;
    http::server server_;
    std::vector<std::thread> runners_;
};

inline void http_fixture::add_routes() {
    using boost::asio::awaitable;
    using http::method;
    using http::request;
    using http::response;
    routes_.add(method::get, "/hello", [this](request const&) -> awaitable<response> {
        ++handled;
        response response;
        response.body = "\"hello\"";
        co_return response;
    });
    routes_.add(method::post, "/echo", [this](request const& asked) -> awaitable<response> {
        ++handled;
        response response;
        response.body = asked.body();
        response.headers.push_back(
            {"X-Authorization", std::string(asked.header("authorization").value_or("none"))});
        response.headers.push_back({"X-Evil", "a\r\nInjected: yes"});
        co_return response;
    });
    routes_.add(method::get, "/items/{id}", [this](request const&, int id) -> awaitable<response> {
        ++handled;
        response response;
        response.body = std::to_string(id);
        co_return response;
    });
    routes_.add(method::get, "/big", [this](request const&) -> awaitable<response> {
        ++handled;
        response response;
        response.body.assign(32 * 1024 * 1024, 'x');
        co_return response;
    });
    routes_.add(method::get, "/throw", [this](request const&) -> awaitable<response> {
        ++handled;
        throw std::runtime_error("secret text");
        co_return response{};
    });
    routes_.add(method::get, "/forever", [this](request const&) -> awaitable<response> {
        ++handled;
        boost::asio::steady_timer never(co_await boost::asio::this_coro::executor,
                                        std::chrono::hours(1));
        co_await never.async_wait(boost::asio::use_awaitable);
        co_return response{};
    });
    routes_.add(method::get, "/wait", [this](request const&) -> awaitable<response> {
        ++handled;
        ++waiting;
        boost::asio::steady_timer pause(co_await boost::asio::this_coro::executor);
        while (!release) {
            pause.expires_after(std::chrono::milliseconds(1));
            co_await pause.async_wait(boost::asio::use_awaitable);
        }
        ++settled;
        response response;
        response.body = "\"released\"";
        co_return response;
    });
    // Like a long poll: only waits until the client disconnects.
    routes_.add(method::get, "/poll", [this](request const& asked) -> awaitable<response> {
        ++handled;
        ++waiting;
        boost::asio::steady_timer pause(co_await boost::asio::this_coro::executor);
        while (!release && !asked.has_hung_up()) {
            pause.expires_after(std::chrono::milliseconds(1));
            co_await pause.async_wait(boost::asio::use_awaitable);
        }
        ++settled;
        response response;
        response.body = release ? "\"released\"" : "\"left\"";
        co_return response;
    });
    // A handler with work that it cannot undo: on cancellation, it settles and answers.
    routes_.add(method::get, "/stubborn", [this](request const&) -> awaitable<response> {
        ++handled;
        co_await boost::asio::this_coro::throw_if_cancelled(false);
        boost::asio::steady_timer work(co_await boost::asio::this_coro::executor,
                                       std::chrono::hours(1));
        boost::system::error_code ec;
        co_await work.async_wait(boost::asio::redirect_error(boost::asio::use_awaitable, ec));
        co_await boost::asio::this_coro::throw_if_cancelled(true);
        ++settled;
        response response;
        response.body = "\"settled\"";
        co_return response;
    });
    routes_.add(method::get, "/client", [this](request const& asked) -> awaitable<response> {
        ++handled;
        response response;
        response.body = asked.client().to_string() + " by " + asked.peer().to_string();
        co_return response;
    });
    routes_.add(method::get, "/unauthorized", [this](request const& asked) -> awaitable<response> {
        ++handled;
        co_return to_response(http::unauthorized(), asked);
    });
    routes_.add(method::get, "/id", [this](request const& asked) -> awaitable<response> {
        ++handled;
        response response;
        response.body = asked.request_id();
        co_return response;
    });
}

} // namespace otpd::test
