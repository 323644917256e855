#include "service.hpp"

#include "admin.hpp"
#include "settings/notations.hpp"
#include "version.hpp"

#include <boost/asio/post.hpp>
#include <boost/smart_ptr/make_shared.hpp>

#include <unistd.h>

#include <csignal>
#include <exception>
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
    for (auto const metric : {metrics_path, http::router::unmatched, http::router::malformed})
        options.routes.emplace_back(metric);
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

service::service(app::settings with, settings_reader again, store_factory const& factory)
    : settings(std::move(with)), output(STDOUT_FILENO),
      log(output, settings.log.level, settings.log.queue_lines_max),
      metrics(metrics_of(policy_of(settings))), spans(tracer_options_of(settings.tracing), metrics),
      http_events(log, metrics, spans), upstream_events(log, metrics, spans), route_events(log),
      store_events(log, metrics), local_operator(operator_without_token()),
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
      scores({context.get_executor(), "scoreboard_failed", random, log}, settings.routes.scores,
             {store, clock, log, metrics}),
      overrides({context.get_executor(), "overrides_failed", random, log}, {}, {store, clock, log}),
      event_waiters(context.get_executor(), settings.delivery.waiters_max,
                    names_of_clients(settings)),
      hooks(context.get_executor(), settings.webhook_endpoints, settings.webhooks,
            webhook::webhooks::dependencies{clock, random, log, metrics, make_outbox(), &spans}),
      prices({context.get_executor(), "price_cache_failed", random, log},
             price_cache_options_of(settings), {question_client, clock, log, metrics}),
      of_deliveries(events, log, metrics),
      deliveries(context.get_executor(), tracker_options_of(settings),
                 {store, question_client, clock, random, of_deliveries, journal.get()}),
      account(settings.spending.account, clock, log, metrics), ledger(no_budgets, keys),
      spending(no_budgets, ledger, store, clock),
      account_monitor({context.get_executor(), "account_monitor_failed", random, log},
                      question_client, spending, account),
      hedger({context.get_executor(), scores, deliveries, clock, log}, {}),
      undo(std::make_shared<otp::admission_undo>(store, log, no_budgets.undo_pause,
                                                 no_budgets.idempotency_retention)),
      parts(make_parts()), current(boost::make_shared<generation>(settings, parts)),
      api_server(context, api_options(settings), api_routes, http_events),
      reloads_(asio::make_strand(asio::any_io_executor(context.get_executor()))),
      again_(std::move(again)) {
    signals.add(SIGUSR1);
    if (!settings.tracing.url.empty())
        exporter.emplace(context.get_executor(), settings.tracing, spans, random, log);
    if (journal) entries.emplace(keys, clock, deliveries, hooks);
    add_listeners();
    add_routes();
    metrics.settings_read(true, clock.wall());
    metrics.log_lines_dropped_from([this] { return log.dropped(); });
    if (settings.admin.listen)
        admin_server.emplace(context, admin_options(*settings.admin.listen), admin_routes,
                             http_events);
    if (!settings.admin.socket.empty())
        socket_server.emplace(context, socket_options(settings.admin.socket), socket_routes,
                              http_events);
}

generation_parts service::make_parts() {
    otp::operations_dependencies domain{store,  gates,      questions,     keys,    plan,
                                        clock,  random,     log,           metrics, prices,
                                        scores, deliveries, event_waiters, events};
    domain.on_balance = [this](money balance) { account.on_balance(balance); };
    domain.owners = &owners;
    domain.open_sends = settings.delivery.enabled ? journal.get() : nullptr;
    domain.events_kept_in = journal.get();
    domain.webhooks = &hooks;
    domain.hedges = &hedger;
    domain.undo = undo;
    domain.overrides = &overrides;
    return {std::move(domain),
            questions,
            prices,
            account,
            reads,
            [this] { return health.live_codes(); },
            [this] { return health.why_not_ready(); },
            [this] { return reload(); },
            overrides,
            [this](std::string_view request_id, std::string_view reason) {
                ask_to_drain(request_id, reason);
            },
            [this] { return stats(); },
            [this] { return abuse(); },
            local_operator};
}

void service::add_routes() {
    using shown = boost::shared_ptr<api::dependencies const>;
    api::add_routes(api_routes, [this] {
        auto const now = current.load();
        return shown(now, &now->for_clients);
    });
    for (auto* const routes : {&admin_routes, &socket_routes})
        add_admin_routes(*routes, [this] { return scrape(); });
    api::add_operator_routes(admin_routes, [this] {
        auto const now = current.load();
        return now->operators ? shown(now, &now->for_operators) : shown();
    });
    api::add_operator_routes(socket_routes, [this] {
        auto const now = current.load();
        return shown(now, &now->for_socket);
    });
}

/// A signal or an earlier request may have begun it: then the set has nobody who waits, except for
/// the second signal.
void service::ask_to_drain(std::string_view request_id, std::string_view reason) {
    log.warn("drain_requested",
             {{"request_id", request_id}, {"by", "(operator)"}, {"reason", reason}});
    asio::post(lifecycle, [this] {
        if (std::exchange(is_asked_to_drain, true) || health.is_draining()) return;
        signals.cancel();
    });
}

void service::add_listeners() {
    events.add(event_waiters);
    events.add(hooks);
    events.add(refused);
    events.add(hedger);
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
    hedger.stop();
    prices.stop();
    deliveries.stop();
    account_monitor.stop();
}

asio::awaitable<api::reload_report> service::reload() {
    auto now = [this] { return reload_now(); };
    co_return co_await net::on_strand(reloads_, now);
}

/// Whatever can fail does so before anything is changed.
api::reload_report service::reload_now() {
    api::reload_report done;
    try {
        auto fresh = again_();
        if (fresh) {
            auto const change = plan_reload(current.load()->settings, *std::move(fresh));
            if (change) {
                apply(change->with);
                done.changed = change->changed;
                done.restart_needed = change->restart_needed;
            } else {
                done.faults = change.error().lines;
            }
        } else {
            done.faults = fresh.error().lines;
        }
    } catch (std::exception const& why) { // a CA file cannot be used, for example
        done.faults = {why.what()};
    }
    report(done);
    return done;
}

void service::apply(app::settings const& with) {
    auto const exchange_hooks = hooks.prepare(with.webhook_endpoints, with.webhooks);
    auto const made = boost::make_shared<generation>(with, parts);
    metrics.know_limits(otp::names_of_limits(made->domain.rules));
    event_waiters.share_out(with.delivery.waiters_max, names_of_clients(with));
    reads.set_quota(read_quota_of(with.limits));
    gates.apply(route_gate_options_of(with));
    scores.apply(with.routes.scores);
    prices.apply(price_cache_options_of(with));
    account.apply(with.spending.account);
    account_monitor.apply();
    exchange_hooks();
    log.set_level(with.log.level);
    current.store(made);
}

void service::report(api::reload_report const& done) {
    metrics.settings_read(done.faults.empty(), clock.wall());
    for (auto const& line : done.faults)
        log.error("bad_setting", {{"why", line}});
    if (!done.faults.empty()) return;
    for (auto const& key : done.changed)
        log.info("setting_changed", {{"key", key}});
    for (auto const& key : done.restart_needed)
        log.warn("restart_needed", {{"key", key}});
    auto const level = current.load()->settings.log.level;
    log.info("reloaded", {{"level", notations::level().show(level)}});
}

asio::awaitable<std::string> service::scrape() {
    auto const sends = send_client.stats();
    auto const reads = question_client.stats();
    metrics.upstream_pool(sends.open + reads.open, sends.idle + reads.idle,
                          sends.waiting + reads.waiting);
    for (auto const& stat : gates.stats())
        metrics.route_gate(stat.route_id, stat.limit, stat.running, stat.waiting, stat.refusing);
    auto const codes = co_await health.live_codes();
    if (codes) metrics.live_codes(static_cast<std::int64_t>(*codes));
    co_return metrics.scrape();
}

} // namespace otpd::app
