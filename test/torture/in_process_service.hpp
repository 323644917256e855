#pragma once

/// The whole path of a request in this process: its own listener, connection, API, domain and
/// memory store, served by one thread, with faults inserted between the parts.

#include "backend/memory_backend.hpp"
#include "faulty_gateway.hpp"
#include "faulty_store.hpp"
#include "otpd/api/routes.hpp"
#include "otpd/http/server.hpp"
#include "otpd/net/single_threaded_scope.hpp"
#include "otpd/otp/account.hpp"
#include "otpd/otp/catalogue.hpp"
#include "otpd/otp/event_waiters.hpp"
#include "otpd/otp/ledger.hpp"
#include "otpd/otp/operations.hpp"
#include "otpd/otp/price_cache.hpp"
#include "otpd/telemetry/log.hpp"
#include "otpd/telemetry/metrics.hpp"
#include "support/domain_parts.hpp"
#include "support/log_capture.hpp"
#include "support/manual_clock.hpp"
#include "support/raw_client.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/use_future.hpp>

#include <atomic>
#include <exception>
#include <functional>
#include <string>
#include <thread>

namespace otpd::test {

inline constexpr std::int64_t price_micros = 90'000; ///< as listed
inline constexpr std::int64_t cost_micros = 87'000;  ///< as reported by the upstream afterwards
inline constexpr unsigned sends_of_a_number = 3;

inline otp::policy torture_policy() {
    auto const step = [](int route_id) {
        otp::route_step one;
        one.route_id = route_id;
        return one;
    };
    otp::policy rules;
    rules.reveal_codes = true;
    rules.default_route_id = 8;
    rules.cooldown = {};
    rules.plans.push_back({"three", {step(8), step(1), step(2)}, {}});
    otp::limit of_number;
    of_number.name = "number_24h";
    of_number.quota = sends_of_a_number;
    of_number.window = std::chrono::hours(24);
    rules.limits.push_back(of_number);
    otp::spending_budget daily;
    daily.name = "daily";
    daily.cap = money::from_micros(1'000'000'000'000);
    rules.budgets.push_back(daily);
    rules.pumping.enabled = false; // every code of these tests goes to the same prefix
    return rules;
}

/// Counts what the server had to give up.
struct giving_up final : http::observer {
    std::atomic<int> opened = 0, closed = 0, handlers = 0, connections = 0;

    void connection_opened(std::string_view) noexcept override { ++opened; }
    void connection_closed(std::string_view) noexcept override { ++closed; }
    void handler_failed(std::string_view, std::string_view, trace_context const&,
                        std::exception_ptr) noexcept override {
        ++handlers;
    }
    void connection_failed(std::string_view, std::exception_ptr) noexcept override {
        ++connections;
    }
};

class in_process_service {
public:
    /// `first` runs on the serving thread before it serves.
    explicit in_process_service(std::function<void()> first = [] {}) {
        for (int const route : {1, 2, 8})
            prices.of_route[route] = money::from_micros(price_micros);
        api::add_routes(routes_, {domain,
                                  catalogue_,
                                  report_,
                                  stats_,
                                  reads_,
                                  callers_,
                                  [this] { return live_codes(); },
                                  []() -> boost::asio::awaitable<std::optional<std::string_view>> {
                                      co_return std::nullopt;
                                  },
                                  "https://127.0.0.1",
                                  {}});
        http::server_options options;
        options.one_thread = true;
        server_.emplace(context_, options, routes_, seen);
        server_->listen();
        server_->start();
        port_ = server_->local_endpoint().port();
        thread_ = std::thread([this, first = std::move(first)] {
            first();
            serve();
        });
    }
    ~in_process_service() {
        server_->stop();
        working_.reset();
        thread_.join();
    }
    in_process_service(in_process_service const&) = delete;
    in_process_service& operator=(in_process_service const&) = delete;

    [[nodiscard]] std::uint16_t port() const noexcept { return port_; }
    [[nodiscard]] int escaped() const noexcept { return escaped_; }

    /// The total spending: the hour's sum and the day's budget.
    std::int64_t spent() { return ask(memory.spent({domain.spending.total(clock.wall())})).at(0); }
    std::int64_t spent_of_the_budget() {
        return ask(memory.spent({domain.spending.key_of(domain.rules.budgets.at(0), clock.wall())}))
            .at(0);
    }

    giving_up seen;
    manual_clock clock;

private:
    boost::asio::io_context context_;
    boost::asio::executor_work_guard<boost::asio::io_context::executor_type> working_{
        context_.get_executor()};

public:
    otpd::store::memory_backend memory{context_.get_executor(), clock,
                                       otpd::store::memory_options{}};
    faulty_store store{memory};
    faulty_gateway gateway;
    known_prices prices;

private:
    boost::asio::awaitable<std::optional<std::uint64_t>> live_codes() {
        auto const codes = co_await store.live_codes();
        if (!codes) co_return std::nullopt;
        co_return *codes;
    }
    template <class T>
    T ask(boost::asio::awaitable<otpd::store::result<T>> question) {
        return boost::asio::co_spawn(context_, std::move(question), boost::asio::use_future)
            .get()
            .value();
    }
    /// As in the application, an exception that escapes a handler affects only that handler.
    void serve() {
        net::single_threaded_scope const alone(context_);
        for (;;) {
            try {
                context_.run();
                return;
            } catch (std::exception const&) {
                ++escaped_;
            }
        }
    }

    std::atomic<int> escaped_ = 0;
    openssl_random random_;
    log_capture capture_;
    telemetry::logger log_{capture_, telemetry::level::info, 1024};
    telemetry::metrics metrics_{telemetry::metrics_options{"test", {}}};
    numbering_plan plan_;
    otp::key_ring keys_{secret_string(std::string(32, 'k')), {}, secret_string()};
    known_stats stats_;
    followed_messages deliveries_;
    otp::event_waiters event_waiters_{context_.get_executor(), 10};

public:
    otp::operations domain = otp::make_operations(
        torture_policy(), {store, gateway, gateway, keys_, plan_, clock, random_, log_, metrics_,
                           prices, stats_, deliveries_, event_waiters_, event_waiters_});

private:
    otp::price_cache price_lists_{
        {context_.get_executor(), "", random_, log_}, {}, {gateway, clock, log_, metrics_}};
    otp::account account_{{}, clock, log_, metrics_};
    otp::catalogue catalogue_{domain.rules, gateway, price_lists_, account_, clock};
    otp::spending_report report_{domain.rules, domain.spending, store, clock};
    otp::read_limit reads_{context_.get_executor(), 0, clock, metrics_};
    api::authenticator callers_{secret_string()};
    http::router routes_;
    std::optional<http::server> server_;
    std::uint16_t port_ = 0;
    std::thread thread_;
};

} // namespace otpd::test
