#include "json_writer.hpp"

#include "otpd/core/decimal.hpp"
#include "otpd/core/json_text.hpp"
#include "otpd/core/utc.hpp"

#include <array>
#include <charconv>
#include <cmath>

namespace otpd::api {

std::string json_string(std::string_view text) {
    std::string quoted;
    append_json_string(quoted, text);
    return quoted;
}

json_writer& json_writer::add(std::string_view key, std::string_view value) {
    begin_member(key);
    append_json_string(out_, value);
    return *this;
}

json_writer& json_writer::add(std::string_view key, money value) {
    return raw(key, to_decimal(value));
}

json_writer& json_writer::add(std::string_view key, double value) {
    if (!std::isfinite(value)) return add_null(key);
    std::array<char, 32> text{};
    auto const end = std::to_chars(text.data(), text.data() + text.size(), value).ptr;
    return raw(key, std::string_view(text.data(), static_cast<std::size_t>(end - text.data())));
}

json_writer& json_writer::add(std::string_view key, wall_time value) {
    return raw(key, '"' + to_timestamp(value) + '"');
}

json_writer& json_writer::add_array(std::string_view key, std::vector<std::string> const& values) {
    std::string text = "[";
    for (auto const& value : values)
        text.append(text.size() == 1 ? "" : ",").append(value);
    return raw(key, text + ']');
}

std::string json_writer::finish() {
    if (out_.empty()) out_ += '{';
    out_ += '}';
    return std::move(out_);
}

json_writer& json_writer::raw(std::string_view key, std::string_view value) {
    begin_member(key);
    out_ += value;
    return *this;
}

void json_writer::begin_member(std::string_view key) {
    out_ += out_.empty() ? '{' : ',';
    append_json_string(out_, key);
    out_ += ':';
}

} // namespace otpd::api
