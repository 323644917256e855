#include "otpd/webhook/webhooks.hpp"

#include "attempt.hpp"
#include "kept_message.hpp"
#include "otpd/core/encoding.hpp"
#include "otpd/net/run_on.hpp"
#include "otpd/telemetry/metrics.hpp"
#include "receiver.hpp"
#include "retry.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>

#include <algorithm>
#include <array>
#include <exception>
#include <list>

namespace otpd::webhook {

namespace asio = boost::asio;

namespace {

/// Most events on their way to the strand. Only an overloaded machine exceeds it.
constexpr std::size_t arrivals_max = 16'384;

std::string what_of(std::exception_ptr const& thrown) {
    try {
        std::rethrow_exception(thrown);
    } catch (std::exception const& e) {
        return e.what();
    } catch (...) {
        return "not a std::exception";
    }
}

} // namespace

class webhooks::impl : public std::enable_shared_from_this<impl> {
public:
    impl(asio::any_io_executor executor, std::vector<endpoint> endpoints, options with,
         dependencies deps)
        : strand_(asio::make_strand(std::move(executor))), options_(with), deps_(deps),
          drained_(strand_) {
        for (auto& said : endpoints)
            receivers_.emplace_back(strand_, std::move(said), options_, deps_);
    }

    [[nodiscard]] net::strand strand() const noexcept { return strand_; }
    /// Stops queueing and sending. Thread-safe.
    void close() noexcept {
        closed_ = true;
        ended_ = true;
    }

    /// `what`: an event or an event type.
    template <class What>
    [[nodiscard]] bool wants(What const& what) const noexcept {
        auto const wanted_by = [&what](receiver const& one) { return one.wants(what); };
        // With an outbox, the next process sends what comes after the end.
        bool const is_open = deps_.kept_in != nullptr || !closed_.load(std::memory_order_relaxed);
        return is_open && std::ranges::any_of(receivers_, wanted_by);
    }

    void on_event(otp::verification_event const& event) noexcept {
        if (!wants(event)) return;
        try {
            post(event);
        } catch (...) { // no memory for it
            deps_.metrics.webhook("dropped");
        }
    }

    [[nodiscard]] bool take_over(std::uint64_t ticket, std::string_view text) {
        auto kept = kept_message_of(text);
        if (!kept) return false;
        auto const to = std::ranges::find_if(
            receivers_, [&](receiver const& each) { return each.who.name == kept->endpoint; });
        if (to == receivers_.end()) return false;
        queued taken;
        taken.ticket = ticket;
        taken.webhook = std::make_shared<message const>(std::move(kept->content));
        asio::post(strand_, [self = shared_from_this(), &to = *to, taken = std::move(taken)] {
            self->taken_over(to, taken);
        });
        return true;
    }

    void start() {
        auto begin = [self = shared_from_this()] {
            self->started_ = true;
            for (auto& to : self->receivers_)
                self->pump(to);
        };
        asio::post(strand_, std::move(begin));
    }

    /// Runs on the strand. Returns whether all due messages had been tried by `until`.
    asio::awaitable<bool> drain([[maybe_unused]] std::shared_ptr<impl> self, deadline until) {
        closed_ = true;
        for (auto& to : receivers_)
            pump(to);
        bool complete = all_idle();
        if (!complete) {
            drained_.expires_at(until.at());
            co_await drained_.async_wait(asio::as_tuple(asio::use_awaitable));
            complete = all_idle();
        }
        ended_ = true;
        for (auto& to : receivers_) {
            to.wake_up.cancel();
            give_up_waiting(to);
            co_await to.client.drain(until);
        }
        co_return complete;
    }

private:
    void post(otp::verification_event const& event) {
        if (arrivals_.fetch_add(1) >= arrivals_max) {
            --arrivals_;
            deps_.metrics.webhook("dropped");
            return;
        }
        // Kept before anything that follows from the event, so that it is not lost between both.
        auto const id = id_of(event, deps_.random);
        auto const message = message_of(id, event);
        std::vector<arrival> wanted;
        for (auto& to : receivers_)
            if (to.wants(event)) wanted.push_back({&to, {message, 0, 0, keep(id, to, *message)}});
        auto arrive = [self = shared_from_this(), wanted = std::move(wanted)]() mutable {
            --self->arrivals_;
            for (auto& each : wanted)
                self->arrived(*each.to, std::move(each.message));
        };
        asio::post(strand_, std::move(arrive));
    }

    [[nodiscard]] std::uint64_t keep(outbox::id const& id, receiver const& to,
                                     message const& message) const {
        if (deps_.kept_in == nullptr) return 0;
        return deps_.kept_in->keep(id, text_of(to.who.name, message));
    }
    void forget(queued const& ended) noexcept {
        if (deps_.kept_in != nullptr) deps_.kept_in->forget(ended.ticket);
    }

    // The following run on the strand.

    struct arrival {
        receiver* to = nullptr;
        queued message;
    };

    void arrived(receiver& to, queued message) {
        if (ended_) return;
        try {
            enqueue(to, std::move(message));
        } catch (...) {
            broken(std::current_exception());
        }
    }

    void taken_over(receiver& to, queued message) {
        if (!to.off || ended_) return arrived(to, std::move(message));
        forget(message);
        deps_.metrics.webhook("given_up");
    }

    void enqueue(receiver& to, queued message) {
        auto const dropped = to.queue.push(std::move(message), std::chrono::steady_clock::now());
        if (dropped) {
            forget(*dropped);
            deps_.metrics.webhook("dropped");
            if (!std::exchange(to.dropping, true))
                deps_.log.warn("webhook_dropped",
                               {{"endpoint", to.who.name}, {"messages", to.queue.size()}});
        } else if (to.queue.size() <= options_.queue_max / 2) {
            to.dropping = false; // only at half: otherwise each free place would cause a log line
        }
        pump(to);
    }

    /// Sends the due messages and arms the timer for the rest.
    void pump(receiver& to) {
        if (started_ && !ended_ && !to.off) {
            while (to.queue.taken() < sent_at_a_time) {
                auto next = to.queue.take(std::chrono::steady_clock::now());
                if (!next) break;
                send(to, std::move(*next));
            }
            arm(to);
        }
        if (closed_ && all_idle()) drained_.cancel();
    }

    void arm(receiver& to) {
        auto const due = to.queue.next_due();
        bool const later = due && to.queue.taken() < sent_at_a_time;
        if (!later || to.wakes_at == due) return;
        to.wakes_at = due;
        to.wake_up.expires_at(*due);
        auto woken = [weak = weak_from_this(), &to](boost::system::error_code ec) {
            auto self = weak.lock();
            if (!self || ec) return;
            to.wakes_at.reset();
            self->pump(to);
        };
        to.wake_up.async_wait(std::move(woken));
    }

    void send(receiver& to, queued queued) {
        auto ended = [self = shared_from_this(), &to](std::exception_ptr thrown) {
            if (thrown) {
                to.queue.done();
                self->broken(thrown);
            }
            self->pump(to);
        };
        asio::co_spawn(strand_, attempt(to, std::move(queued)), std::move(ended));
    }

    asio::awaitable<void> attempt(receiver& to, queued queued) {
        ++queued.tries;
        auto request =
            request_for(*queued.webhook, to.url.target, to.who.secrets, deps_.now.wall());
        auto const exchanged =
            co_await to.client.exchange(std::move(request), deadline::in(options_.timeout));
        auto const judged = judge(exchanged);
        switch (judged.is) {
        case verdict::kind::delivered:
            delivered(to, queued);
            break;
        case verdict::kind::failed:
            failed(to, std::move(queued), judged);
            break;
        case verdict::kind::gone:
            to.queue.done();
            forget(queued);
            turn_off(to);
            break;
        }
    }

    void delivered(receiver& to, queued const& ended) {
        to.queue.done();
        forget(ended);
        deps_.metrics.webhook("delivered");
        if (std::exchange(to.failing, false))
            deps_.log.info("webhook_recovered", {{"endpoint", to.who.name}});
    }

    void failed(receiver& to, queued queued, verdict const& why) {
        deps_.metrics.webhook("failed");
        deps_.log.debug("webhook_attempt_failed", {{"endpoint", to.who.name},
                                                   {"webhook_id", queued.webhook->id},
                                                   {"tries", queued.tries},
                                                   {"problem", why.problem}});
        if (!std::exchange(to.failing, true))
            deps_.log.warn("webhook_failing", {{"endpoint", to.who.name},
                                               {"host", to.url.origin.host},
                                               {"problem", why.problem}});
        auto const now = std::chrono::steady_clock::now();
        auto const pause =
            pause_after(queued.tries, retry_policy{options_.hurry}, why.retry_after, deps_.random);
        if (closed_ && pause && !to.off && queued.ticket != 0) { // the next process sends it
            to.queue.done();
            return;
        }
        if (!pause || to.off || closed_) {
            to.queue.done();
            forget(queued);
            deps_.metrics.webhook("given_up");
            deps_.log.warn("webhook_given_up", {{"endpoint", to.who.name},
                                                {"webhook_id", queued.webhook->id},
                                                {"type", queued.webhook->type},
                                                {"tries", queued.tries},
                                                {"problem", why.problem}});
            return;
        }
        if (why.retry_after) to.queue.rest_until(now + *why.retry_after);
        to.queue.put_back(std::move(queued), now + *pause);
    }

    void turn_off(receiver& to) {
        deps_.metrics.webhook("given_up");
        if (to.off.exchange(true)) return;
        deps_.log.warn("webhook_endpoint_gone", {{"endpoint", to.who.name}});
        give_up_waiting(to);
    }

    void give_up_waiting(receiver& to) {
        std::size_t left = 0;
        for (auto const& each : to.queue.clear()) {
            if (ended_ && each.ticket != 0) continue; // the next process sends it
            forget(each);
            deps_.metrics.webhook("given_up");
            ++left;
        }
        if (left == 0) return;
        deps_.log.warn("webhook_messages_left", {{"endpoint", to.who.name}, {"messages", left}});
    }

    /// Returns whether no message is being sent and none is due.
    [[nodiscard]] bool all_idle() const {
        auto const now = std::chrono::steady_clock::now();
        auto const idle = [&](receiver const& one) {
            auto const due = one.queue.next_due();
            bool const more = started_ && !ended_ && !one.off && due && *due <= now;
            return one.queue.taken() == 0 && !more;
        };
        return std::all_of(receivers_.begin(), receivers_.end(), idle);
    }

    void broken(std::exception_ptr const& thrown) {
        deps_.metrics.webhook("dropped");
        deps_.log.error("webhook_broken", {{"what", what_of(thrown)}});
    }

    net::strand strand_;
    options const options_;
    dependencies const deps_;
    std::list<receiver> receivers_; // a list never moves its elements
    std::atomic<std::size_t> arrivals_ = 0;
    std::atomic<bool> closed_ = false; // no message is queued any more
    std::atomic<bool> ended_ = false;  // no message is sent any more
    bool started_ = false;
    asio::steady_timer drained_;
};

webhooks::webhooks(asio::any_io_executor executor, std::vector<endpoint> endpoints, options with,
                   dependencies deps)
    : impl_(std::make_shared<impl>(std::move(executor), std::move(endpoints), with, deps)) {}

webhooks::~webhooks() {
    impl_->close();
}

bool webhooks::wants(otp::event_type kind) const noexcept {
    return impl_->wants(kind);
}

void webhooks::on_event(otp::verification_event const& event) noexcept {
    impl_->on_event(event);
}

bool webhooks::take_over(std::uint64_t ticket, std::string_view text) {
    return impl_->take_over(ticket, text);
}

void webhooks::start() {
    impl_->start();
}

asio::awaitable<void> webhooks::drain(std::chrono::milliseconds limit) {
    auto const held = impl_;
    auto const until = deadline::in(limit);
    co_await net::run_on(held->strand(), held->drain(held, until));
}

} // namespace otpd::webhook
