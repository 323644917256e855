#pragma once

/// Collects the spans of recorded traces until the exporter takes them.
///
/// Thread-safe. Recording never waits: above the limit a span is dropped and counted.

#include "otpd/core/trace.hpp"

#include <atomic>
#include <chrono>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <new>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace otpd::telemetry {

class metrics;

/// The values are those of OTLP.
enum class span_kind : std::uint8_t { internal = 1, server = 2, client = 3 };

/// `key` is a literal.
struct span_attribute {
    std::string_view key;
    std::variant<std::string, std::int64_t> value;
};

/// It never holds a number, a code, a token or a body.
struct span {
    trace_context context; ///< with the span's own id
    span_id parent{};      ///< zeros: the first span of the trace
    span_kind kind = span_kind::internal;
    std::string name;
    std::chrono::steady_clock::time_point began;
    std::chrono::steady_clock::time_point ended;
    std::vector<span_attribute> attributes;
    std::string error = {}; ///< a word for why it failed; empty: it did not
};

struct tracer_options {
    bool is_on = false;
    double sample_ratio = 1; ///< of the requests without a trace of their client
    std::size_t queue_max = 4096;

    /// Settings keys of [tracing].
    template <class Keys>
    static void declare(Keys keys) {
        using o = tracer_options;
        keys.number("sample_ratio", &o::sample_ratio, 0, 1,
                    "Share of the requests without a traceparent that are traced. With one, the "
                    "client decides.");
        keys.whole("queue_max", &o::queue_max, 64, 1'000'000,
                   "Most spans that may wait for the collector; above that, new ones are dropped.",
                   "spans");
    }
};

class tracer {
public:
    /// `metrics` must outlive it.
    tracer(tracer_options options, telemetry::metrics& metrics);
    ~tracer();
    tracer(tracer const&) = delete;
    tracer& operator=(tracer const&) = delete;

    /// The context of a request. A trace of its client (`given`) is recorded if the client samples
    /// it. Otherwise a new one begins, for a share of the requests.
    [[nodiscard]] trace_context begin(std::optional<trace_context> const& given) const;
    /// Of a recorded trace.
    void record(span finished) noexcept;
    /// Records the span that `make` returns. Without memory for it the span is dropped: what it
    /// is about has happened, and must not fail for it.
    template <std::invocable Make>
    void record(Make make) noexcept {
        try {
            record(make());
        } catch (std::bad_alloc const&) {
            ++waiting_;
            dropped(1);
        }
    }

    /// Spans that were recorded and are neither exported nor dropped.
    [[nodiscard]] std::size_t waiting() const noexcept { return waiting_; }
    /// Returns what was recorded since the last call, in that order. Each span counts as waiting
    /// until it is exported or dropped.
    [[nodiscard]] std::vector<span> take();
    void exported(std::size_t count) noexcept;
    void dropped(std::size_t count) noexcept;

private:
    struct node;

    [[nodiscard]] bool is_chosen(trace_id const& id) const noexcept;

    tracer_options const options_;
    telemetry::metrics& metrics_;
    std::atomic<std::size_t> waiting_{0};
    std::atomic<node*> newest_{nullptr};
};

} // namespace otpd::telemetry
