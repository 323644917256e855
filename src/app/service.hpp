#pragma once

#include "event_bus.hpp"
#include "events.hpp"
#include "generation.hpp"
#include "health.hpp"
#include "journal_entries.hpp"
#include "metered_store.hpp"
#include "otlp_exporter.hpp"
#include "otpd/api/routes.hpp"
#include "otpd/bridgexapi/read_bulkhead.hpp"
#include "otpd/bridgexapi/route_gates.hpp"
#include "otpd/core/clock.hpp"
#include "otpd/core/random.hpp"
#include "otpd/net/on_strand.hpp"
#include "otpd/net/single_flight.hpp"
#include "otpd/otp/account_monitor.hpp"
#include "otpd/otp/delivery.hpp"
#include "otpd/otp/destination_overrides.hpp"
#include "otpd/otp/event_waiters.hpp"
#include "otpd/otp/journal.hpp"
#include "otpd/otp/message_owners.hpp"
#include "otpd/otp/price_cache.hpp"
#include "otpd/otp/read_limit.hpp"
#include "otpd/otp/scoreboard.hpp"
#include "otpd/telemetry/metrics.hpp"
#include "otpd/webhook/webhooks.hpp"
#include "refused_prefixes.hpp"
#include "reload.hpp"
#include "secrets_gate.hpp"
#include "settings.hpp"
#include "stats.hpp"
#include "wiring.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/strand.hpp>
#include <boost/smart_ptr/atomic_shared_ptr.hpp>
#include <boost/smart_ptr/shared_ptr.hpp>

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace otpd::app {

/// Every long-lived object of the process, each declared after those that it needs, and the present
/// generation. The owner runs the context until it has no work, so that no coroutine outlives the
/// objects that it refers to.
struct service {
    service(app::settings with, settings_reader again, store_factory const& factory);

    /// Starts the background work: upstream polls and webhooks.
    void start_background();
    void stop_background();
    /// Claims the journal and reads the overrides, before anything is sent.
    boost::asio::awaitable<std::optional<std::string>> start_journal();
    /// Reads the settings again and applies them, unless they are bad. Thread-safe.
    boost::asio::awaitable<api::reload_report> reload();
    /// Begins the drain, as SIGTERM does, and says in the log why. Any thread.
    void ask_to_drain(std::string_view request_id, std::string_view reason);

    app::settings const settings; ///< of the start: valid for all that needs a restart
    telemetry::descriptor_output output;
    telemetry::logger log;
    telemetry::metrics metrics;
    telemetry::tracer spans;
    app::http_events http_events;
    app::upstream_events upstream_events;
    app::route_events route_events;
    app::store_events store_events;
    openssl_random random;
    numbering_plan plan;
    system_clock clock;
    steady_time const began = clock.now();
    api::authenticator local_operator; ///< for the Unix socket
    otp::key_ring keys;
    http::router api_routes;
    http::router admin_routes;
    http::router socket_routes;

    std::size_t threads;
    boost::asio::io_context context;
    boost::asio::strand<boost::asio::io_context::executor_type> lifecycle;
    boost::asio::signal_set signals; // used on lifecycle
    bool is_asked_to_drain = false;  ///< used on lifecycle

    std::optional<otlp_exporter> exporter; ///< as long as tracing.url is set
    std::unique_ptr<store::backend> backend;
    secrets_gate secrets;
    metered_store store;
    std::unique_ptr<otp::journal> journal; ///< null if a restart forgets everything anyway
    std::optional<journal_outbox> outbox;  ///< as long as there is a journal
    bridgexapi::client send_client;        ///< for sends
    bridgexapi::client question_client;    ///< for all reads
    app::health health;
    bridgexapi::route_gates gates;
    bridgexapi::read_bulkhead questions; ///< of reads
    otp::read_limit reads;
    otp::message_owners owners{context.get_executor()};
    event_bus events;
    refused_prefixes refused{context.get_executor()};
    counts_history counts{context.get_executor()};
    net::single_flight<std::monostate, std::vector<otp::budget_view>> budgets{
        context.get_executor(), std::chrono::seconds(5)};
    std::unique_ptr<timeline_file> timeline; ///< null unless configured
    otp::scoreboard scores;
    otp::destination_overrides overrides; ///< outlives any change of the rules
    otp::event_waiters event_waiters;
    webhook::webhooks hooks;
    otp::price_cache prices;
    otp::delivery_reports of_deliveries;
    otp::delivery_tracker deliveries;
    std::optional<journal_entries> entries; ///< as long as there is a journal
    otp::account account;
    otp::policy const no_budgets;
    otp::ledger const ledger;
    otp::spending_report const spending; ///< in all
    otp::account_monitor account_monitor;
    otp::hedger hedger;
    std::shared_ptr<otp::admission_undo> undo;
    generation_parts const parts;
    /// Read from any thread. Not std::atomic: see otp/money/price_cache.cpp.
    boost::atomic_shared_ptr<generation> current;
    http::server api_server;
    std::optional<http::server> admin_server;
    std::optional<http::server> socket_server;

private:
    [[nodiscard]] webhook::outbox* make_outbox();
    [[nodiscard]] generation_parts make_parts();
    void add_listeners();
    void add_routes();
    boost::asio::awaitable<std::string> scrape();
    boost::asio::awaitable<std::vector<otp::budget_view>> known_budgets();
    boost::asio::awaitable<service_view> view();
    /// The bodies of GET /stats and GET /abuse.
    boost::asio::awaitable<std::string> stats();
    boost::asio::awaitable<std::string> abuse();

    // The following run on reloads_.
    api::reload_report reload_now();
    void apply(app::settings const& with);
    void report(api::reload_report const& done);

    net::strand reloads_;
    settings_reader again_;
};

} // namespace otpd::app
