#include "otpd/otp/destination_overrides.hpp"

#include "otpd/telemetry/log.hpp"
#include "seconds.hpp"
#include "to_the_end.hpp"

#include <boost/smart_ptr/atomic_shared_ptr.hpp>
#include <boost/smart_ptr/make_shared.hpp>
#include <boost/smart_ptr/shared_ptr.hpp>

#include <algorithm>
#include <exception>
#include <utility>

namespace otpd::otp {

namespace asio = boost::asio;

namespace {

struct known_override {
    destination where;
    store::override_action action;
    steady_time end;
};
using known_overrides = std::vector<known_override>;

/// `asked_at` is before the store's answer, so none counts longer than in the store.
boost::shared_ptr<known_overrides const>
view_of_overrides(std::vector<store::destination_override> const& all, steady_time asked_at) {
    known_overrides list;
    list.reserve(all.size());
    for (auto const& entry : all)
        list.push_back({{entry.destination}, entry.action, asked_at + entry.ends_in});
    return boost::make_shared<known_overrides const>(std::move(list));
}

/// Together with the last four digits of the number of a refused send, more than the
/// first four of a prefix could be a whole number.
std::string shown_in_log(destination const& where) {
    constexpr std::size_t shown_max = 4;
    auto text = where.text;
    if (text.size() > shown_max) std::fill(text.begin() + shown_max, text.end(), 'x');
    return text;
}

std::string_view word_of_change(store::override_outcome::kind kind) {
    if (kind == store::override_outcome::made) return "made";
    return kind == store::override_outcome::replaced ? "replaced" : "ended";
}

} // namespace

std::string_view to_string(store::override_action action) noexcept {
    if (action == store::override_action::deny) return "deny";
    return action == store::override_action::trust ? "trust" : "allow";
}

class destination_overrides::impl : public std::enable_shared_from_this<impl> {
public:
    impl(periodic runner, override_options options, dependencies deps)
        : runner_(std::move(runner)), options_(options), deps_(deps),
          view_(boost::make_shared<known_overrides const>()) {}

    [[nodiscard]] bool has(store::override_action action, phone_number const& number,
                           std::string const& country) const {
        auto const view = view_.load();
        if (view->empty()) return false; // as nearly always
        auto const now = deps_.now.now();
        return std::ranges::any_of(*view, [&](known_override const& known_override) {
            return known_override.action == action && known_override.end > now &&
                   known_override.where.covers(number, country);
        });
    }

    void start() {
        runner_.start([self = shared_from_this()] { return self->run(); });
    }
    void stop() { runner_.stop(); }

    asio::awaitable<outcome<std::vector<store::destination_override>>> list() {
        auto answer = co_await deps_.store.overrides();
        if (!answer) co_return failure{errc::store_unavailable, retry_soon};
        co_return *std::move(answer);
    }

    /// What this instance has changed meanwhile is newer than what was read: then it reads again.
    asio::awaitable<bool> refresh() {
        constexpr int tries_max = 4;
        for (int n = 0; n < tries_max; ++n) {
            auto seen = view_.load();
            auto const asked_at = deps_.now.now();
            auto const answer = co_await deps_.store.overrides();
            if (!answer) co_return false;
            auto fresh = view_of_overrides(*answer, asked_at);
            if (view_.compare_exchange_strong(seen, std::move(fresh))) break;
        }
        co_return true;
    }

    /// A change that the store made leaves its line in the log, even if its caller has left.
    asio::awaitable<outcome<store::override_outcome::kind>>
    change_to_the_end(override_request request) {
        auto seen = view_.load();
        auto const asked_at = deps_.now.now();
        store::override_change asked{request.where.text, request.action, request.reason,
                                     request.lasts};
        auto const answer = co_await deps_.store.change_override(std::move(asked));
        if (!answer) {
            if (answer.error() == store::fault::unknown) report(request, "unknown");
            co_return failure{errc::store_unavailable, retry_soon};
        }
        auto const fresh = view_of_overrides(answer->all, asked_at);
        if (!view_.compare_exchange_strong(seen, fresh)) { // which of both is newer?
            bool const is_read = co_await refresh();
            if (!is_read) view_.store(fresh);
        }
        if (answer->is == store::override_outcome::full) co_return failure{errc::destinations_full};
        if (answer->is == store::override_outcome::absent)
            co_return failure{errc::destination_not_found};
        report(request, word_of_change(answer->is));
        co_return answer->is;
    }

private:
    asio::awaitable<steady_time::duration> run() {
        bool is_read = false;
        try {
            is_read = co_await refresh();
        } catch (std::exception const&) { // no memory
            is_read = false;
        }
        if (is_read || !runner_.is_stopped()) {
            if (!is_read && !has_failed_) deps_.log.warn("overrides_not_read");
            has_failed_ = !is_read;
        }
        co_return options_.refresh;
    }

    /// Writes a warning, which the usual levels of the log keep. `unknown`: the store may have done
    /// it.
    void report(override_request const& request, std::string_view outcome) const {
        deps_.log.warn("destination_override", {{"request_id", request.caller.request_id},
                                                {"by", request.caller.client->name},
                                                {"destination", shown_in_log(request.where)},
                                                {"action", to_string(request.action)},
                                                {"for_seconds", request.lasts.count()},
                                                {"reason", request.reason},
                                                {"outcome", outcome}});
    }

    periodic runner_;
    override_options const options_;
    dependencies const deps_;
    /// Read from any thread. Not std::atomic: see price_cache.
    boost::atomic_shared_ptr<known_overrides const> view_;
    bool has_failed_ = false; ///< of the runner only
};

destination_overrides::destination_overrides(periodic runner, override_options options,
                                             dependencies deps)
    : impl_(std::make_shared<impl>(std::move(runner), options, deps)) {}

destination_overrides::~destination_overrides() = default;

bool destination_overrides::has(store::override_action action, phone_number const& number,
                                std::string const& country) const {
    return impl_->has(action, number, country);
}

asio::awaitable<outcome<std::vector<store::destination_override>>> destination_overrides::list() {
    return impl_->list();
}

asio::awaitable<outcome<store::override_outcome::kind>>
destination_overrides::change(override_request request) {
    return run_to_the_end(impl_->change_to_the_end(std::move(request)));
}

asio::awaitable<bool> destination_overrides::refresh() {
    return impl_->refresh();
}

void destination_overrides::start() {
    impl_->start();
}

void destination_overrides::stop() {
    impl_->stop();
}

} // namespace otpd::otp
