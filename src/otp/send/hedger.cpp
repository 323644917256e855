#include "otpd/otp/hedger.hpp"

#include "otpd/core/encoding.hpp"
#include "otpd/net/on_strand.hpp"
#include "otpd/net/run_on.hpp"
#include "otpd/otp/delivery.hpp"
#include "otpd/telemetry/log.hpp"
#include "routing/hedge_rules.hpp"
#include "send/hedge_operation.hpp"
#include "send/hedge_queue.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>

#include <atomic>
#include <utility>

namespace otpd::otp {

namespace asio = boost::asio;

namespace {

/// Whether the verification can have no second message afterwards.
bool ends_hedge(event_type kind) noexcept {
    using enum event_type;
    return kind == delivered || kind == failed || kind == verified || kind == canceled;
}

} // namespace

/// Members are used on `strand_`, except for atomic ones and functions marked otherwise.
class hedger::impl : public std::enable_shared_from_this<impl> {
public:
    impl(dependencies deps, hedger_options options)
        : deps_(std::move(deps)), options_(options), strand_(asio::make_strand(deps_.executor)),
          timer_(strand_), waiting_(options.waiting_max) {}

    // Called from any thread.
    void watch(send_state const& send, hedge_operation const& second_message) {
        auto const& routes = send.routes();
        bool const has_next = routes.next < routes.steps.size();
        auto const& receipt = *send.accepted();
        bool const is_named = receipt.bx_message_id || receipt.order_id; // otherwise not followed
        if (!routes.is_hedged || !has_next || send.draft.is_test || is_stopped_) return;
        if (!is_named) return;
        auto const after =
            hedge_after(routes.taken.step, deps_.scores, routes.taken.route_id, send.draft.country);
        if (!after || *after >= send.admission->code_end) return;
        ++on_their_way_;
        asio::post(strand_, [self = shared_from_this(), due = deps_.now.now() + *after,
                             message = watched{send, &second_message}]() mutable {
            self->add(due, std::move(message));
            --self->on_their_way_;
        });
    }
    // Called from any thread. Whoever arrives is counted before it leaves the way here.
    [[nodiscard]] bool has_any() const noexcept { return on_their_way_ > 0 || kept_ > 0; }
    // Called from any thread.
    void drop(std::string id) {
        asio::post(strand_, [self = shared_from_this(), id = std::move(id)] {
            self->waiting_.drop(id);
            self->rest();
        });
    }
    // Called from any thread.
    void stop() {
        if (is_stopped_.exchange(true)) return;
        asio::post(strand_, [self = shared_from_this()] {
            self->waiting_.clear();
            self->kept_ = 0;
            self->timer_.cancel();
        });
    }
    /// Runs on the strand.
    static asio::awaitable<bool> drain(std::shared_ptr<impl> self, deadline limit) {
        self->is_stopped_ = true;
        self->waiting_.clear();
        while (self->running_ > 0 && !limit.expired()) {
            self->timer_.expires_at(limit.at());
            co_await self->timer_.async_wait(asio::as_tuple(asio::deferred));
        }
        co_return self->running_ == 0;
    }
    [[nodiscard]] net::strand const& strand() const noexcept { return strand_; }

private:
    struct watched {
        send_state send;
        hedge_operation const* second_message;
    };

    void add(steady_time due, watched message) {
        if (is_stopped_) return;
        auto const id = message.send.draft.sealed;
        if (!waiting_.add(id, due, std::move(message))) deps_.log.warn("hedge_queue_full");
        rest();
    }

    /// Until the next message is due.
    void rest() {
        kept_ = waiting_.size();
        auto const due = waiting_.next_due();
        if (!due) {
            timer_due_.reset();
            timer_.cancel();
            return;
        }
        if (timer_due_ == due) return;
        timer_due_ = due;
        timer_.expires_after(*due - deps_.now.now());
        timer_.async_wait([self = shared_from_this()](boost::system::error_code const& failed) {
            if (failed || self->is_stopped_) return;
            self->timer_due_.reset();
            self->send_due();
            self->rest();
        });
    }

    void send_due() {
        while (auto message = waiting_.take(deps_.now.now())) {
            auto& send = message->send;
            auto const& taken = send.routes().taken;
            if (running_ >= options_.running_max || !deps_.reports.hears_reports() ||
                !reports_reliably(deps_.scores, taken.route_id, send.draft.country))
                continue;
            ++running_;
            auto ended = [self = shared_from_this(),
                          id = send.draft.address.id](std::exception_ptr thrown) {
                --self->running_;
                if (self->is_stopped_) self->timer_.cancel(); // of drain()
                if (thrown)
                    self->deps_.log.error("hedge_failed", {{"verification_id", to_hex(id)}});
            };
            asio::co_spawn(strand_, message->second_message->run(std::move(send)),
                           std::move(ended));
        }
    }

    dependencies const deps_;
    hedger_options const options_;
    net::strand strand_;
    asio::steady_timer timer_;
    std::optional<steady_time> timer_due_; ///< set while the timer runs
    hedge_queue<watched> waiting_;
    std::atomic<std::size_t> on_their_way_{0};
    std::atomic<std::size_t> kept_{0}; ///< the size of waiting_
    std::size_t running_ = 0;
    std::atomic<bool> is_stopped_{false};
};

hedger::hedger(dependencies deps, hedger_options options)
    : impl_(std::make_shared<impl>(std::move(deps), options)) {}

hedger::~hedger() {
    stop();
}

void hedger::watch(send_state const& send, hedge_operation const& second_message) noexcept {
    try {
        impl_->watch(send, second_message);
    } catch (std::exception const&) { // no memory for it: no second message
        return;
    }
}

void hedger::stop() noexcept {
    try {
        impl_->stop();
    } catch (std::exception const&) { // no memory: each of them sees that it has stopped
        return;
    }
}

asio::awaitable<bool> hedger::drain(deadline limit) {
    auto const held = impl_;
    co_return co_await net::run_on(held->strand(), impl::drain(held, limit));
}

bool hedger::wants(event_type kind) const noexcept {
    return ends_hedge(kind) && impl_->has_any();
}

void hedger::on_event(verification_event const& event) noexcept {
    if (!wants(event.type)) return;
    try {
        impl_->drop(event.verification_id);
    } catch (std::exception const&) { // no memory: the store refuses it
        return;
    }
}

} // namespace otpd::otp
