#include "otpd/otp/event_waiters.hpp"

#include "otpd/net/run_on.hpp"

#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/strand.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/smart_ptr/atomic_shared_ptr.hpp>
#include <boost/smart_ptr/make_shared.hpp>
#include <boost/smart_ptr/shared_ptr.hpp>

#include <array>
#include <atomic>
#include <functional>
#include <unordered_map>

namespace otpd::otp {

namespace asio = boost::asio;

namespace {

/// Event counters. Verifications with the same hash share one: a waiter may wake up without an
/// event, but never misses one.
constexpr std::size_t counts = 4096;

} // namespace

class event_waiters::impl : public std::enable_shared_from_this<impl> {
public:
    impl(asio::any_io_executor const& executor, std::size_t waiters_max,
         std::vector<std::string> const& clients)
        : strand_(asio::make_strand(executor)),
          shares_(boost::make_shared<shares>(waiters_max, clients)) {}

    // Thread-safe.

    void share_out(std::size_t waiters_max, std::vector<std::string> const& clients) {
        shares_.store(boost::make_shared<shares>(waiters_max, clients));
    }

    /// A reader subscribes before it reads the store, and an event is in the store before anyone
    /// calls this. So an event that is not counted, because there is no subscriber, is visible to
    /// the next reader of the store. This requires a single order (std::memory_order_seq_cst).
    [[nodiscard]] bool has_subscribers() const noexcept { return subscriptions_.load() > 0; }
    void subscribe() noexcept { ++subscriptions_; }
    void unsubscribe() noexcept { --subscriptions_; }

    [[nodiscard]] net::strand const& strand() const noexcept { return strand_; }

    [[nodiscard]] std::uint64_t seen(std::string_view id) const noexcept {
        return count_of(id).load();
    }

    /// Increments the counter and then checks for waiters; a waiter registers and then checks the
    /// counter. So at least one sees the other. This requires a single order
    /// (std::memory_order_seq_cst).
    void on_event(std::string const& id) noexcept {
        ++count_of(id);
        if (waiters_.load() == 0) return;
        try {
            asio::post(strand_, [self = shared_from_this(), id] { self->wake(id); });
        } catch (std::exception const&) { // no memory: they wait until their deadline
            return;
        }
    }

    void stop() {
        stopped_ = true;
        asio::post(strand_, [self = shared_from_this()] {
            for (auto const& [id, timer] : self->timers_)
                timer->cancel();
        });
    }

    static asio::awaitable<bool> wait(std::shared_ptr<impl> self, std::string id,
                                      std::string const client, std::uint64_t seen,
                                      deadline until) {
        place const taken(*self, client);
        if (!taken.is_one()) co_return false;
        auto const strand = self->strand_;
        co_return co_await net::run_on(strand,
                                       next_change(std::move(self), std::move(id), seen, until));
    }

private:
    using timers = std::unordered_multimap<std::string, std::shared_ptr<asio::steady_timer>>;

    /// The places of one client, or those that all share.
    struct share {
        explicit share(std::size_t count) noexcept : most(count) {}
        [[nodiscard]] bool take() noexcept {
            if (++used <= most) return true;
            --used;
            return false;
        }
        std::size_t most;
        std::atomic<std::size_t> used{0};
    };

    /// Only the counters change.
    struct shares {
        shares(std::size_t waiters_max, std::vector<std::string> const& clients)
            : common(waiters_max) {
            if (clients.empty()) return;
            auto const each_has = waiters_max / 2 / clients.size();
            common.most -= each_has * clients.size();
            for (auto const& name : clients)
                own.try_emplace(name, each_has);
        }
        std::unordered_map<std::string, share> own; ///< by client
        share common;
    };

    /// One place of the client, else a shared one, else none.
    class place {
    public:
        place(impl& of, std::string const& client) : all_(of), shares_(of.shares_.load()) {
            auto const own = shares_->own.find(client);
            if (own != shares_->own.end() && own->second.take())
                from_ = &own->second;
            else if (shares_->common.take())
                from_ = &shares_->common;
            if (from_ != nullptr) ++all_.waiters_;
        }
        place(place const&) = delete;
        place& operator=(place const&) = delete;
        ~place() {
            if (from_ == nullptr) return;
            --all_.waiters_;
            --from_->used;
        }
        [[nodiscard]] bool is_one() const noexcept { return from_ != nullptr; }

    private:
        impl& all_;
        boost::shared_ptr<shares> const shares_;
        share* from_ = nullptr;
    };

    /// Keeps a waiter in the list during its lifetime.
    class entry {
    public:
        entry(timers& timers, std::string const& id, std::shared_ptr<asio::steady_timer> timer)
            : in_(timers), place_(timers.emplace(id, std::move(timer))) {}
        entry(entry const&) = delete;
        entry& operator=(entry const&) = delete;
        ~entry() { in_.erase(place_); }

    private:
        timers& in_;
        timers::iterator place_;
    };

    [[nodiscard]] std::atomic<std::uint64_t>& count_of(std::string_view id) const noexcept {
        return counts_[std::hash<std::string_view>()(id) % counts];
    }

    // Runs on the strand.

    void wake(std::string const& id) {
        auto const [first, last] = timers_.equal_range(id);
        for (auto it = first; it != last; ++it)
            it->second->cancel();
    }

    /// Returns false at shutdown.
    static asio::awaitable<bool> next_change(std::shared_ptr<impl> self, std::string id,
                                             std::uint64_t seen, deadline until) {
        if (self->stopped_) co_return false;
        if (self->count_of(id) != seen) co_return true;
        auto const timer = std::make_shared<asio::steady_timer>(self->strand_, until.at());
        entry const listed(self->timers_, id, timer);
        boost::system::error_code ended;
        co_await timer->async_wait(asio::redirect_error(asio::use_awaitable, ended));
        co_return !self->stopped_;
    }

    net::strand strand_;
    timers timers_; // used on strand_
    /// Read from any thread. Not std::atomic: see price_cache.
    boost::atomic_shared_ptr<shares> shares_;
    std::atomic<std::size_t> waiters_{0};
    std::atomic<std::size_t> subscriptions_{0};
    std::atomic<bool> stopped_{false};
    mutable std::array<std::atomic<std::uint64_t>, counts> counts_{};
};

event_waiters::event_waiters(asio::any_io_executor executor, std::size_t waiters_max,
                             std::vector<std::string> const& clients)
    : impl_(std::make_shared<impl>(executor, waiters_max, clients)) {}

event_waiters::~event_waiters() {
    impl_->stop();
}

asio::any_io_executor event_waiters::executor() const {
    return impl_->strand().get_inner_executor();
}

event_waiters::subscription::subscription(event_waiters& waiters) noexcept : of_(waiters.impl_) {
    of_->subscribe();
}

event_waiters::subscription::~subscription() {
    of_->unsubscribe();
}

bool event_waiters::wants(event_type) const noexcept {
    return impl_->has_subscribers();
}

void event_waiters::on_event(verification_event const& event) noexcept {
    if (!event.verification_id.empty()) impl_->on_event(event.verification_id);
}

std::uint64_t event_waiters::seen(std::string_view verification_id) const noexcept {
    return impl_->seen(verification_id);
}

asio::awaitable<bool> event_waiters::wait(std::string verification_id, std::string client,
                                          std::uint64_t seen, deadline until) {
    auto self = impl_;
    co_return co_await impl::wait(std::move(self), std::move(verification_id), std::move(client),
                                  seen, until);
}

void event_waiters::share_out(std::size_t waiters_max, std::vector<std::string> const& clients) {
    impl_->share_out(waiters_max, clients);
}

void event_waiters::stop() {
    impl_->stop();
}

} // namespace otpd::otp
