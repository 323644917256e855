#include "otpd/telemetry/tracer.hpp"

#include "otpd/telemetry/metrics.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <memory>
#include <new>
#include <utility>

namespace otpd::telemetry {

/// A list that threads only push to, and that is taken as a whole: so no node is freed while
/// another thread reads it.
struct tracer::node {
    telemetry::span value;
    node* older;
};

tracer::tracer(tracer_options options, telemetry::metrics& metrics)
    : options_(options), metrics_(metrics) {}

tracer::~tracer() {
    auto const left = take();
    dropped(left.size());
}

trace_context tracer::begin(std::optional<trace_context> const& given) const {
    auto context = given.value_or(trace_context());
    if (!options_.is_on) return context;
    if (given) {
        context.is_recorded = given->is_sampled();
    } else {
        context.trace = make_trace_id();
        if (!is_chosen(context.trace)) return {};
        context.flags = trace_context::sampled;
        context.is_recorded = true;
    }
    return child_of(context);
}

/// The id is random, so its last bytes choose.
bool tracer::is_chosen(trace_id const& id) const noexcept {
    if (options_.sample_ratio >= 1) return true;
    std::uint32_t number = 0;
    std::memcpy(&number, id.data() + id.size() - sizeof number, sizeof number);
    return number < std::ldexp(options_.sample_ratio, 32);
}

void tracer::record(span finished) noexcept {
    if (waiting_.fetch_add(1) >= options_.queue_max) return dropped(1);
    auto* const fresh = new (std::nothrow) node{std::move(finished), newest_.load()};
    if (fresh == nullptr) return dropped(1);
    while (!newest_.compare_exchange_weak(fresh->older, fresh)) {
    }
}

std::vector<span> tracer::take() {
    auto* next = newest_.exchange(nullptr);
    std::size_t count = 0;
    for (auto const* it = next; it != nullptr; it = it->older)
        ++count;
    std::vector<span> spans;
    bool has_room = true;
    try {
        spans.reserve(count);
    } catch (std::bad_alloc const&) {
        has_room = false;
    }
    while (next != nullptr) {
        std::unique_ptr<node> const taken(next);
        if (has_room) spans.push_back(std::move(taken->value));
        next = taken->older;
    }
    if (!has_room) dropped(count);
    std::ranges::reverse(spans);
    return spans;
}

void tracer::exported(std::size_t count) noexcept {
    waiting_ -= count;
    metrics_.spans_exported(count);
}

void tracer::dropped(std::size_t count) noexcept {
    waiting_ -= count;
    metrics_.spans_dropped(count);
}

} // namespace otpd::telemetry
