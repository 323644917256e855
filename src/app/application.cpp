#include "application.hpp"

#include "otpd/net/single_threaded_scope.hpp"
#include "service.hpp"
#include "start_log.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

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

/// How long scrapers and connections to the upstream may take to end after the drain.
constexpr std::chrono::seconds last_goodbye{1};

std::string to_text(asio::ip::tcp::endpoint const& at) {
    std::ostringstream text;
    text << at;
    return std::move(text).str();
}

/// The operator must fix a listener's address, so the error is one line with the address and the
/// reason.
void listen(http::server& listener, host_port const& at) {
    try {
        listener.listen();
    } catch (boost::system::system_error const& why) {
        throw std::runtime_error("cannot listen on " + at.to_string() + ": " +
                                 why.code().message());
    }
}

} // namespace

/// The life of the service: start, signals, drain.
class application::impl {
public:
    impl(settings with, settings_reader again, store_factory const& factory)
        : service_(std::move(with), std::move(again), factory) {}

    /// The set of signals restores their default actions, which end the process as a failure: a
    /// reload or a log rotation at that moment would. The threads that could take them in place of
    /// this one have ended, or end before the set; the log's takes none.
    ~impl() {
        sigset_t late{};
        ::sigemptyset(&late);
        ::sigaddset(&late, SIGHUP);
        ::sigaddset(&late, SIGUSR1);
        ::pthread_sigmask(SIG_BLOCK, &late, nullptr);
    }
    impl(impl const&) = delete;
    impl& operator=(impl const&) = delete;

    void run() {
        log_start(service_.log, service_.settings, service_.threads, service_.clock.wall());
        listen(service_.api_server, service_.settings.server.listen);
        if (service_.admin_server) listen(*service_.admin_server, *service_.settings.admin.listen);
        if (service_.socket_server) service_.socket_server->listen();
        start_store();
        start_journal();
        service_.start_background();
        auto ended = [this](std::exception_ptr thrown) {
            if (thrown) service_.log.error("lifecycle_failed", {{"what", what_of(thrown)}});
        };
        asio::co_spawn(service_.lifecycle, live(), ended);
        start(service_.api_server, "api");
        if (service_.admin_server) start(*service_.admin_server, "admin");
        if (service_.socket_server) start_socket();
        run_on_all_threads();
        service_.log.info("stopped");
    }

private:
    /// Runs before the listeners accept, so that a store that can never work ends the program with
    /// its reason. If the store does not answer yet, the first request checks the secrets.
    void start_store() {
        auto unusable = run_now(service_.backend->start());
        if (!unusable) unusable = run_now(service_.secrets.difference());
        if (!unusable) return;
        service_.backend->stop();
        service_.context.run();
        throw std::runtime_error("store: " + *unusable);
    }

    /// Runs before the listeners accept, so that the first send has a lease. A failure is none of
    /// the service's: it goes on in the background.
    void start_journal() {
        auto const failed = run_now(service_.start_journal());
        if (failed) service_.log.error("journal_failed", {{"what", *failed}});
    }

    /// Runs the context until it is done. Returns a thrown exception's message as the answer.
    std::optional<std::string> run_now(asio::awaitable<std::optional<std::string>> what) {
        std::optional<std::string> answer;
        bool is_done = false;
        auto done = [&](std::exception_ptr thrown, std::optional<std::string> why) {
            answer = thrown ? what_of(thrown) : std::move(why);
            is_done = true;
        };
        asio::co_spawn(service_.lifecycle, std::move(what), done);
        while (!is_done)
            service_.context.run_one();
        service_.context
            .restart(); // a store with its own thread may have left the context without work
        return answer;
    }

    void start(http::server& listener, std::string_view name) {
        listener.start();
        service_.log.info("listening",
                          {{"listener", name}, {"address", to_text(listener.local_endpoint())}});
    }

    void start_socket() {
        service_.socket_server->start();
        service_.log.info("listening",
                          {{"listener", "socket"}, {"address", service_.settings.admin.socket}});
    }

    /// Runs the context on this thread and the others until it has no work. An exception that
    /// escapes a handler is a bug in that handler; it is logged and the service continues.
    void run_on_all_threads() {
        auto serve = [this] {
            for (;;) {
                try {
                    service_.context.run();
                    return;
                } catch (...) {
                    service_.log.error("handler_escaped",
                                       {{"what", what_of(std::current_exception())}});
                }
            }
        };
        std::optional<net::single_threaded_scope> alone;
        if (service_.threads == 1) alone.emplace(service_.context);
        std::vector<std::jthread> others;
        for (std::size_t i = 1; i < service_.threads; ++i)
            others.emplace_back(serve);
        serve();
    }

    /// Runs from the first signal or request that ends the service until the context has no work.
    asio::awaitable<void> live() {
        int const signal = co_await next_end_signal();
        service_.log.info("draining", {{"signal", signal}});
        service_.health.begin_drain();
        asio::co_spawn(service_.lifecycle, die_on_second_signal(), [](std::exception_ptr) {});

        asio::steady_timer grace(service_.lifecycle, service_.settings.server.drain_delay);
        co_await grace.async_wait(asio::as_tuple(asio::use_awaitable));
        deadline const limit = deadline::in(service_.settings.server.drain_timeout);
        service_.event_waiters.stop();
        bool const drained = co_await service_.api_server.drain(limit);
        bool const is_settled = co_await service_.hedger.drain(limit);
        if (!drained || !is_settled) service_.log.warn("drain_incomplete");
        service_.stop_background();
        co_await service_.undo->drain(deadline::in(last_goodbye));
        co_await service_.hooks.drain(last_goodbye);
        if (service_.journal) co_await service_.journal->drain(deadline::in(last_goodbye));
        co_await service_.send_client.drain(limit);
        co_await service_.question_client.drain(limit);
        if (service_.exporter) co_await service_.exporter->drain(deadline::in(last_goodbye));
        service_.backend->stop();
        if (service_.admin_server)
            co_await service_.admin_server->drain(deadline::in(last_goodbye));
        if (service_.socket_server)
            co_await service_.socket_server->drain(deadline::in(last_goodbye));
        is_over_ = true;
        service_.signals.cancel();
    }

    /// Returns SIGTERM or SIGINT, or 0 if the set was cancelled. Handles SIGHUP and SIGUSR1 itself.
    asio::awaitable<int> next_end_signal() {
        // A cancellation during a reload meets nobody who waits.
        while (!is_over_ && (service_.health.is_draining() || !service_.is_asked_to_drain)) {
            auto const [error, signal] =
                co_await service_.signals.async_wait(asio::as_tuple(asio::use_awaitable));
            if (error) co_return 0;
            if (signal == SIGHUP)
                co_await service_.reload();
            else if (signal == SIGUSR1)
                reopen_files();
            else
                co_return signal;
        }
        co_return 0;
    }

    asio::awaitable<void> die_on_second_signal() {
        int const signal = co_await next_end_signal();
        if (signal == 0) co_return;
        std::_Exit(128 + signal);
    }

    /// Called after log rotation. The log goes to the standard output, which belongs to the
    /// supervisor.
    void reopen_files() {
        if (service_.timeline) service_.timeline->reopen();
        service_.log.info("files_reopened", {{"timeline", service_.settings.timeline.path}});
    }

    service service_;
    bool is_over_ = false; ///< used on lifecycle
};

application::application(settings with, settings_reader again, store_factory const& factory) {
    impl_ = std::make_unique<impl>(std::move(with), std::move(again), factory);
}

application::~application() = default;

void application::run() {
    impl_->run();
}

} // namespace otpd::app
