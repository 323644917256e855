#include "otpd/otp/price_cache.hpp"

#include "otpd/net/on_strand.hpp"
#include "otpd/telemetry/log.hpp"
#include "otpd/telemetry/metrics.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/dispatch.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/smart_ptr/atomic_shared_ptr.hpp>
#include <boost/smart_ptr/make_shared.hpp>

#include <algorithm>
#include <deque>
#include <exception>
#include <string_view>
#include <tuple>
#include <utility>

namespace otpd::otp {

namespace asio = boost::asio;

namespace {

using duration = std::chrono::steady_clock::duration;

/// What a question that threw is logged and counted as.
constexpr std::string_view internal_error = "internal_error";

/// Up to an eighth earlier, so that instances that were started together do not ask together for
/// ever.
duration jittered(duration of, random_source& random) {
    auto const most = static_cast<std::uint64_t>((of / 8).count());
    return of - duration(static_cast<duration::rep>(random.below(most + 1)));
}

} // namespace

price_list make_price_list(std::vector<bridgexapi::price> prices, wall_time learned_at) {
    // The highest first: one that the vendor hides is less than any.
    std::ranges::stable_sort(prices, [](auto const& a, auto const& b) {
        return std::tie(a.prefix, b.amount) < std::tie(b.prefix, a.amount);
    });
    price_list result;
    result.prices = std::move(prices);
    result.learned_at = learned_at;
    return result;
}

std::optional<money> price_in(price_list const& list, phone_number const& to) {
    std::string_view const digits = to.digits();
    for (auto length = digits.size(); length > 0; --length) {
        auto const prefix = digits.substr(0, length);
        auto const found =
            std::ranges::lower_bound(list.prices, prefix, {}, [](bridgexapi::price const& each) {
                return std::string_view(each.prefix);
            });
        bool const has_price =
            found != list.prices.end() && found->prefix == prefix && found->amount;
        if (has_price) return found->amount;
    }
    return std::nullopt;
}

std::chrono::milliseconds ask_again_after(price_cache_options const& options,
                                          unsigned failures) noexcept {
    if (failures == 0) return options.lifetime * 4 / 5;
    auto const most = std::max(options.retry, options.lifetime);
    auto pause = options.retry;
    for (unsigned i = 1; i < failures && pause < most; ++i)
        pause *= 2;
    return std::min(pause, most);
}

class price_cache::impl : public std::enable_shared_from_this<impl> {
public:
    impl(asio::any_io_executor const& executor, price_cache_options options, dependencies deps)
        : options_(std::move(options)), deps_(deps), strand_(asio::make_strand(executor)),
          timer_(strand_) {
        for (int const id : options_.routes)
            if (find(id) == nullptr) entries_.emplace_back(id);
    }

    [[nodiscard]] boost::shared_ptr<price_list const> list_of(int route_id) const {
        auto const* its = find(route_id);
        if (its == nullptr) return nullptr;
        return its->list.load();
    }

    void start() {
        if (entries_.empty()) return;
        auto ended = [self = shared_from_this()](std::exception_ptr thrown) {
            if (thrown) self->deps_.log.error("price_cache_ended");
        };
        asio::co_spawn(strand_, ask_until_stopped(shared_from_this()),
                       asio::bind_cancellation_slot(cancel_.slot(), std::move(ended)));
    }

    void stop() {
        auto end = [self = shared_from_this()] {
            self->stopped_ = true;
            self->cancel_.emit(asio::cancellation_type::terminal);
        };
        asio::dispatch(strand_, std::move(end));
    }

private:
    struct entry {
        explicit entry(int id) noexcept : route_id(id) {}
        int const route_id;
        /// Read from any thread. Not std::atomic: in libstdc++ 12 its load() unlocks with relaxed
        /// order, so a reader races with who replaces the list.
        boost::atomic_shared_ptr<price_list const> list;

        // On strand_ only.
        steady_time due{};
        unsigned failures = 0; ///< in a row
    };

    [[nodiscard]] entry const* find(int route_id) const noexcept {
        auto const found = std::ranges::find(entries_, route_id, &entry::route_id);
        return found == entries_.end() ? nullptr : &*found;
    }

    static asio::awaitable<void> ask_until_stopped(std::shared_ptr<impl> self) {
        co_await asio::this_coro::throw_if_cancelled(false);
        while (!self->stopped_) {
            auto& next = *std::ranges::min_element(self->entries_, {}, &entry::due);
            self->timer_.expires_at(next.due);
            co_await self->timer_.async_wait(asio::as_tuple(asio::deferred));
            if (!self->stopped_) co_await self->ask(next);
        }
    }

    asio::awaitable<void> ask(entry& entry) {
        std::string_view why = internal_error;
        bool learned = false;
        try {
            auto answered =
                co_await deps_.gateway.get_pricing(entry.route_id, deadline::in(options_.timeout));
            learned = answered.has_value();
            if (learned)
                keep(entry, std::move(*answered));
            else
                why = to_string(answered.error().why);
        } catch (std::exception const&) {
            learned = false;
        }
        if (stopped_ && !learned) co_return; // it was cancelled: no failure
        deps_.metrics.price_list_asked(learned);
        if (!learned) failed(entry, why);
        auto const pause = ask_again_after(options_, entry.failures);
        entry.due = std::chrono::steady_clock::now() + jittered(pause, deps_.random);
    }

    void keep(entry& entry, std::vector<bridgexapi::price> prices) {
        auto made = boost::make_shared<price_list const>(
            make_price_list(std::move(prices), deps_.now.wall()));
        auto const count = made->prices.size();
        bool const first = entry.list.exchange(std::move(made)) == nullptr;
        entry.failures = 0;
        if (first)
            deps_.log.info("price_list_loaded", {{"route_id", entry.route_id}, {"prices", count}});
    }

    void failed(entry& entry, std::string_view why) {
        if (entry.failures++ == 0)
            deps_.log.warn("price_list_failed", {{"route_id", entry.route_id}, {"reason", why}});
    }

    price_cache_options const options_;
    dependencies const deps_;
    net::strand strand_;
    std::deque<entry> entries_; // never moves its elements

    // On strand_ only.
    asio::steady_timer timer_;
    asio::cancellation_signal cancel_;
    bool stopped_ = false;
};

price_cache::price_cache(asio::any_io_executor executor, price_cache_options options,
                         dependencies deps)
    : impl_(std::make_shared<impl>(executor, std::move(options), deps)) {}

price_cache::~price_cache() = default;

std::optional<money> price_cache::price_of(int route_id, phone_number const& to) const {
    auto const list = impl_->list_of(route_id);
    if (!list) return std::nullopt;
    return price_in(*list, to);
}

boost::shared_ptr<price_list const> price_cache::list_of(int route_id) const {
    return impl_->list_of(route_id);
}

void price_cache::start() {
    impl_->start();
}

void price_cache::stop() {
    impl_->stop();
}

} // namespace otpd::otp
