#include "otpd/otp/price_cache.hpp"

#include "otpd/telemetry/log.hpp"
#include "otpd/telemetry/metrics.hpp"

#include <boost/smart_ptr/atomic_shared_ptr.hpp>
#include <boost/smart_ptr/make_shared.hpp>

#include <algorithm>
#include <exception>
#include <string_view>
#include <tuple>
#include <utility>

namespace otpd::otp {

namespace asio = boost::asio;

namespace {

/// The name of an unexpected exception in the log and the metrics.
constexpr std::string_view internal_error = "internal_error";
/// Until a reload.
constexpr std::chrono::hours until_then{365 * 24};

} // namespace

price_list make_price_list(std::vector<bridgexapi::price> prices, wall_time learned_at) {
    // The highest price comes first. A hidden price sorts below any other.
    std::ranges::stable_sort(prices, [](auto const& a, auto const& b) {
        return std::tie(a.prefix, b.amount) < std::tie(b.prefix, a.amount);
    });
    return {.prices = std::move(prices), .learned_at = learned_at};
}

std::optional<money> price_in(price_list const& list, phone_number const& to) {
    std::string_view const digits = to.digits();
    for (auto length = digits.size(); length > 0; --length) {
        auto const prefix = digits.substr(0, length);
        auto const found =
            std::ranges::lower_bound(list.prices, prefix, {}, [](bridgexapi::price const& price) {
                return std::string_view(price.prefix);
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
    impl(periodic runner, price_cache_options const& options, dependencies deps)
        : runner_(std::move(runner)), deps_(deps), lists_(made_of(options, {})) {}

    [[nodiscard]] boost::shared_ptr<price_list const> list_of(int route_id) const {
        auto const lists = lists_.load();
        auto const* its = find(*lists, route_id);
        if (its == nullptr) return nullptr;
        return its->list.load();
    }

    void start() {
        if (lists_.load()->entries.empty() || std::exchange(is_started_, true)) return;
        runner_.start([self = shared_from_this()] { return self->refresh_next(); });
    }

    void apply(price_cache_options const& options) {
        auto const before = lists_.load();
        auto made = made_of(options, before->entries);
        if (made->entries == before->entries && options.lifetime == before->options.lifetime)
            return;
        lists_.store(std::move(made));
        start();
        runner_.wake();
    }

    void stop() { runner_.stop(); }

private:
    struct entry {
        explicit entry(int id) noexcept : route_id(id) {}
        int const route_id;
        /// Read from any thread. Not std::atomic: in libstdc++ 12 its load() unlocks with relaxed
        /// order, so a reader races with who replaces the list.
        boost::atomic_shared_ptr<price_list const> list;

        // Of the runner only.
        steady_time due{};
        unsigned failures = 0; ///< in a row
    };
    using entry_list = std::vector<std::shared_ptr<entry>>;
    struct known_lists {
        price_cache_options options;
        entry_list entries;
    };

    [[nodiscard]] static boost::shared_ptr<known_lists const> made_of(price_cache_options options,
                                                                      entry_list const& before) {
        known_lists made{std::move(options), {}};
        for (int const id : made.options.routes) {
            if (find(made, id) != nullptr) continue;
            auto const kept = std::ranges::find(before, id, &entry::route_id);
            made.entries.push_back(kept != before.end() ? *kept : std::make_shared<entry>(id));
        }
        return boost::make_shared<known_lists const>(std::move(made));
    }

    [[nodiscard]] static entry const* find(known_lists const& lists, int route_id) noexcept {
        auto const found = std::ranges::find(lists.entries, route_id, &entry::route_id);
        return found == lists.entries.end() ? nullptr : found->get();
    }

    [[nodiscard]] static std::shared_ptr<entry> next_due(known_lists const& lists) {
        return *std::ranges::min_element(lists.entries, {}, &entry::due);
    }

    asio::awaitable<steady_time::duration> refresh_next() {
        auto const lists = lists_.load();
        if (lists->entries.empty()) co_return until_then;
        co_await ask(next_due(*lists), lists->options);
        auto const present = lists_.load(); // there may be other ones now
        if (present->entries.empty()) co_return until_then;
        co_return next_due(*present)->due - std::chrono::steady_clock::now();
    }

    asio::awaitable<void> ask(std::shared_ptr<entry> its, price_cache_options const options) {
        std::string_view why = internal_error;
        bool learned = false;
        try {
            auto answered =
                co_await deps_.upstream.get_pricing(its->route_id, deadline::in(options.timeout));
            learned = answered.has_value();
            if (learned)
                keep(*its, std::move(*answered));
            else
                why = to_string(answered.error().why);
        } catch (std::exception const&) {
            learned = false;
        }
        if (runner_.is_stopped() && !learned) co_return; // it was cancelled: no failure
        deps_.metrics.price_list_asked(learned);
        if (!learned) failed(*its, why);
        its->due = std::chrono::steady_clock::now() + ask_again_after(options, its->failures);
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

    periodic runner_;
    dependencies const deps_;
    boost::atomic_shared_ptr<known_lists const> lists_; // see entry::list
    bool is_started_ = false;
};

price_cache::price_cache(periodic runner, price_cache_options options, dependencies deps)
    : impl_(std::make_shared<impl>(std::move(runner), options, deps)) {}

price_cache::~price_cache() = default;

std::optional<money> price_cache::price_of(int route_id, phone_number const& to) const {
    auto const list = impl_->list_of(route_id);
    if (!list) return std::nullopt;
    return price_in(*list, to);
}

boost::shared_ptr<price_list const> price_cache::list_of(int route_id) const {
    return impl_->list_of(route_id);
}

void price_cache::apply(price_cache_options options) {
    impl_->apply(options);
}

void price_cache::start() {
    impl_->start();
}

void price_cache::stop() {
    impl_->stop();
}

} // namespace otpd::otp
