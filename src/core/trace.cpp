#include "otpd/core/trace.hpp"

#include "otpd/core/encoding.hpp"
#include "otpd/core/random.hpp"

#include <algorithm>

namespace otpd {

namespace {

constexpr std::size_t trace_at = 3;
constexpr std::size_t span_at = 36;
constexpr std::size_t flags_at = 53;
constexpr std::size_t whole_size = 55;

bool has_capitals(std::string_view text) noexcept {
    return std::ranges::any_of(text, [](char c) { return c >= 'A' && c <= 'F'; });
}

template <class Id>
Id make_id() {
    Id id{};
    // All zeros mean that there is none.
    while (id == Id())
        openssl_random().fill(id);
    return id;
}

} // namespace

std::optional<trace_context> parse_traceparent(std::string_view text) noexcept {
    if (text.size() < whole_size) return std::nullopt;
    auto const fields = text.substr(0, whole_size);
    std::array<std::byte, 1> version{};
    std::array<std::byte, 1> flags{};
    trace_context context;
    bool const is_read = fields[trace_at - 1] == '-' && fields[span_at - 1] == '-' &&
                         fields[flags_at - 1] == '-' && !has_capitals(fields) &&
                         from_hex(fields.substr(0, 2), version) &&
                         from_hex(fields.substr(trace_at, 32), context.trace) &&
                         from_hex(fields.substr(span_at, 16), context.span) &&
                         from_hex(fields.substr(flags_at, 2), flags);
    if (!is_read || !context.exists() || context.span == span_id()) return std::nullopt;
    constexpr std::byte invalid{0xff};
    if (version[0] == invalid) return std::nullopt;
    bool const has_more = text.size() > whole_size;
    if (has_more && (version[0] == std::byte{} || text[whole_size] != '-')) return std::nullopt;
    context.flags = std::to_integer<std::uint8_t>(flags[0]) & trace_context::sampled;
    return context;
}

std::string to_traceparent(trace_context const& context) {
    std::string text;
    text.reserve(whole_size);
    text += "00-";
    text += to_hex(context.trace);
    text += '-';
    text += to_hex(context.span);
    text += context.is_sampled() ? "-01" : "-00";
    return text;
}

bool is_tracestate(std::string_view text) noexcept {
    constexpr std::size_t size_max = 512;
    return !text.empty() && text.size() <= size_max &&
           std::ranges::all_of(text, [](char c) { return c >= ' ' && c <= '~'; });
}

trace_id make_trace_id() {
    return make_id<trace_id>();
}

span_id make_span_id() {
    return make_id<span_id>();
}

trace_context child_of(trace_context const& parent) {
    auto child = parent;
    if (parent.is_recorded) child.span = make_span_id();
    return child;
}

} // namespace otpd
