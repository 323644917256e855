#include "otpd/telemetry/otlp.hpp"

#include "otpd/core/encoding.hpp"
#include "otpd/core/json_text.hpp"

namespace otpd::telemetry {

namespace {

/// JSON has no 64-bit integers, so OTLP writes them as strings.
void append_number(std::string& out, std::int64_t value) {
    out += '"';
    out += std::to_string(value);
    out += '"';
}

void append_attribute(std::string& out, std::string_view key,
                      std::variant<std::string, std::int64_t> const& value) {
    if (out.back() != '[') out += ',';
    out += "{\"key\":";
    append_json_string(out, key);
    if (auto const* const text = std::get_if<std::string>(&value)) {
        out += ",\"value\":{\"stringValue\":";
        append_json_string(out, *text);
    } else {
        out += ",\"value\":{\"intValue\":";
        append_number(out, std::get<std::int64_t>(value));
    }
    out += "}}";
}

void append_id(std::string& out, std::string_view key, std::span<std::byte const> id) {
    out += key;
    out += to_hex(id);
    out += '"';
}

void append_span(std::string& out, span const& span, std::chrono::nanoseconds unix_offset) {
    auto const unix_time = [&](std::chrono::steady_clock::time_point at) {
        return (std::chrono::nanoseconds(at.time_since_epoch()) + unix_offset).count();
    };
    if (out.back() != '[') out += ',';
    append_id(out, "{\"traceId\":\"", span.context.trace);
    append_id(out, ",\"spanId\":\"", span.context.span);
    if (span.parent != span_id()) append_id(out, ",\"parentSpanId\":\"", span.parent);
    out += ",\"name\":";
    append_json_string(out, span.name);
    out += ",\"kind\":";
    out += std::to_string(static_cast<int>(span.kind));
    out += ",\"startTimeUnixNano\":";
    append_number(out, unix_time(span.began));
    out += ",\"endTimeUnixNano\":";
    append_number(out, unix_time(span.ended));
    out += ",\"attributes\":[";
    for (auto const& attribute : span.attributes)
        append_attribute(out, attribute.key, attribute.value);
    if (!span.error.empty()) append_attribute(out, "error.type", span.error);
    out += span.error.empty() ? "]}" : "],\"status\":{\"code\":2}}";
}

} // namespace

std::string to_otlp(std::span<telemetry::span const> spans, span_source const& source,
                    std::chrono::nanoseconds unix_offset) {
    std::string out = "{\"resourceSpans\":[{\"resource\":{\"attributes\":[";
    append_attribute(out, "service.name", source.service_name);
    append_attribute(out, "service.version", source.version);
    out += "]},\"scopeSpans\":[{\"scope\":{\"name\":\"otpd\",\"version\":";
    append_json_string(out, source.version);
    out += "},\"spans\":[";
    for (auto const& span : spans)
        append_span(out, span, unix_offset);
    out += "]}]}]}";
    return out;
}

} // namespace otpd::telemetry
