#include "delivery/delivery_tracker_impl.hpp"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/strand.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <algorithm>
#include <atomic>

namespace otpd::otp {

namespace asio = boost::asio;
using bridgexapi::delivery_page;
using bridgexapi::delivery_query;
using bridgexapi::delivery_report;
using bridgexapi::reason;
using namespace std::chrono_literals;

namespace {

constexpr auto back_off_max = std::chrono::milliseconds(30s);
/// A store may take its time for each update, and commits many at once.
constexpr std::size_t updates_at_a_time = 32;

} // namespace

// --- from any thread -----------------------------------------------------------------------------

void delivery_tracker::impl::follow(followed_message what) {
    if (!options_.enabled || stopped_) return;
    if (++open_ > options_.open_max) {
        --open_;
        uses_.metrics.message_not_followed();
        return;
    }
    if (net::is_alone_on(strand_)) return add(std::move(what));
    asio::post(strand_, [self = shared_from_this(), what = std::move(what)]() mutable {
        self->add(std::move(what));
    });
}

void delivery_tracker::impl::add(followed_message what) {
    if (stopped_ || !messages_.add(std::move(what), now())) {
        --open_;
        return;
    }
    uses_.metrics.messages_open(open_);
    if (messages_.all().size() == 1) wake_.cancel();
}

void delivery_tracker::impl::start() {
    if (!options_.enabled) return;
    auto ended = [self = shared_from_this()](std::exception_ptr thrown) {
        if (thrown && !self->stopped_) self->uses_.log.error("delivery_tracker_ended");
    };
    asio::co_spawn(strand_, run(shared_from_this()),
                   asio::bind_cancellation_slot(stop_asking_.slot(), std::move(ended)));
}

void delivery_tracker::impl::stop() {
    if (stopped_.exchange(true)) return;
    asio::post(strand_, [self = shared_from_this()] {
        self->wake_.cancel();
        // Nothing else: what the store is told is told to the end.
        if (self->asking_) self->stop_asking_.emit(asio::cancellation_type::terminal);
    });
}

asio::awaitable<std::optional<delivery_view>>
delivery_tracker::impl::last_report(std::shared_ptr<impl> self, std::string bx_message_id) {
    auto look = [&] { return self->messages_.last_report(bx_message_id); };
    co_return co_await net::on_strand(self->strand_, look);
}

// --- the loop ------------------------------------------------------------------------------------

asio::awaitable<void> delivery_tracker::impl::run(std::shared_ptr<impl> self) {
    while (!self->stopped_) {
        auto const due = self->next_look();
        if (due > self->now().steady) {
            co_await self->rest_until(due);
            continue;
        }
        try {
            co_await self->look();
        } catch (std::exception const& thrown) {
            if (!self->stopped_)
                self->uses_.log.error("delivery_look_failed", {{"reason", thrown.what()}});
            // Not at once again, wherever it was.
            self->next_look_ = self->now().steady + self->options_.interval;
        }
        self->asking_ = false;
    }
}

/// Or until there is a first message.
asio::awaitable<void> delivery_tracker::impl::rest_until(steady_time time) {
    if (time == steady_time::max())
        wake_.expires_at(time);
    else
        wake_.expires_after(time - now().steady);
    boost::system::error_code ignored;
    if (!stopped_) co_await wake_.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
}

/// The first message is the one that is due first.
steady_time delivery_tracker::impl::next_look() const {
    auto const& all = messages_.all();
    if (all.empty()) return steady_time::max();
    return std::max(next_look_, all.begin()->second.first_look);
}

steady_time::duration delivery_tracker::impl::jittered(std::chrono::milliseconds pause) {
    auto const tenth = static_cast<std::uint64_t>(std::max<std::int64_t>(pause.count() / 10, 0));
    auto const extra = static_cast<std::int64_t>(uses_.random.below(2 * tenth + 1));
    return pause + std::chrono::milliseconds(extra - static_cast<std::int64_t>(tenth));
}

asio::awaitable<void> delivery_tracker::impl::look() {
    auto const began = now().steady;
    next_look_ = began + jittered(options_.interval);
    ++look_;
    pages_read_ = 0;
    candidates_.clear();
    drop_overdue();
    bool complete = false;
    if (delivered_suffice())
        complete = co_await read_delivered();
    else
        complete = co_await read_list(began);
    if (complete) co_await ask_singly();
}

void delivery_tracker::impl::drop_overdue() {
    auto const at = now().steady;
    std::vector<id> over;
    for (auto const& [which, message] : messages_.all())
        if (message.drop_at <= at) over.push_back(which);
    for (auto const which : over)
        end(which);
}

void delivery_tracker::impl::end(id which) {
    if (messages_.find(which) == nullptr) return;
    messages_.erase(which);
    uses_.metrics.messages_open(--open_);
}

// --- many updates at once -------------------------------------------------------------------------

asio::awaitable<void> delivery_tracker::impl::tell_all(all_news what) {
    auto const left = std::make_shared<all_news>(std::move(what));
    auto const ended = [self = shared_from_this()](std::exception_ptr thrown) {
        if (thrown) self->uses_.log.error("delivery_update_failed");
        if (--self->telling_ == 0) self->gathered_.cancel();
    };
    auto const count = std::min(updates_at_a_time, left->size());
    for (std::size_t i = 0; i < count; ++i) {
        ++telling_;
        asio::co_spawn(strand_, tell_one_by_one(shared_from_this(), left), ended);
    }
    while (telling_ > 0) {
        gathered_.expires_at(steady_time::max());
        boost::system::error_code ignored;
        co_await gathered_.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
    }
}

/// From the end: the upstream lists the newest first, and who came first is told first.
asio::awaitable<void> delivery_tracker::impl::tell_one_by_one(std::shared_ptr<impl> self,
                                                              std::shared_ptr<all_news> left) {
    while (!left->empty() && !self->stopped_) {
        auto next = std::move(left->back());
        left->pop_back();
        co_await self->learn(next.which, std::move(next.report));
    }
}

// --- the upstream --------------------------------------------------------------------------------

asio::awaitable<bool> delivery_tracker::impl::pace() {
    while (!stopped_ && now().steady < next_request_)
        co_await rest_until(next_request_);
    next_request_ = now().steady + options_.request_spacing;
    co_return !stopped_;
}

asio::awaitable<bridgexapi::answer<delivery_page>>
delivery_tracker::impl::list(delivery_query query) {
    bool const goes_on = co_await pace();
    if (!goes_on) co_return bridgexapi::failure{reason::shutting_down};
    asking_ = true;
    auto answer =
        co_await uses_.gateway.list_deliveries(std::move(query), deadline::in(options_.timeout));
    asking_ = false;
    co_return answer;
}

bool delivery_tracker::impl::failed(bridgexapi::failure const& why, question_kind kind) {
    bool const of_the_one =
        kind == to_one && (why.why == reason::not_found || why.why == reason::invalid_request);
    if (of_the_one) return answered();
    if (!stopped_) back_off(why);
    return false;
}

bool delivery_tracker::impl::answered() {
    if (failures_ > 0) uses_.log.info("delivery_reports_available");
    failures_ = 0;
    unreadable_ = 0;
    return !stopped_;
}

void delivery_tracker::impl::back_off(bridgexapi::failure const& why) {
    if (failures_ == 0)
        uses_.log.warn("delivery_reports_unavailable", {{"reason", bridgexapi::to_string(why.why)},
                                                        {"status", why.http_status},
                                                        {"open", open_.load()}});
    failures_ = std::min(failures_ + 1, 16U);
    auto pause = std::min(options_.interval * (1U << failures_), back_off_max);
    if (why.retry_after) pause = std::max<std::chrono::milliseconds>(pause, *why.retry_after);
    next_look_ = now().steady + jittered(std::min(pause, 2 * back_off_max));
}

// --- the public face -----------------------------------------------------------------------------

delivery_tracker::delivery_tracker(asio::any_io_executor executor, tracker_options options,
                                   dependencies uses)
    : impl_(std::make_shared<impl>(executor, options, uses)) {}

delivery_tracker::~delivery_tracker() {
    impl_->stop();
}

void delivery_tracker::follow(followed_message what) noexcept {
    try {
        impl_->follow(std::move(what));
    } catch (std::exception const&) { // no memory for it
        return;
    }
}

asio::awaitable<std::optional<delivery_view>>
delivery_tracker::last_report(std::string bx_message_id) {
    return impl::last_report(impl_, std::move(bx_message_id));
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
