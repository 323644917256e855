#include "route_gate.hpp"

#include <algorithm>

namespace otpd::bridgexapi {

namespace {

using std::chrono::milliseconds;

/// The newest send has a weight of 1/8 in the mean, TCP's gain for round-trip times (RFC 6298).
constexpr int mean_gain = 8;

bool blames_route(reason why) noexcept {
    using enum reason;
    return why == vendor_failed || why == upstream_error || why == rate_limited ||
           why == connect_failed || why == connection_lost || why == timed_out;
}

verdict failure_of(reason why) {
    return {.is = verdict::kind::failed, .why = why};
}

verdict verdict_on_one(accepted const&) {
    return {.is = verdict::kind::answered};
}

verdict verdict_on_one(rejected const& no) {
    if (!blames_route(no.why)) return verdict_on_one(accepted{});
    auto result = failure_of(no.why);
    if (no.why == reason::rate_limited) result.retry_after = no.retry_after;
    return result;
}

verdict verdict_on_one(not_sent const& never) {
    return blames_route(never.why) ? failure_of(never.why) : verdict{};
}

verdict verdict_on_one(unknown const& perhaps) {
    bool const says_nothing = perhaps.why == reason::shutting_down || perhaps.stale_connection;
    return says_nothing ? verdict{} : failure_of(perhaps.why);
}

std::chrono::seconds whole_seconds(route_gate::duration of) noexcept {
    return std::max(std::chrono::seconds(1), std::chrono::ceil<std::chrono::seconds>(of));
}

} // namespace

verdict verdict_on(send_outcome const& outcome) {
    return std::visit([](auto const& one) { return verdict_on_one(one); }, outcome);
}

// --- limit --------------------------------------------------------------------------------------

adaptive_limit::adaptive_limit(route_gate_options const& options) noexcept
    : min_(static_cast<double>(std::max<std::size_t>(1, options.concurrency_min))),
      max_(std::max(min_, static_cast<double>(options.concurrency_max))),
      limit_(std::clamp(static_cast<double>(options.concurrency_initial), min_, max_)) {}

void adaptive_limit::apply(route_gate_options const& options) noexcept {
    adaptive_limit const fresh(options);
    min_ = fresh.min_;
    max_ = fresh.max_;
    limit_ = std::clamp(limit_, min_, max_);
}

void adaptive_limit::raise() noexcept {
    limit_ = std::min(max_, limit_ + 1 / limit_);
}

void adaptive_limit::halve(std::uint64_t began_in) noexcept {
    if (began_in != era_) return;
    limit_ = std::max(min_, limit_ / 2);
    ++era_;
}

// --- gate ---------------------------------------------------------------------------------------

void route_gate::apply(route_gate_options const& options) noexcept {
    options_ = options;
    limit_.apply(options);
    breaker_.apply(options.circuit);
}

route_gate::decision route_gate::arrive(steady_time now, std::size_t waiting, duration left) {
    if (auto refused = refused_by_breaker(now)) return *refused;
    if (waiting == 0 && !full()) return take_place(now);
    // A probe finds all places taken by older sends. It does not wait: if the probe failed,
    // everything in the queue would be refused.
    if (breaker_.is_open()) {
        refusal result{reason::circuit_open, whole_seconds(usual(now))};
        return result;
    }
    bool const too_late = wait_behind(waiting, now) + usual(now) > left;
    if (waiting >= options_.queue_max || too_late) return too_many(now, waiting);
    return has_to_wait{};
}

std::optional<route_gate::turn> route_gate::next(steady_time now) {
    if (auto refused = refused_by_breaker(now)) return *refused;
    if (full()) return std::nullopt;
    return take_place(now);
}

route_gate::change route_gate::leave(ticket const& place, verdict const& because, steady_time now) {
    --running_;
    progress_ = now;
    auto const held = now - place.began;
    mean_ = mean_ ? *mean_ + (held - *mean_) / mean_gain : held;
    change result;
    switch (because.is) {
    case verdict::kind::answered:
        limit_.raise();
        result.closed = breaker_.succeeded(place.entry);
        break;
    case verdict::kind::failed:
        limit_.halve(place.limit_era);
        if (auto const time = breaker_.failed(place.entry, now, because.retry_after))
            result.opened = opening{because.why, *time};
        break;
    case verdict::kind::no_matter:
        breaker_.abandoned(place.entry);
        break;
    }
    return result;
}

route_gate::refusal route_gate::too_many(steady_time now, std::size_t waiting) const noexcept {
    return {reason::pool_exhausted, whole_seconds(wait_behind(waiting, now))};
}

route_gate::duration route_gate::usual(steady_time now) const noexcept {
    auto const standstill = running_ == 0 ? duration::zero() : now - progress_;
    return std::max(mean_.value_or(duration::zero()), standstill);
}

route_gate::duration route_gate::wait_behind(std::size_t waiting, steady_time now) const noexcept {
    auto const sends = static_cast<duration::rep>(waiting + 1);
    return usual(now) * sends / static_cast<duration::rep>(limit_.places());
}

std::optional<route_gate::refusal> route_gate::refused_by_breaker(steady_time now) const noexcept {
    auto const left = breaker_.refusal(now);
    if (!left) return std::nullopt;
    return refusal{reason::circuit_open, whole_seconds(*left)};
}

route_gate::ticket route_gate::take_place(steady_time now) noexcept {
    ++running_;
    progress_ = now;
    return {.entry = breaker_.enter(), .limit_era = limit_.era(), .began = now};
}

} // namespace otpd::bridgexapi
