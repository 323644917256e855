#include "service.hpp"

#include "admin.hpp"
#include "version.hpp"

#include <unistd.h>

#include <csignal>
#include <utility>

namespace otpd::app {

namespace asio = boost::asio;

namespace {

telemetry::metrics_options metrics_of(otp::policy const& rules) {
    telemetry::metrics_options options;
    options.limits = otp::names_of_limits(rules);
    options.version = version;
    auto const paths = api::paths();
    options.routes.assign(paths.begin(), paths.end());
    for (auto const each : {metrics_path, http::router::unmatched, http::router::malformed})
        options.routes.emplace_back(each);
    return options;
}

telemetry::tracer_options tracer_options_of(tracing_settings const& settings) {
    auto options = settings.spans;
    options.is_on = !settings.url.empty();
    return options;
}

std::unique_ptr<otp::journal> make_journal(asio::any_io_executor executor, settings const& settings,
                                           otp::journal::dependencies deps) {
    using kind = store::location::kind;
    if (settings.store.url.type == kind::memory) return nullptr;
    otp::journal_options options;
    options.is_alone = settings.store.url.type == kind::sqlite;
    return std::make_unique<otp::journal>(std::move(executor), options, deps);
}

} // namespace

service::service(app::settings with, store_factory const& factory)
    : settings(std::move(with)), output(STDOUT_FILENO),
      log(output, settings.log.level, settings.log.queue_lines_max), rules(policy_of(settings)),
      metrics(metrics_of(rules)), spans(tracer_options_of(settings.tracing), metrics),
      http_events(log, metrics, spans), upstream_events(log, metrics, spans), route_events(log),
      store_events(log, metrics), callers(credentials_of(settings)),
      keys(keys_of(settings.otp, random)), threads(thread_count(settings.server)),
      context(static_cast<int>(threads)), lifecycle(asio::make_strand(context)),
      signals(lifecycle, SIGTERM, SIGINT, SIGHUP),
      backend(factory(context.get_executor(), settings, clock, store_events)),
      secrets(*backend, store_events, keys.secrets(), log),
      store(*backend, secrets, metrics, spans),
      journal(make_journal(context.get_executor(), settings, {store, keys, random, log})),
      send_client(context.get_executor(), settings.bridgexapi, random, upstream_events),
      question_client(context.get_executor(), question_options(settings.bridgexapi), random,
                      upstream_events),
      health(context.get_executor(), store, send_client, question_client),
      gates(context.get_executor(), send_client, route_gate_options_of(settings), clock, random,
            route_events),
      questions(context.get_executor(), question_client,
                read_bulkhead_options_of(settings.bridgexapi)),
      reads(context.get_executor(), read_quota_of(settings.limits), clock, metrics),
      scores({context.get_executor(), "scoreboard_ended", random, log}, settings.routes.scores,
             {store, clock, log, metrics}),
      overrides({context.get_executor(), "overrides_ended", random, log}, {}, {store, clock, log}),
      event_waiters(context.get_executor(), settings.delivery.waiters_max,
                    names_of_clients(settings)),
      hooks(context.get_executor(), settings.webhook_endpoints, settings.webhooks,
            webhook::webhooks::dependencies{clock, random, log, metrics, make_outbox()}),
      prices({context.get_executor(), "price_cache_ended", random, log},
             price_cache_options_of(settings), {question_client, clock, log, metrics}),
      of_deliveries(events, log, metrics),
      deliveries(context.get_executor(), tracker_options_of(settings),
                 {store, question_client, clock, random, of_deliveries, journal.get()}),
      account(settings.spending.account, clock, log, metrics),
      domain(otp::make_operations(rules, {store,
                                          gates,
                                          questions,
                                          keys,
                                          plan,
                                          clock,
                                          random,
                                          log,
                                          metrics,
                                          prices,
                                          scores,
                                          deliveries,
                                          event_waiters,
                                          events,
                                          [this](money balance) { account.on_balance(balance); },
                                          &owners,
                                          names_of_clients(settings),
                                          settings.delivery.enabled ? journal.get() : nullptr,
                                          context.get_executor(),
                                          &overrides})),
      spending(domain.rules, domain.spending, store, clock),
      account_monitor({context.get_executor(), "account_monitor_ended", random, log},
                      settings.spending.account, question_client, spending, account),
      catalogue(rules, questions, prices, account, clock),
      api_server(context, api_options(settings), api_routes, http_events) {
    signals.add(SIGUSR1);
    if (!settings.tracing.url.empty())
        exporter.emplace(context.get_executor(), settings.tracing, spans, random, log);
    if (journal) entries.emplace(keys, clock, deliveries, hooks);
    add_listeners();
    add_routes();
    metrics.log_lines_dropped_from([this] { return log.dropped(); });
    if (settings.admin.listen)
        admin_server.emplace(context, admin_options(*settings.admin.listen), admin_routes,
                             http_events);
}

void service::add_routes() {
    api::dependencies const deps{domain,
                                 catalogue,
                                 spending,
                                 scores,
                                 reads,
                                 callers,
                                 [this] { return health.live_codes(); },
                                 [this] { return health.why_not_ready(); },
                                 settings.bridgexapi.base_url,
                                 settings.delivery.status_url,
                                 [this] { return callers.clients(); },
                                 &overrides};
    api::add_routes(api_routes, deps);
    add_admin_routes(admin_routes, [this] { return scrape(); });
    if (settings.admin.token.empty()) return;
    operators.emplace(operator_of(settings.admin));
    api::dependencies const operators_use{deps.domain,       deps.catalogue,     deps.spending,
                                          deps.stats,        deps.reads,         *operators,
                                          deps.live_codes,   deps.why_not_ready, deps.upstream_url,
                                          deps.delivery_url, deps.clients,       deps.overrides};
    api::add_operator_routes(admin_routes, operators_use);
}

void service::add_listeners() {
    events.add(event_waiters);
    events.add(hooks);
    if (domain.hedger != nullptr) events.add(*domain.hedger);
    if (settings.timeline.path.empty()) return;
    timeline =
        std::make_unique<timeline_file>(settings.timeline, settings.timeline.queue_lines_max);
    events.add(*timeline);
    metrics.timeline_lines_lost_from([this] { return timeline->lines_lost(); });
}

webhook::outbox* service::make_outbox() {
    return journal ? &outbox.emplace(*journal) : nullptr;
}

asio::awaitable<std::optional<std::string>> service::start_journal() {
    if (journal) co_await journal->start(*entries);
    co_await overrides.refresh();
    co_return std::nullopt;
}

void service::start_background() {
    if (exporter) exporter->start();
    scores.start();
    overrides.start();
    prices.start();
    deliveries.start();
    account_monitor.start();
    hooks.start();
}

void service::stop_background() {
    scores.stop();
    overrides.stop();
    if (domain.hedger != nullptr) domain.hedger->stop();
    prices.stop();
    deliveries.stop();
    account_monitor.stop();
}

asio::awaitable<std::string> service::scrape() {
    auto const sends = send_client.stats();
    auto const reads = question_client.stats();
    metrics.upstream_pool(sends.open + reads.open, sends.idle + reads.idle,
                          sends.waiting + reads.waiting);
    for (auto const& each : gates.stats())
        metrics.route_gate(each.route_id, each.limit, each.running, each.waiting, each.refusing);
    auto const codes = co_await health.live_codes();
    if (codes) metrics.live_codes(static_cast<std::int64_t>(*codes));
    co_return metrics.scrape();
}

} // namespace otpd::app
