#pragma once

/// The context of a distributed trace (W3C Trace Context, level 1).

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace otpd {

using trace_id = std::array<std::byte, 16>;
using span_id = std::array<std::byte, 8>;

/// The trace of a request, and its current span. All zeros: there is no trace.
struct trace_context {
    static constexpr std::uint8_t sampled = 1;

    otpd::trace_id trace{};
    span_id span{};
    std::uint8_t flags = 0;
    /// This service records spans of the trace. Otherwise it only passes the context on.
    bool is_recorded = false;

    [[nodiscard]] bool exists() const noexcept { return trace != otpd::trace_id(); }
    [[nodiscard]] bool is_sampled() const noexcept { return (flags & sampled) != 0; }

    friend bool operator==(trace_context const&, trace_context const&) = default;
};

/// Reads the value of a header `traceparent`. Of a version above 00 it reads the fields of version
/// 00; flags that level 1 does not define are dropped.
[[nodiscard]] std::optional<trace_context> parse_traceparent(std::string_view text) noexcept;
/// The value of the header for a trace that exists.
[[nodiscard]] std::string to_traceparent(trace_context const& context);
/// Whether the value of a header `tracestate` is passed on: up to 512 printable characters.
[[nodiscard]] bool is_tracestate(std::string_view text) noexcept;

[[nodiscard]] trace_id make_trace_id();
[[nodiscard]] span_id make_span_id();
/// The context of a new span below that of `parent`. Without a recorded trace it is `parent`.
[[nodiscard]] trace_context child_of(trace_context const& parent);

} // namespace otpd
