#include "otpd/otp/periodic.hpp"

#include "otpd/net/on_strand.hpp"
#include "otpd/telemetry/log.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/dispatch.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>

#include <atomic>
#include <exception>
#include <utility>

namespace otpd::otp {

namespace asio = boost::asio;

namespace {

constexpr std::chrono::seconds failure_pause{1};

} // namespace

struct periodic::state {
    state(asio::any_io_executor const& executor, std::string event, random_source& bytes,
          telemetry::logger& to)
        : failed_event(std::move(event)), random(bytes), log(to),
          strand(asio::make_strand(executor)), timer(strand) {}

    static asio::awaitable<void> run(std::shared_ptr<state> self, task task) {
        co_await asio::this_coro::throw_if_cancelled(false);
        while (!self->is_stopped) {
            steady_time::duration pause = failure_pause;
            try {
                pause = co_await task();
            } catch (std::exception const& thrown) {
                if (!self->is_stopped)
                    self->log.error(self->failed_event, {{"what", thrown.what()}});
            }
            if (self->is_stopped) co_return;
            self->timer.expires_after(self->shortened(pause));
            co_await self->timer.async_wait(asio::as_tuple(asio::deferred));
        }
    }

    [[nodiscard]] steady_time::duration shortened(steady_time::duration pause) const {
        if (pause <= pause.zero()) return pause;
        auto const most = static_cast<std::uint64_t>((pause / 8).count());
        return pause - steady_time::duration(
                           static_cast<steady_time::duration::rep>(random.below(most + 1)));
    }

    std::string const failed_event;
    random_source& random;
    telemetry::logger& log;
    net::strand strand;
    asio::steady_timer timer;         // on strand
    asio::cancellation_signal cancel; // on strand
    std::atomic<bool> is_stopped{false};
};

periodic::periodic(asio::any_io_executor const& executor, std::string failed_event,
                   random_source& random, telemetry::logger& log)
    : state_(std::make_shared<state>(executor, std::move(failed_event), random, log)) {}

void periodic::start(task task) {
    auto ended = [self = state_](std::exception_ptr thrown) {
        if (thrown) self->log.error(self->failed_event);
    };
    asio::co_spawn(state_->strand, state::run(state_, std::move(task)),
                   asio::bind_cancellation_slot(state_->cancel.slot(), std::move(ended)));
}

void periodic::wake() {
    asio::dispatch(state_->strand, [self = state_] { self->timer.cancel(); });
}

void periodic::stop() {
    state_->is_stopped = true;
    auto cancel = [self = state_] { self->cancel.emit(asio::cancellation_type::terminal); };
    asio::dispatch(state_->strand, std::move(cancel));
}

bool periodic::is_stopped() const noexcept {
    return state_->is_stopped;
}

} // namespace otpd::otp
