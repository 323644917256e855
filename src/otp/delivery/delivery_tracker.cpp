/// The shell around delivery_poller: a timer, calls to the upstream and the store, and a strand.

#include "delivery/delivery_poller.hpp"
#include "otpd/net/on_strand.hpp"
#include "otpd/otp/followed_text.hpp"
#include "otpd/otp/journal.hpp"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/strand.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <atomic>

namespace otpd::otp {

namespace asio = boost::asio;

/// Members are used on `strand_`, except for atomic members and functions marked otherwise.
class delivery_tracker::impl : public std::enable_shared_from_this<impl> {
public:
    impl(asio::any_io_executor const& executor, tracker_options options, dependencies deps)
        : strand_(asio::make_strand(executor)), options_(options), store_(deps.store),
          upstream_(deps.upstream), now_(deps.now), reports_(deps.reports),
          journal_(deps.open_messages), wake_(strand_),
          poller_(options, deps.random, deps.reports) {}

    // Called from any thread.

    void follow(followed_message&& message) {
        auto const ticket = message.ticket;
        bool const is_taken = stopped_ || take(std::move(message));
        if (!is_taken) end_entry(ticket);
    }
    /// Returns false if it follows none, or too many.
    [[nodiscard]] bool take(followed_message&& message) {
        if (!options_.enabled) return false;
        if (++open_ > options_.open_max) {
            --open_;
            reports_.not_followed();
            return false;
        }
        if (net::is_single_threaded(strand_)) {
            add(std::move(message));
            return true;
        }
        asio::post(strand_, [self = shared_from_this(), message = std::move(message)]() mutable {
            self->add(std::move(message));
        });
        return true;
    }

    void forget_journal() {
        if (stopped_) return;
        asio::post(strand_, [self = shared_from_this()] {
            self->poller_.forget_journal();
            self->note_ended();
        });
    }

    void start() {
        if (!options_.enabled) return;
        auto ended = [self = shared_from_this()](std::exception_ptr thrown) {
            if (thrown && !self->stopped_) self->reports_.tracker_ended();
        };
        asio::co_spawn(strand_, run(shared_from_this()),
                       asio::bind_cancellation_slot(stop_.slot(), std::move(ended)));
    }

    /// Running updates of the store are completed.
    void stop() {
        if (stopped_.exchange(true)) return;
        asio::post(strand_, [self = shared_from_this()] {
            self->stop_.emit(asio::cancellation_type::terminal);
        });
    }

    static asio::awaitable<std::optional<delivery_view>> last_report(std::shared_ptr<impl> self,
                                                                     std::string bx_message_id) {
        auto look = [&] { return self->poller_.last_report(bx_message_id); };
        co_return co_await net::on_strand(self->strand_, look);
    }

    [[nodiscard]] std::size_t open() const noexcept { return open_; }
    [[nodiscard]] bool hears_reports() const noexcept {
        return options_.enabled && open_ < options_.open_max &&
               now_.now() - answered_at_.load() <= 3 * options_.interval + options_.timeout;
    }

private:
    void end_entry(std::uint64_t ticket) noexcept {
        if (journal_ != nullptr) journal_->erase(ticket);
    }

    void add(followed_message&& message) {
        auto const ticket = message.ticket;
        auto const before = poller_.open();
        bool const is_added = !stopped_ && poller_.add(std::move(message), now());
        if (!is_added) {
            --open_;
            if (!stopped_) end_entry(ticket); // otherwise the next instance follows it
            return;
        }
        ++added_;
        if (poller_.open() == before) { // it has taken another one's place
            reports_.not_followed();
            note_ended();
        }
        reports_.open(open_);
        if (poller_.open() == 1) wake_.cancel();
    }

    /// Makes room for as many messages as have ended.
    void note_ended() {
        for (auto const ticket : poller_.take_ended())
            end_entry(ticket);
        auto const ended = added_ - poller_.open();
        added_ -= ended;
        open_ -= ended;
        if (ended > 0) reports_.open(open_);
    }

    static asio::awaitable<void> run(std::shared_ptr<impl> self) {
        co_await asio::this_coro::throw_if_cancelled(false);
        while (!self->stopped_) {
            try {
                co_await self->act(self->poller_.next_action(self->now()));
            } catch (std::exception const& thrown) {
                if (!self->stopped_) self->reports_.poll_failed(thrown.what());
                self->poller_.abandon_look(self->now().steady);
            }
        }
    }

    asio::awaitable<void> act(delivery_poller::action action) {
        note_ended();
        if (auto* const question = std::get_if<delivery_question>(&action)) {
            auto reply = co_await ask(*question);
            if (reply) answered_at_ = now().steady;
            if (!stopped_) poller_.on_reply(*question, std::move(reply), now());
        } else if (auto* const update = std::get_if<store_update>(&action)) {
            begin_update(std::move(*update));
        } else {
            co_await rest_until(std::get<delivery_poller::rest>(action).until);
        }
    }

    asio::awaitable<delivery_reply> ask(delivery_question asked) const {
        auto const until = deadline::in(options_.timeout);
        if (asked.purpose == delivery_question::about::order)
            co_return co_await upstream_.list_order_deliveries(asked.name, asked.query.limit,
                                                               asked.query.skip, until);
        if (asked.purpose != delivery_question::about::message)
            co_return co_await upstream_.list_deliveries(asked.query, until);
        auto report = co_await upstream_.get_delivery(asked.name, until);
        if (!report) co_return report.error();
        bridgexapi::delivery_page page{};
        page.reports.push_back(*std::move(report));
        co_return page;
    }

    asio::awaitable<void> rest_until(steady_time time) {
        if (time == steady_time::max())
            wake_.expires_at(time);
        else
            wake_.expires_after(time - now().steady);
        boost::system::error_code ignored;
        co_await wake_.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
    }

    void begin_update(store_update update) {
        auto ended = [self = shared_from_this()](std::exception_ptr thrown) {
            if (thrown) self->reports_.update_failed();
            self->note_ended();
            self->wake_.cancel();
        };
        asio::co_spawn(strand_, tell_store(shared_from_this(), std::move(update)),
                       std::move(ended));
    }

    static asio::awaitable<void> tell_store(std::shared_ptr<impl> self, store_update update) {
        store::result<store::update_outcome> answer = store::fault::unknown;
        std::exception_ptr thrown;
        try {
            answer = co_await self->store_.update(std::move(update.update));
        } catch (std::exception const&) {
            thrown = std::current_exception();
        }
        self->poller_.on_update(update, answer, self->now());
        if (answer && update.why == store_update::reason::found) self->enter_found(update.which);
        if (thrown) std::rethrow_exception(thrown);
    }

    /// From now on the entry of a message of unknown outcome has its ids, and no number.
    void enter_found(open_messages::id which) {
        auto const* const message = poller_.find(which);
        if (journal_ == nullptr || message == nullptr || message->lost) return;
        auto found = message->what;
        found.to.reset();
        found.booked.clear();
        found.event.type = event_type::accepted;
        found.follow_for = std::chrono::ceil<std::chrono::seconds>(message->drop_at - now().steady);
        if (found.follow_for <= std::chrono::seconds(0)) return;
        journal_->replace(found.ticket, {journal_kind::message, found.address.id,
                                         text_of(found, now_.wall()), found.follow_for});
    }

    [[nodiscard]] moment now() const { return {now_.now(), now_.wall()}; }

    net::strand strand_;
    tracker_options const options_;
    store::store& store_;
    bridgexapi::reader& upstream_;
    clock const& now_;
    delivery_reports const& reports_;
    journal* const journal_;
    asio::steady_timer wake_;
    asio::cancellation_signal stop_;
    delivery_poller poller_;
    std::size_t added_ = 0; ///< messages in `open_` that the poller has, or had until just now
    std::atomic<std::size_t> open_{0}; ///< includes those on their way to the poller
    std::atomic<steady_time> answered_at_{steady_time{}}; ///< the last question of the upstream
    std::atomic<bool> stopped_{false};
};

delivery_tracker::delivery_tracker(asio::any_io_executor executor, tracker_options options,
                                   dependencies deps)
    : impl_(std::make_shared<impl>(executor, options, deps)) {}

delivery_tracker::~delivery_tracker() {
    impl_->stop();
}

void delivery_tracker::follow(followed_message message) noexcept {
    try {
        impl_->follow(std::move(message));
    } catch (std::exception const&) { // no memory for it
        return;
    }
}

bool delivery_tracker::take_over(followed_message message) {
    return impl_->take(std::move(message));
}

bool delivery_tracker::hears_reports() const noexcept {
    return impl_->hears_reports();
}

asio::awaitable<std::optional<delivery_view>>
delivery_tracker::last_report(std::string bx_message_id) {
    return impl::last_report(impl_, std::move(bx_message_id));
}

void delivery_tracker::forget_journal() noexcept {
    try {
        impl_->forget_journal();
    } catch (std::exception const&) { // no memory for it: two instances follow them
        return;
    }
}

void delivery_tracker::start() {
    impl_->start();
}

void delivery_tracker::stop() {
    impl_->stop();
}

std::size_t delivery_tracker::open() const noexcept {
    return impl_->open();
}

} // namespace otpd::otp
