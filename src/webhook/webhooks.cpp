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
#include <boost/smart_ptr/atomic_shared_ptr.hpp>
#include <boost/smart_ptr/make_shared.hpp>

#include <algorithm>
#include <exception>
#include <iterator>
#include <utility>
#include <vector>

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
        : strand_(asio::make_strand(std::move(executor))), deps_(deps),
          receivers_(boost::make_shared<receiver_list const>(
              made_of(std::move(endpoints), with, receiver_list()))),
          has_receivers_(!receivers_.load()->empty()), drained_(strand_) {}

    [[nodiscard]] net::strand strand() const noexcept { return strand_; }
    /// Stops queueing and sending. Thread-safe.
    void close() noexcept {
        closed_ = true;
        ended_ = true;
    }

    /// `what`: an event or an event type.
    template <class What>
    [[nodiscard]] bool wants(What const& what) const noexcept {
        auto const wanted_by = [&what](receiver_ptr const& one) { return one->wants(what); };
        // With an outbox, the next process sends what comes after the end.
        bool const is_open = deps_.kept_in != nullptr || !closed_.load(std::memory_order_relaxed);
        return has_receivers_.load(std::memory_order_relaxed) && is_open &&
               std::ranges::any_of(*receivers_.load(), wanted_by);
    }

    void on_event(otp::verification_event const& event) noexcept {
        if (!wants(event)) return;
        if (arrivals_.fetch_add(1) < arrivals_max && post(event)) return;
        --arrivals_;
        deps_.metrics.webhook("dropped");
    }

    [[nodiscard]] bool take_over(std::uint64_t ticket, std::string_view text) {
        auto kept = kept_message_of(text);
        if (!kept) return false;
        auto const all = receivers_.load();
        auto const to = find(*all, kept->endpoint);
        if (!to) return false;
        queued taken;
        taken.ticket = ticket;
        taken.webhook = std::make_shared<message const>(std::move(kept->content));
        asio::post(strand_, [self = shared_from_this(), to, taken = std::move(taken)] {
            self->arrived(to, taken);
        });
        return true;
    }

    [[nodiscard]] std::function<void()> prepare(std::vector<endpoint> endpoints, options with) {
        auto before = receivers_.load();
        auto made =
            boost::make_shared<receiver_list const>(made_of(std::move(endpoints), with, *before));
        return [self = shared_from_this(), before = std::move(before), made = std::move(made)] {
            self->receivers_.store(made);
            self->has_receivers_ = !made->empty();
            asio::post(self->strand_, [self, before, made] { self->replaced(*before, *made); });
        };
    }

    void start() {
        auto begin = [self = shared_from_this()] {
            self->started_ = true;
            auto const all = self->receivers_.load();
            for (auto const& to : *all)
                self->pump(to);
        };
        asio::post(strand_, std::move(begin));
    }

    /// Runs on the strand. Returns whether all due messages had been tried by `until`.
    asio::awaitable<bool> drain([[maybe_unused]] std::shared_ptr<impl> self, deadline until) {
        closed_ = true;
        auto const open = receivers_.load();
        for (auto const& to : *open)
            pump(to);
        bool complete = all_idle();
        if (!complete) {
            drained_.expires_at(until.at());
            co_await drained_.async_wait(asio::as_tuple(asio::use_awaitable));
            complete = all_idle();
        }
        ended_ = true;
        closed_receivers_ = *receivers_.load();
        std::ranges::move(std::exchange(retired_, {}), std::back_inserter(closed_receivers_));
        auto const all = closed_receivers_;
        for (auto const& to : all) {
            to->wake_up.cancel();
            give_up_waiting(*to);
            co_await to->client.drain(until);
        }
        co_return complete;
    }

private:
    using receiver_ptr = std::shared_ptr<receiver>;
    using receiver_list = std::vector<receiver_ptr>;

    /// Those of `before` that stay as they are, and new ones.
    [[nodiscard]] receiver_list made_of(std::vector<endpoint> endpoints, options const& with,
                                        receiver_list const& before) const {
        receiver_list made;
        for (auto& said : endpoints) {
            auto const is_same = [&](receiver_ptr const& each) {
                return each->is_same(said, with);
            };
            auto const kept = std::ranges::find_if(before, is_same);
            made.push_back(kept != before.end()
                               ? *kept
                               : std::make_shared<receiver>(strand_, std::move(said), with, deps_));
        }
        return made;
    }

    /// Returns false without memory for it.
    bool post(otp::verification_event const& event) noexcept try {
        // Kept before anything that follows from the event, so that it is not lost between both.
        auto const id = id_of(event, deps_.random);
        auto const message = message_of(id, event);
        std::vector<arrival> wanted;
        auto const all = receivers_.load();
        for (auto const& to : *all)
            if (to->wants(event)) wanted.push_back({to, {message, 0, 0, keep(id, *to, *message)}});
        auto arrive = [self = shared_from_this(), wanted = std::move(wanted)]() mutable {
            --self->arrivals_;
            for (auto& each : wanted)
                self->arrived(each.to, std::move(each.message));
        };
        asio::post(strand_, std::move(arrive));
        return true;
    } catch (...) {
        return false;
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
        receiver_ptr to;
        queued message;
    };

    void arrived(receiver_ptr to, queued message) {
        if (ended_) return;
        while (to && to->is_retired)
            to = to->successor;
        if (!to || to->off) return give_up(message);
        try {
            enqueue(to, std::move(message));
        } catch (...) {
            broken(std::current_exception());
        }
    }

    [[nodiscard]] static receiver_ptr find(receiver_list const& list, std::string const& name) {
        auto const found = std::ranges::find_if(
            list, [&](receiver_ptr const& each) { return each->who.name == name; });
        return found == list.end() ? nullptr : *found;
    }

    /// By a reload.
    void replaced(receiver_list const& before, receiver_list const& now) {
        for (auto const& old : before) {
            if (std::ranges::find(now, old) != now.end()) continue;
            old->is_retired = true;
            old->successor = find(now, old->who.name);
            old->wake_up.cancel();
            retired_.push_back(old);
            if (!old->successor) give_up_waiting(*old);
            for (auto& message : old->queue.clear())
                arrived(old, std::move(message));
            pump(old);
        }
    }

    /// Closes the connections of one that is retired and sends nothing more.
    void end(receiver_ptr const& retired) {
        if (std::erase(retired_, retired) == 0) return;
        auto ended = [self = shared_from_this()](std::exception_ptr thrown) {
            if (thrown) self->broken(thrown);
        };
        asio::co_spawn(strand_, close(shared_from_this(), retired), std::move(ended));
    }
    /// It sends no message, so its connections are free or on their way back to its client; once
    /// all are, nothing refers to it.
    static asio::awaitable<void> close(std::shared_ptr<impl> self, receiver_ptr retired) {
        bool const is_closed =
            co_await retired->client.drain(deadline::in(std::chrono::minutes(1)));
        if (!is_closed) self->closed_receivers_.push_back(std::move(retired));
    }

    void enqueue(receiver_ptr const& at, queued message) {
        auto& to = *at;
        auto const dropped = to.queue.push(std::move(message), std::chrono::steady_clock::now());
        if (dropped) {
            forget(*dropped);
            deps_.metrics.webhook("dropped");
            if (!std::exchange(to.dropping, true))
                deps_.log.warn("webhook_dropped",
                               {{"endpoint", to.who.name}, {"messages", to.queue.size()}});
        } else if (to.queue.size() <= to.with.queue_max / 2) {
            to.dropping = false; // only at half: otherwise each free place would cause a log line
        }
        pump(at);
    }

    /// Sends the due messages and arms the timer for the rest.
    void pump(receiver_ptr const& to) {
        if (started_ && !ended_ && !to->off) {
            while (to->queue.taken() < sent_at_a_time) {
                auto next = to->queue.take(std::chrono::steady_clock::now());
                if (!next) break;
                send(to, std::move(*next));
            }
            arm(to);
        }
        if (to->is_retired && to->queue.taken() == 0) end(to);
        if (closed_ && all_idle()) drained_.cancel();
    }

    void arm(receiver_ptr const& at) {
        auto& to = *at;
        auto const due = to.queue.next_due();
        bool const later = due && to.queue.taken() < sent_at_a_time;
        if (!later || to.wakes_at == due) return;
        to.wakes_at.reset();
        to.wake_up.expires_at(*due);
        auto woken = [weak = weak_from_this(), at](boost::system::error_code ec) {
            auto self = weak.lock();
            if (!self || ec) return;
            at->wakes_at.reset();
            self->pump(at);
        };
        to.wake_up.async_wait(std::move(woken));
        to.wakes_at = due;
    }

    void send(receiver_ptr const& to, queued queued) {
        auto ended = [self = shared_from_this(), to](std::exception_ptr thrown) {
            if (thrown) {
                to->queue.done();
                self->broken(thrown);
            }
            self->pump(to);
        };
        try {
            asio::co_spawn(strand_, attempt(to, std::move(queued)), std::move(ended));
        } catch (...) { // no memory for it
            to->queue.done();
            broken(std::current_exception());
        }
    }

    asio::awaitable<void> attempt(receiver_ptr at, queued queued) {
        auto& to = *at;
        ++queued.tries;
        auto const trace = child_of(queued.webhook->trace);
        auto const began = std::chrono::steady_clock::now();
        auto request =
            request_for(*queued.webhook, to.url.target, to.who.secrets, deps_.now.wall(), trace);
        auto const exchanged =
            co_await to.client.exchange(std::move(request), deadline::in(to.with.timeout));
        if (deps_.spans != nullptr && trace.is_recorded)
            deps_.spans->record(
                [&] { return span_of(queued, to.who.name, trace, began, exchanged); });
        auto const judged = judge(exchanged);
        switch (judged.is) {
        case verdict::kind::delivered:
            delivered(to, queued);
            break;
        case verdict::kind::failed:
            failed(at, std::move(queued), judged);
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

    void failed(receiver_ptr const& at, queued queued, verdict const& why) {
        auto& to = *at;
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
            pause_after(queued.tries, retry_policy{to.with.hurry}, why.retry_after, deps_.random);
        if (closed_ && pause && !to.off && queued.ticket != 0) { // the next process sends it
            to.queue.done();
            return;
        }
        if (!pause || to.off || closed_) {
            to.queue.done();
            give_up(queued);
            deps_.log.warn("webhook_given_up", {{"endpoint", to.who.name},
                                                {"webhook_id", queued.webhook->id},
                                                {"type", queued.webhook->type},
                                                {"tries", queued.tries},
                                                {"problem", why.problem}});
            return;
        }
        if (to.is_retired) {
            to.queue.done();
            return arrived(at, std::move(queued));
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

    void give_up(queued const& message) {
        forget(message);
        deps_.metrics.webhook("given_up");
    }

    void give_up_waiting(receiver& to) {
        std::size_t left = 0;
        for (auto const& each : to.queue.clear()) {
            if (ended_ && each.ticket != 0) continue; // the next process sends it
            give_up(each);
            ++left;
        }
        if (left == 0) return;
        deps_.log.warn("webhook_messages_left", {{"endpoint", to.who.name}, {"messages", left}});
    }

    /// Returns whether no message is being sent and none is due.
    [[nodiscard]] bool all_idle() const {
        auto const now = std::chrono::steady_clock::now();
        auto const idle = [&](receiver_ptr const& one) {
            auto const due = one->queue.next_due();
            bool const more = started_ && !ended_ && !one->off && due && *due <= now;
            return one->queue.taken() == 0 && !more;
        };
        return std::ranges::all_of(*receivers_.load(), idle) && std::ranges::all_of(retired_, idle);
    }

    void broken(std::exception_ptr const& thrown) {
        deps_.metrics.webhook("dropped");
        deps_.log.error("webhook_broken", {{"what", what_of(thrown)}});
    }

    net::strand strand_;
    dependencies const deps_;
    /// Read from any thread. Not std::atomic: see otp/money/price_cache.cpp.
    boost::atomic_shared_ptr<receiver_list const> receivers_;
    std::atomic<bool> has_receivers_; // spares most services the load
    receiver_list retired_;           // by reloads; they still send something
    receiver_list closed_receivers_;  // connections may still refer to them
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

std::function<void()> webhooks::prepare(std::vector<endpoint> endpoints, options with) {
    return impl_->prepare(std::move(endpoints), with);
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
