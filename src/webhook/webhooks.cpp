#include "otpd/webhook/webhooks.hpp"

#include "kept_message.hpp"
#include "otpd/net/run_on.hpp"
#include "otpd/telemetry/metrics.hpp"
#include "sender.hpp"

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

} // namespace

/// Which receivers there are, and the events for them. Members are used on the strand, except for
/// the list of receivers and atomic ones.
class webhooks::impl : public std::enable_shared_from_this<impl> {
public:
    impl(asio::any_io_executor executor, std::vector<endpoint> endpoints, options with,
         dependencies deps)
        : strand_(asio::make_strand(std::move(executor))), deps_(deps),
          sender_(std::make_shared<sender>(strand_, deps)),
          receivers_(boost::make_shared<receiver_list const>(
              made_of(std::move(endpoints), with, receiver_list()))),
          has_receivers_(!receivers_.load()->empty()), drained_(strand_) {}

    /// Call it once, first.
    void hear_sender() {
        sender_->on_progress = [weak = weak_from_this()](receiver_ptr const& to) {
            if (auto const self = weak.lock()) self->progressed(to);
        };
    }

    [[nodiscard]] net::strand strand() const noexcept { return strand_; }
    /// Stops queueing and sending. Thread-safe.
    void close() noexcept {
        sender_->close();
        sender_->end();
    }

    /// `what`: an event or an event type.
    template <class What>
    [[nodiscard]] bool wants(What const& what) const noexcept {
        auto const wanted_by = [&what](receiver_ptr const& one) { return one->wants(what); };
        // With an outbox, the next process sends what comes after the end.
        bool const is_open = deps_.kept_in != nullptr || !sender_->is_closed();
        return has_receivers_.load(std::memory_order_relaxed) && is_open &&
               std::ranges::any_of(*receivers_.load(), wanted_by);
    }

    void on_event(otp::verification_event const& event) noexcept {
        if (!wants(event)) return forget(event.entry.ticket);
        if (arrivals_.fetch_add(1) < arrivals_max && post(event)) return;
        --arrivals_;
        forget(event.entry.ticket);
        deps_.metrics.webhook("dropped");
    }

    /// Of all endpoints that want the event.
    [[nodiscard]] std::string text_of(otp::verification_event const& event) const {
        std::string names;
        auto const all = receivers_.load();
        for (auto const& to : *all)
            if (to->wants(event)) names.append(names.empty() ? "" : ",").append(to->who.name);
        if (names.empty()) return names;
        return webhook::text_of(names, *message_of(id_of(event, deps_.random), event));
    }

    [[nodiscard]] bool take_over(std::uint64_t ticket, outbox::id const& id,
                                 std::string_view text) {
        auto kept = kept_message_of(text);
        if (!kept) return false;
        auto const webhook = std::make_shared<message const>(std::move(kept->content));
        std::vector<arrival> wanted;
        auto const all = receivers_.load();
        for (auto const& name : kept->endpoints)
            if (auto const to = find(*all, name)) wanted.push_back({to, {webhook}});
        if (wanted.empty()) return false;
        keep(id, wanted, ticket);
        asio::post(strand_, [sender = sender_, wanted = std::move(wanted)]() mutable {
            for (auto& arrived : wanted)
                sender->add(arrived.to, std::move(arrived.message));
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
            self->sender_->start();
            auto const all = self->receivers_.load();
            for (auto const& to : *all)
                self->sender_->pump(to);
        };
        asio::post(strand_, std::move(begin));
    }

    /// Runs on the strand. Returns whether all due messages had been tried by `until`.
    asio::awaitable<bool> drain([[maybe_unused]] std::shared_ptr<impl> self, deadline until) {
        sender_->close();
        auto const open = receivers_.load();
        for (auto const& to : *open)
            sender_->pump(to);
        bool complete = all_idle();
        if (!complete) {
            drained_.expires_at(until.at());
            co_await drained_.async_wait(asio::as_tuple(asio::use_awaitable));
            complete = all_idle();
        }
        sender_->end();
        std::ranges::copy(*receivers_.load(), std::back_inserter(closed_receivers_));
        std::ranges::move(std::exchange(retired_, {}), std::back_inserter(closed_receivers_));
        auto const all = closed_receivers_;
        for (auto const& to : all) {
            to->wake_up.cancel();
            sender_->give_up_waiting(*to);
            co_await to->client.drain(until);
        }
        co_return complete;
    }

private:
    using receiver_list = std::vector<receiver_ptr>;
    struct arrival {
        receiver_ptr to;
        queued message;
    };

    /// Those of `before` that stay as they are, and new ones.
    [[nodiscard]] receiver_list made_of(std::vector<endpoint> endpoints, options const& with,
                                        receiver_list const& before) const {
        receiver_list made;
        for (auto& said : endpoints) {
            auto const is_same = [&](receiver_ptr const& receiver_ptr) {
                return receiver_ptr->is_same(said, with);
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
            if (to->wants(event)) wanted.push_back({to, {message}});
        keep(id, wanted, event.entry.ticket);
        auto arrive = [self = shared_from_this(), wanted = std::move(wanted)]() mutable {
            --self->arrivals_;
            for (auto& entry : wanted)
                self->sender_->add(entry.to, std::move(entry.message));
        };
        asio::post(strand_, std::move(arrive));
        return true;
    } catch (...) {
        return false;
    }

    /// Each endpoint has an entry. The entry of the event, if there is one, serves one endpoint;
    /// with several it ends once theirs are kept.
    void keep(outbox::id const& id, std::vector<arrival>& wanted, std::uint64_t of_event) {
        if (deps_.kept_in == nullptr) return;
        if (of_event != 0 && wanted.size() == 1) {
            wanted.front().message.ticket = of_event;
            return;
        }
        for (auto& arrived : wanted)
            arrived.message.ticket = deps_.kept_in->keep(
                id, webhook::text_of(arrived.to->who.name, *arrived.message.webhook));
        forget(of_event);
    }
    void forget(std::uint64_t ticket) noexcept {
        if (deps_.kept_in != nullptr && ticket != 0) deps_.kept_in->forget(ticket);
    }

    // The following run on the strand.

    [[nodiscard]] static receiver_ptr find(receiver_list const& list, std::string const& name) {
        auto const found = std::ranges::find_if(
            list, [&](receiver_ptr const& receiver_ptr) { return receiver_ptr->who.name == name; });
        return found == list.end() ? nullptr : *found;
    }

    /// By a reload.
    void replaced(receiver_list const& before, receiver_list const& now) {
        for (auto const& old : before) {
            if (std::ranges::find(now, old) != now.end()) continue;
            retired_.push_back(old);
            sender_->retire(old, find(now, old->who.name));
        }
    }

    void progressed(receiver_ptr const& to) {
        if (to->is_retired && to->queue.taken() == 0) end(to);
        if (sender_->is_closed() && all_idle()) drained_.cancel();
    }

    /// Closes the connections of one that is retired and sends nothing more.
    void end(receiver_ptr const& retired) {
        if (std::erase(retired_, retired) == 0) return;
        auto ended = [sender = sender_](std::exception_ptr thrown) {
            if (thrown) sender->broken(thrown);
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

    /// Returns whether no message is being sent and none is due.
    [[nodiscard]] bool all_idle() const {
        auto const idle = [this](receiver_ptr const& one) { return sender_->is_idle(*one); };
        return std::ranges::all_of(*receivers_.load(), idle) && std::ranges::all_of(retired_, idle);
    }

    net::strand strand_;
    dependencies const deps_;
    std::shared_ptr<sender> const sender_;
    /// Read from any thread. Not std::atomic: see otp/money/price_cache.cpp.
    boost::atomic_shared_ptr<receiver_list const> receivers_;
    std::atomic<bool> has_receivers_; // spares most services the load
    receiver_list retired_;           // by reloads; they still send something
    receiver_list closed_receivers_;  // connections may still refer to them
    std::atomic<std::size_t> arrivals_ = 0;
    asio::steady_timer drained_;
};

webhooks::webhooks(asio::any_io_executor executor, std::vector<endpoint> endpoints, options with,
                   dependencies deps)
    : impl_(std::make_shared<impl>(std::move(executor), std::move(endpoints), with, deps)) {
    impl_->hear_sender();
}

webhooks::~webhooks() {
    impl_->close();
}

bool webhooks::wants(otp::event_type kind) const noexcept {
    return impl_->wants(kind);
}

void webhooks::on_event(otp::verification_event const& event) noexcept {
    impl_->on_event(event);
}

std::string webhooks::text_of(otp::verification_event const& event) const {
    return impl_->text_of(event);
}

bool webhooks::take_over(std::uint64_t ticket, outbox::id const& id, std::string_view text) {
    return impl_->take_over(ticket, id, text);
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
