#include "application.hpp"

#include "admin.hpp"
#include "event_bus.hpp"
#include "events.hpp"
#include "metered_store.hpp"
#include "otpd/api/routes.hpp"
#include "otpd/bridgexapi/read_bulkhead.hpp"
#include "otpd/bridgexapi/route_gates.hpp"
#include "otpd/core/clock.hpp"
#include "otpd/core/random.hpp"
#include "otpd/net/single_flight.hpp"
#include "otpd/net/single_threaded_scope.hpp"
#include "otpd/otp/account_monitor.hpp"
#include "otpd/otp/catalogue.hpp"
#include "otpd/otp/delivery.hpp"
#include "otpd/otp/event_waiters.hpp"
#include "otpd/otp/message_owners.hpp"
#include "otpd/otp/price_cache.hpp"
#include "otpd/otp/read_limit.hpp"
#include "otpd/otp/scoreboard.hpp"
#include "otpd/telemetry/metrics.hpp"
#include "otpd/webhook/webhooks.hpp"
#include "plan_library.hpp"
#include "secrets_gate.hpp"
#include "settings_values.hpp"
#include "version.hpp"
#include "wiring.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/strand.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <unistd.h>

#include <atomic>
#include <csignal>
#include <cstdlib>
#include <optional>
#include <sstream>
#include <stdexcept>
#include <thread>
#include <vector>

namespace otpd::app {

namespace asio = boost::asio;

namespace {

/// What anybody may ask of the store is asked once in this time, for all.
constexpr std::chrono::seconds look_kept{1};
/// More than a store takes: its own timeouts are shorter, or another look is under way.
constexpr std::chrono::seconds look_timeout{10};
/// What is given to scrapers and to the upstream's connections once nobody uses them any more.
constexpr std::chrono::seconds last_goodbye{1};

std::string to_text(asio::ip::tcp::endpoint const& at) {
    std::ostringstream text;
    text << at;
    return std::move(text).str();
}

/// What keeps a listener from its address is for the operator to mend: one line that names both.
void listen(http::server& listener, host_port const& at) {
    try {
        listener.listen();
    } catch (boost::system::system_error const& why) {
        throw std::runtime_error("cannot listen on " + at.to_string() + ": " +
                                 why.code().message());
    }
}

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

} // namespace

/// Members stand in the order of their dependencies. run() leaves the io_context without work, so
/// no coroutine outlives what it refers to.
class application::impl {
public:
    impl(settings with, reread settings_again, store_factory const& factory)
        : settings_(std::move(with)), settings_again_(std::move(settings_again)),
          output_(STDOUT_FILENO), log_(output_, settings_.log.level, settings_.log.queue_lines_max),
          rules_(policy_of(settings_)), metrics_(metrics_of(rules_)), http_events_(log_, metrics_),
          upstream_events_(log_, metrics_), route_events_(log_), store_events_(log_, metrics_),
          callers_(credentials_of(settings_)), keys_(keys_of(settings_.otp, random_)),
          threads_(thread_count(settings_.server)), context_(static_cast<int>(threads_)),
          lifecycle_(asio::make_strand(context_)), signals_(lifecycle_, SIGTERM, SIGINT, SIGHUP),
          codes_(factory(context_.get_executor(), settings_, clock_, store_events_)),
          gate_(*codes_, store_events_, keys_.secrets(), log_), store_(*codes_, gate_, metrics_),
          upstream_(context_.get_executor(), settings_.bridgexapi, random_, upstream_events_),
          reader_(context_.get_executor(), question_options(settings_.bridgexapi), random_,
                  upstream_events_),
          routes_(context_.get_executor(), upstream_, route_gate_options_of(settings_), clock_,
                  random_, route_events_),
          questions_(context_.get_executor(), reader_,
                     read_bulkhead_options_of(settings_.bridgexapi)),
          reads_(context_.get_executor(), read_quota_of(settings_.limits), clock_, metrics_),
          stats_(context_.get_executor(), clock_, settings_.routes.scores),
          event_waiters_(context_.get_executor(), settings_.delivery.waiters_max,
                         names_of_clients(settings_)),
          hooks_(context_.get_executor(), settings_.webhook_endpoints, settings_.webhooks,
                 webhook::webhooks::dependencies{clock_, random_, log_, metrics_}),
          prices_({context_.get_executor(), "price_cache_ended", random_, log_},
                  price_cache_options_of(settings_), {reader_, clock_, log_, metrics_}),
          deliveries_(context_.get_executor(), settings_.delivery,
                      otp::delivery_tracker::dependencies{store_, reader_, clock_, random_, relay_,
                                                          log_, metrics_}),
          account_(settings_.spending.account, clock_, log_, metrics_),
          domain_(otp::make_operations(
              rules_, {store_, routes_, questions_, keys_, plan_, clock_, random_, log_, metrics_,
                       prices_, stats_, deliveries_, event_waiters_, relay_,
                       [this](money balance) { account_.on_balance(balance); }, &owners_})),
          spending_(domain_.rules, domain_.spending, store_, clock_),
          account_monitor_({context_.get_executor(), "account_monitor_ended", random_, log_},
                           settings_.spending.account, reader_, spending_, account_),
          catalogue_(rules_, questions_, prices_, account_, clock_),
          api_(context_, api_options(settings_), api_routes_, http_events_) {
        signals_.add(SIGUSR1);
        start_listeners();
        add_routes();
        metrics_.log_lines_dropped_from([this] { return log_.dropped(); });
        if (settings_.admin.listen)
            admin_.emplace(context_, admin_options(*settings_.admin.listen), admin_routes_,
                           http_events_);
    }

    void run() {
        log_start();
        listen(api_, settings_.server.listen);
        if (admin_) listen(*admin_, *settings_.admin.listen);
        start_store();
        start_background();
        auto ended = [this](std::exception_ptr thrown) {
            if (thrown) log_.error("lifecycle_failed", {{"what", what_of(thrown)}});
        };
        asio::co_spawn(lifecycle_, live(), ended);
        start(api_, "api");
        if (admin_) start(*admin_, "admin");
        run_on_all_threads();
        log_.info("stopped");
    }

private:
    void add_routes() {
        api::dependencies const deps{domain_,
                                     catalogue_,
                                     spending_,
                                     stats_,
                                     reads_,
                                     callers_,
                                     [this] { return live_codes(); },
                                     [this] { return why_not_ready(); },
                                     settings_.bridgexapi.base_url,
                                     settings_.delivery.status_url};
        api::add_routes(api_routes_, deps);
        add_admin_routes(admin_routes_, [this] { return scrape(); });
        if (settings_.admin.token.empty()) return;
        operators_.emplace(operator_of(settings_.admin));
        api::dependencies const operators_use{
            deps.domain, deps.catalogue,  deps.spending,      deps.stats,        deps.reads,
            *operators_, deps.live_codes, deps.why_not_ready, deps.upstream_url, deps.delivery_url};
        api::add_operator_routes(admin_routes_, operators_use);
    }

    /// The board before those who may ask it because of what they heard.
    void start_listeners() {
        relay_.add(stats_);
        relay_.add(event_waiters_);
        relay_.add(hooks_);
        if (settings_.timeline.path.empty()) return;
        timeline_ =
            std::make_unique<timeline_file>(settings_.timeline, settings_.timeline.queue_lines_max);
        relay_.add(*timeline_);
        metrics_.timeline_lines_lost_from([this] { return timeline_->lines_lost(); });
    }

    /// What asks the upstream, and tells others, beside the requests.
    void start_background() {
        prices_.start();
        deliveries_.start();
        account_monitor_.start();
        hooks_.start();
    }

    void stop_background() {
        prices_.stop();
        deliveries_.stop();
        account_monitor_.stop();
    }

    void log_start() {
        log_.info("starting", {{"version", version},
                               {"threads", threads_},
                               {"store", settings_.store.url.to_string()},
                               {"upstream", settings_.bridgexapi.base_url},
                               {"debug_codes", settings_.otp.reveal_codes}});
        log_plans();
        if (!settings_.store.url.outlives_process())
            log_.warn("memory_store",
                      {{"note", "codes and limits are lost at a restart and unknown "
                                "to other instances"}});
        log_daily_cap();
        for (auto const& note :
             settings_notes(settings_, std::chrono::floor<std::chrono::days>(clock_.wall())))
            log_.warn("setting_note", {{"note", note}});
        if (!settings_.service_links.empty())
            log_.debug("service_links_ignored",
                       {{"names", values::joined(settings_.service_links)}});
        for (auto const& line : describe(settings_))
            log_.debug("setting", {{"key", line.key}, {"value", line.value}});
    }

    /// Ranges that are younger are of type unknown.
    void log_plans() {
        auto const plans = library_of_plans();
        if (!plans.dated) {
            log_.info("numbering_plans", {{"library", plans.file}});
            return;
        }
        auto const today = std::chrono::floor<std::chrono::days>(clock_.wall());
        log_.info("numbering_plans", {{"library", plans.file},
                                      {"dated", values::format_date(*plans.dated)},
                                      {"age_days", (today - *plans.dated).count()}});
    }

    void log_daily_cap() {
        auto const cap = daily_cap_of(settings_);
        if (cap > money())
            log_.info("daily_cap",
                      {{"cap", cap.units()},
                       {"by_default", !settings_.spending.daily_cap},
                       {"note", "no more than this is spent in a UTC day; money.daily_cap says how "
                                "much, 0 for no cap"}});
        else if (!has_total_budget(settings_))
            log_.warn("daily_cap", {{"cap", 0.0}, {"note", "nothing bounds what is spent in all"}});
    }

    /// Before anything is accepted, so that a store that can never work ends the program with its
    /// reason. One that does not answer yet is asked for its secrets by the first who want it.
    void start_store() {
        auto unusable = run_now(codes_->start());
        if (!unusable) unusable = run_now(gate_.difference());
        if (!unusable) return;
        codes_->stop();
        context_.run();
        throw std::runtime_error("store: " + *unusable);
    }

    /// Runs the context until it is done. What is thrown is an answer too.
    std::optional<std::string> run_now(asio::awaitable<std::optional<std::string>> what) {
        std::optional<std::string> answer;
        bool is_done = false;
        auto done = [&](std::exception_ptr thrown, std::optional<std::string> why) {
            answer = thrown ? what_of(thrown) : std::move(why);
            is_done = true;
        };
        asio::co_spawn(lifecycle_, std::move(what), done);
        while (!is_done)
            context_.run_one();
        context_.restart(); // a store with a thread of its own may have left it without work
        return answer;
    }

    void start(http::server& listener, std::string_view name) {
        listener.start();
        log_.info("listening",
                  {{"listener", name}, {"address", to_text(listener.local_endpoint())}});
    }

    /// This thread and the others run the context until it has no work. What escapes a handler is a
    /// bug in that handler: it is logged, and everybody else is served on.
    void run_on_all_threads() {
        auto serve = [this] {
            for (;;) {
                try {
                    context_.run();
                    return;
                } catch (...) {
                    log_.error("handler_escaped", {{"what", what_of(std::current_exception())}});
                }
            }
        };
        std::optional<net::single_threaded_scope> alone;
        if (threads_ == 1) alone.emplace(context_);
        std::vector<std::jthread> others;
        for (std::size_t i = 1; i < threads_; ++i)
            others.emplace_back(serve);
        serve();
    }

    /// From the first signal that ends the service to a context without work.
    asio::awaitable<void> live() {
        int const signal = co_await next_end_signal();
        log_.info("draining", {{"signal", signal}});
        draining_ = true;
        asio::co_spawn(lifecycle_, die_on_second_signal(), [](std::exception_ptr) {});

        asio::steady_timer grace(lifecycle_, settings_.server.drain_delay);
        co_await grace.async_wait(asio::as_tuple(asio::use_awaitable));
        deadline const limit = deadline::in(settings_.server.drain_timeout);
        event_waiters_.stop();
        bool const drained = co_await api_.drain(limit);
        if (!drained) log_.warn("drain_incomplete");
        stop_background();
        co_await domain_.undo.drain(deadline::in(last_goodbye));
        co_await hooks_.drain(last_goodbye);
        co_await upstream_.drain(limit);
        co_await reader_.drain(limit);
        codes_->stop();
        if (admin_) co_await admin_->drain(deadline::in(last_goodbye));
        signals_.cancel();
    }

    /// SIGTERM or SIGINT; SIGHUP and SIGUSR1 are dealt with here. 0 when the set was cancelled.
    asio::awaitable<int> next_end_signal() {
        for (;;) {
            auto const [error, signal] =
                co_await signals_.async_wait(asio::as_tuple(asio::use_awaitable));
            if (error) co_return 0;
            if (signal == SIGHUP)
                reload();
            else if (signal == SIGUSR1)
                reopen_files();
            else
                co_return signal;
        }
    }

    asio::awaitable<void> die_on_second_signal() {
        int const signal = co_await next_end_signal();
        if (signal == 0) co_return;
        std::_Exit(128 + signal);
    }

    void reload() {
        auto const fresh = settings_again_();
        if (!fresh) {
            for (auto const& line : fresh.error().lines)
                log_.error("bad_setting", {{"why", line}});
            return;
        }
        log_.set_level(fresh->log.level);
        for (auto const& key : changed_keys(settings_, *fresh))
            if (key != "log.level") log_.warn("restart_needed", {{"key", key}});
        log_.info("reloaded", {{"level", notations::level().show(fresh->log.level)}});
    }

    /// After somebody has moved them away. The log goes to the standard output, which is the
    /// supervisor's.
    void reopen_files() {
        if (timeline_) timeline_->reopen();
        log_.info("files_reopened", {{"timeline", settings_.timeline.path}});
    }

    asio::awaitable<std::optional<std::string_view>> why_not_ready() {
        if (draining_) co_return "draining";
        auto const look = [this] { return store_.ping(); };
        store_answers::question const ask = look;
        std::monostate const of_all;
        auto const answer = co_await store_answers_.get(of_all, ask, deadline::in(look_timeout));
        if (!answer || !*answer) co_return "the store does not answer";
        if (upstream_.known_dead() || reader_.known_dead())
            co_return "the upstream cannot be reached";
        co_return std::nullopt;
    }

    asio::awaitable<std::optional<std::uint64_t>> live_codes() {
        auto const look = [this] { return store_.live_codes(); };
        store_counts::question const ask = look;
        std::monostate const of_all;
        auto const answer = co_await store_counts_.get(of_all, ask, deadline::in(look_timeout));
        if (!answer || !*answer) co_return std::nullopt;
        co_return **answer;
    }

    asio::awaitable<std::string> scrape() {
        auto const sends = upstream_.stats();
        auto const reads = reader_.stats();
        metrics_.upstream_pool(sends.open + reads.open, sends.idle + reads.idle,
                               sends.waiting + reads.waiting);
        for (auto const& each : routes_.stats())
            metrics_.route_gate(each.route_id, each.limit, each.running, each.waiting,
                                each.refusing);
        auto const codes = co_await live_codes();
        if (codes) metrics_.live_codes(static_cast<std::int64_t>(*codes));
        co_return metrics_.scrape();
    }

    using store_answers = net::single_flight<std::monostate, store::result<std::monostate>>;
    using store_counts = net::single_flight<std::monostate, store::result<std::uint64_t>>;

    settings const settings_;
    reread settings_again_;
    telemetry::descriptor_output output_;
    telemetry::logger log_;
    otp::policy const rules_;
    telemetry::metrics metrics_;
    http_events http_events_;
    upstream_events upstream_events_;
    route_events route_events_;
    store_events store_events_;
    openssl_random random_;
    numbering_plan plan_;
    system_clock clock_;
    api::authenticator callers_;
    std::optional<api::authenticator> operators_; ///< on the admin listener
    otp::key_ring keys_;
    http::router api_routes_;
    http::router admin_routes_;

    std::size_t threads_;
    asio::io_context context_;
    asio::strand<asio::io_context::executor_type> lifecycle_;
    asio::signal_set signals_; // on lifecycle_
    std::atomic<bool> draining_{false};

    std::unique_ptr<store::backend> codes_;
    secrets_gate gate_;
    metered_store store_;
    store_answers store_answers_{context_.get_executor(), look_kept};
    store_counts store_counts_{context_.get_executor(), look_kept};
    bridgexapi::client upstream_; ///< takes sends
    bridgexapi::client reader_;   ///< answers everything else
    bridgexapi::route_gates routes_;
    bridgexapi::read_bulkhead questions_; ///< of requests
    otp::read_limit reads_;
    otp::message_owners owners_{context_.get_executor()};
    event_bus relay_;
    std::unique_ptr<timeline_file> timeline_; ///< none unless it is asked for
    otp::scoreboard stats_;
    otp::event_waiters event_waiters_;
    webhook::webhooks hooks_;
    otp::price_cache prices_;
    otp::delivery_tracker deliveries_;
    otp::account account_;
    otp::operations domain_;
    otp::spending_report spending_;
    otp::account_monitor account_monitor_;
    otp::catalogue catalogue_;
    http::server api_;
    std::optional<http::server> admin_;
};

application::application(settings with, reread settings_again, store_factory const& factory) {
    impl_ = std::make_unique<impl>(std::move(with), std::move(settings_again), factory);
}

application::~application() = default;

void application::run() {
    impl_->run();
}

} // namespace otpd::app
