#include "sender.hpp"

#include "otpd/telemetry/metrics.hpp"
#include "retry.hpp"

#include <boost/asio/co_spawn.hpp>

#include <utility>

namespace otpd::webhook {

namespace asio = boost::asio;

namespace {

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

void sender::forget(queued const& ended) noexcept {
    if (deps_.kept_in != nullptr) deps_.kept_in->forget(ended.ticket);
}

void sender::add(receiver_ptr to, queued message) {
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

void sender::retire(receiver_ptr const& old, receiver_ptr successor) {
    old->is_retired = true;
    old->successor = std::move(successor);
    old->wake_up.cancel();
    if (!old->successor) give_up_waiting(*old);
    for (auto& message : old->queue.clear())
        add(old, std::move(message));
    pump(old);
}

bool sender::is_idle(receiver const& to) const {
    auto const due = to.queue.next_due();
    bool const more =
        started_ && !ended_ && !to.off && due && *due <= std::chrono::steady_clock::now();
    return to.queue.taken() == 0 && !more;
}

void sender::enqueue(receiver_ptr const& at, queued message) {
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

void sender::pump(receiver_ptr const& to) {
    if (started_ && !ended_ && !to->off) {
        while (to->queue.taken() < sent_at_a_time) {
            auto next = to->queue.take(std::chrono::steady_clock::now());
            if (!next) break;
            send(to, std::move(*next));
        }
        arm(to);
    }
    if (on_progress) on_progress(to);
}

void sender::arm(receiver_ptr const& at) {
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

void sender::send(receiver_ptr const& to, queued queued) {
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

asio::awaitable<void> sender::attempt(receiver_ptr at, queued queued) {
    auto& to = *at;
    ++queued.tries;
    auto const trace = child_of(queued.webhook->trace);
    auto const began = std::chrono::steady_clock::now();
    auto request =
        request_for(*queued.webhook, to.url.target, to.who.secrets, deps_.now.wall(), trace);
    auto const exchanged =
        co_await to.client.exchange(std::move(request), deadline::in(to.with.timeout));
    if (deps_.spans != nullptr && trace.is_recorded)
        deps_.spans->record([&] { return span_of(queued, to.who.name, trace, began, exchanged); });
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

void sender::delivered(receiver& to, queued const& ended) {
    to.queue.done();
    forget(ended);
    deps_.metrics.webhook("delivered");
    if (std::exchange(to.failing, false))
        deps_.log.info("webhook_recovered", {{"endpoint", to.who.name}});
}

void sender::failed(receiver_ptr const& at, queued queued, verdict const& why) {
    auto& to = *at;
    deps_.metrics.webhook("failed");
    deps_.log.debug("webhook_attempt_failed", {{"endpoint", to.who.name},
                                               {"webhook_id", queued.webhook->id},
                                               {"tries", queued.tries},
                                               {"problem", why.problem}});
    if (!std::exchange(to.failing, true))
        deps_.log.warn(
            "webhook_failing",
            {{"endpoint", to.who.name}, {"host", to.url.origin.host}, {"problem", why.problem}});
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
        return add(at, std::move(queued));
    }
    if (why.retry_after) to.queue.rest_until(now + *why.retry_after);
    to.queue.put_back(std::move(queued), now + *pause);
}

void sender::turn_off(receiver& to) {
    deps_.metrics.webhook("given_up");
    if (to.off.exchange(true)) return;
    deps_.log.warn("webhook_endpoint_gone", {{"endpoint", to.who.name}});
    give_up_waiting(to);
}

void sender::give_up(queued const& message) {
    forget(message);
    deps_.metrics.webhook("given_up");
}

void sender::give_up_waiting(receiver& to) {
    std::size_t left = 0;
    for (auto const& entry : to.queue.clear()) {
        if (ended_ && entry.ticket != 0) continue; // the next process sends it
        give_up(entry);
        ++left;
    }
    if (left == 0) return;
    deps_.log.warn("webhook_messages_left", {{"endpoint", to.who.name}, {"messages", left}});
}

void sender::broken(std::exception_ptr const& thrown) {
    deps_.metrics.webhook("dropped");
    deps_.log.error("webhook_broken", {{"what", what_of(thrown)}});
}

} // namespace otpd::webhook
