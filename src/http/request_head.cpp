#include "request_head.hpp"

#include "text.hpp"

#include <algorithm>
#include <array>
#include <charconv>

namespace otpd::http {

/// Fields that decide something here or in a handler. They may occur once (RFC 9110 5.3) but for
/// Connection, which is a list.
enum class known_field : std::uint8_t {
    connection, ///< may be repeated
    host,
    content_length,
    transfer_encoding,
    expect,
    content_type,
    authorization,
    idempotency_key,
    none
};

namespace {

/// No two of the names are of one length.
known_field which(std::string_view name) noexcept {
    auto const is = [name](std::string_view known) { return equal_ignoring_case(name, known); };
    switch (name.size()) {
    case 4:
        return is("host") ? known_field::host : known_field::none;
    case 6:
        return is("expect") ? known_field::expect : known_field::none;
    case 10:
        return is("connection") ? known_field::connection : known_field::none;
    case 12:
        return is("content-type") ? known_field::content_type : known_field::none;
    case 13:
        return is("authorization") ? known_field::authorization : known_field::none;
    case 14:
        return is("content-length") ? known_field::content_length : known_field::none;
    case 15:
        return is("idempotency-key") ? known_field::idempotency_key : known_field::none;
    case 17:
        return is("transfer-encoding") ? known_field::transfer_encoding : known_field::none;
    default:
        return known_field::none;
    }
}

constexpr std::uint32_t bit(known_field f) noexcept {
    return std::uint32_t{1} << static_cast<unsigned>(f);
}

framing_fault fault_of_repeating(known_field f) noexcept {
    switch (f) {
    case known_field::host:
        return framing_fault::bad_host;
    case known_field::content_length:
        return framing_fault::bad_content_length;
    case known_field::transfer_encoding:
        return framing_fault::bad_transfer_encoding;
    default:
        return framing_fault::repeated_field;
    }
}

constexpr character_class
    authority_characters("-._:[]0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ");

/// host [ ":" port ] without user information (RFC 9112 3.2); lenient about what a name is.
bool is_authority(std::string_view text) noexcept {
    return !text.empty() && authority_characters.holds_all_of(text);
}

/// Only allowed characters, every escape complete, and none that hides a NUL.
bool is_clean_target(std::string_view target) noexcept {
    for (std::size_t i = 0; i < target.size(); ++i) {
        if (!target_characters.holds(target[i])) return false;
        if (target[i] != '%') continue;
        if (target.size() - i < 3) return false;
        int const high = hex_value(target[i + 1]);
        int const low = hex_value(target[i + 2]);
        if (high < 0 || low < 0 || (high == 0 && low == 0)) return false;
    }
    return true;
}

/// The size of `http://` or `https://` at the beginning of `target`, else 0.
std::size_t scheme_size(std::string_view target) noexcept {
    for (std::string_view scheme : {"http://", "https://"})
        if (equal_ignoring_case(target.substr(0, scheme.size()), scheme)) return scheme.size();
    return 0;
}

} // namespace

void request_head::reset() noexcept {
    auto fields = std::move(fields_);
    fields.clear();
    *this = request_head(limits_);
    fields_ = std::move(fields);
}

bool request_head::reject(framing_fault fault) noexcept {
    fault_ = fault;
    return false;
}

request_head::span request_head::span_of(std::string_view bytes, std::string_view part) noexcept {
    return {static_cast<std::uint32_t>(part.data() - bytes.data()),
            static_cast<std::uint32_t>(part.size())};
}

request_head::progress request_head::feed(std::string_view bytes) {
    auto const in_limit = bytes.substr(0, limits_.bytes_max);
    while (!done_) {
        switch (find_line_end(in_limit)) {
        case line_state::rejected:
            return progress::rejected;
        case line_state::incomplete:
            if (bytes.size() < limits_.bytes_max) return progress::need_more;
            reject(fault_at_limit(in_limit));
            return progress::rejected;
        case line_state::complete:
            auto const line = in_limit.substr(line_start_, scanned_ - 2 - line_start_);
            if (!take_line(in_limit, line)) return progress::rejected;
            line_start_ = scanned_;
        }
    }
    return progress::complete;
}

/// Why `bytes`, which are as many as there may be, do not hold the whole section. It is for the
/// credentials when they are the line that does not fit, and when they are longer than any in use:
/// nobody can tell then whether the rest would have fitted without them.
framing_fault request_head::fault_at_limit(std::string_view bytes) const noexcept {
    if (!have_request_line_) return framing_fault::target_too_long;
    auto const line = bytes.substr(line_start_);
    bool const at_credentials = which(line.substr(0, line.find(':'))) == known_field::authorization;
    return at_credentials || credentials_bytes_ > limits_.bytes_max / 8
               ? framing_fault::credentials_too_large
               : framing_fault::header_too_large;
}

/// Moves `scanned_` past the next CR LF.
request_head::line_state request_head::find_line_end(std::string_view bytes) {
    auto const from = bytes.begin() + static_cast<std::ptrdiff_t>(scanned_);
    auto const found = std::find_if(from, bytes.end(), is_control);
    scanned_ = static_cast<std::size_t>(found - bytes.begin());
    if (found == bytes.end()) return line_state::incomplete;
    if (*found == '\r') {
        if (scanned_ + 1 == bytes.size()) return line_state::incomplete;
        if (bytes[scanned_ + 1] == '\n') {
            scanned_ += 2;
            return line_state::complete;
        }
    }
    bool const is_line_ending = *found == '\r' || *found == '\n';
    reject(is_line_ending ? framing_fault::bare_line_ending : framing_fault::control_character);
    return line_state::rejected;
}

bool request_head::take_line(std::string_view bytes, std::string_view line) {
    if (!have_request_line_) {
        if (line.empty() && line_start_ == 0) {
            start_ = scanned_;
            return true;
        }
        have_request_line_ = true;
        return take_request_line(bytes, line);
    }
    return line.empty() ? finish(bytes) : take_field(bytes, line);
}

bool request_head::take_request_line(std::string_view bytes, std::string_view line) {
    auto const first = line.find(' ');
    auto const last = line.rfind(' ');
    if (first == last) return reject(framing_fault::bad_request_line); // also HTTP/0.9: no version
    auto const name = line.substr(0, first);
    auto const target = line.substr(first + 1, last - first - 1);
    if (!is_token(name)) return reject(framing_fault::bad_request_line);
    if (!take_version(line.substr(last + 1))) return false;
    verb_ = parse_method(name);
    return take_target(bytes, target);
}

bool request_head::take_version(std::string_view version) {
    constexpr std::string_view prefix = "HTTP/";
    auto const is_digit = [](char c) { return c >= '0' && c <= '9'; };
    if (version.size() != 8 || !version.starts_with(prefix) || !is_digit(version[5]) ||
        version[6] != '.' || !is_digit(version[7]))
        return reject(framing_fault::bad_request_line);
    http_1_0_ = version == "HTTP/1.0";
    if (!http_1_0_ && version != "HTTP/1.1") return reject(framing_fault::version_unsupported);
    return true;
}

bool request_head::take_target(std::string_view bytes, std::string_view target) {
    if (target.size() > limits_.target_bytes_max) return reject(framing_fault::target_too_long);
    target_ = span_of(bytes, target);
    if (target == "*" && verb_ == method::options) {
        path_ = target_;
        return true;
    }
    if (target.empty() || !is_clean_target(target)) return reject(framing_fault::bad_target);
    auto rest = target;
    if (auto const scheme = scheme_size(target); scheme != 0) {
        absolute_form_ = true;
        rest.remove_prefix(scheme);
        auto const authority = rest.substr(0, rest.find_first_of("/?"));
        authority_ = span_of(bytes, authority);
        rest.remove_prefix(authority.size());
    } else if (!target.starts_with('/')) {
        return reject(framing_fault::bad_target);
    }
    auto const path = rest.substr(0, rest.find('?'));
    path_ = span_of(bytes, path);
    if (path.size() != rest.size()) query_ = span_of(bytes, rest.substr(path.size() + 1));
    return true;
}

bool request_head::take_field(std::string_view bytes, std::string_view line) {
    if (line.front() == ' ' || line.front() == '\t') return reject(framing_fault::folded_field);
    if (fields_.size() == limits_.fields_max) return reject(framing_fault::too_many_fields);
    auto const colon = line.find(':');
    if (colon == std::string_view::npos) return reject(framing_fault::bad_field);
    auto const name = line.substr(0, colon);
    // Also refuses white space before the colon, which some proxies drop and some keep (RFC
    // 9112 5.1).
    if (!is_token(name)) return reject(framing_fault::bad_field);
    auto const value = trim_ows(line.substr(colon + 1));
    fields_.push_back({span_of(bytes, name), span_of(bytes, value)});
    return take_known_field(which(name), value);
}

bool request_head::take_known_field(known_field known, std::string_view value) {
    if (known == known_field::none) return true;
    if (known == known_field::connection) {
        take_connection(value);
        return true;
    }
    if ((seen_ & bit(known)) != 0) return reject(fault_of_repeating(known));
    seen_ |= bit(known);
    switch (known) {
    case known_field::host:
        host_ = fields_.back().value;
        return is_authority(value) || reject(framing_fault::bad_host);
    case known_field::content_length:
        return take_content_length(value);
    case known_field::transfer_encoding:
        return take_transfer_encoding(value);
    case known_field::expect:
        expects_continue_ = equal_ignoring_case(value, "100-continue");
        return expects_continue_ || reject(framing_fault::expectation_unknown);
    case known_field::authorization:
        credentials_bytes_ = value.size();
        return true;
    default:
        return true;
    }
}

bool request_head::take_content_length(std::string_view value) {
    auto const is_digit = [](char c) { return c >= '0' && c <= '9'; };
    if (value.empty() || !std::ranges::all_of(value, is_digit))
        return reject(framing_fault::bad_content_length);
    constexpr std::size_t digits_max = 7;
    if (value.size() > digits_max)
        // A long number is a large body; one made long by zeros is a disguise.
        return reject(value.front() == '0' ? framing_fault::bad_content_length
                                           : framing_fault::body_too_large);
    std::from_chars(value.data(), value.data() + value.size(), content_length_);
    return content_length_ <= limits_.body_bytes_max || reject(framing_fault::body_too_large);
}

bool request_head::take_transfer_encoding(std::string_view value) {
    if (equal_ignoring_case(value, "chunked")) return true;
    // Well-formed with a coding we lack is 501 (RFC 9112 6.1); without a final chunked, or with
    // two, nobody can tell where the body ends.
    std::string_view last;
    std::size_t chunked = 0;
    for_each_element(value, [&](std::string_view coding) {
        last = coding;
        if (equal_ignoring_case(coding, "chunked")) ++chunked;
    });
    unsupported_encoding_ = chunked == 1 && equal_ignoring_case(last, "chunked");
    return unsupported_encoding_ || reject(framing_fault::bad_transfer_encoding);
}

void request_head::take_connection(std::string_view value) {
    for_each_element(value, [this](std::string_view option) {
        if (equal_ignoring_case(option, "close")) wants_close_ = true;
        if (equal_ignoring_case(option, "keep-alive")) wants_keep_alive_ = true;
    });
}

/// The rules that need the whole header section.
bool request_head::finish(std::string_view bytes) {
    bool const has_host = (seen_ & bit(known_field::host)) != 0;
    bool const has_length = (seen_ & bit(known_field::content_length)) != 0;
    bool const has_encoding = (seen_ & bit(known_field::transfer_encoding)) != 0;
    // HTTP/1.0 has no such rule, and health checks of balancers still speak it (RFC 9112 3.2).
    if (!has_host && !http_1_0_) return reject(framing_fault::bad_host);
    // RFC 9112 3.2.2 would let the target win; a request that names two hosts is refused instead.
    if (absolute_form_ && !equal_ignoring_case(authority_.of(bytes), host_.of(bytes)))
        return reject(framing_fault::bad_host);
    if (has_encoding && has_length) return reject(framing_fault::length_and_encoding);
    if (has_encoding && http_1_0_) return reject(framing_fault::bad_transfer_encoding);
    if (unsupported_encoding_) return reject(framing_fault::encoding_unsupported);
    // HTTP/1.0 does not know the expectation (RFC 9110 10.1.1).
    expects_continue_ = expects_continue_ && !http_1_0_;
    chunked_ = has_encoding;
    done_ = true;
    return true;
}

std::string_view request_head::target(std::string_view bytes) const noexcept {
    return target_.of(bytes);
}

std::string_view request_head::path(std::string_view bytes) const noexcept {
    return path_.size == 0 ? std::string_view("/") : path_.of(bytes);
}

std::string_view request_head::query(std::string_view bytes) const noexcept {
    return query_.of(bytes);
}

void request_head::copy_fields(std::string_view bytes, std::vector<field_view>& to) const {
    to.resize(fields_.size());
    for (std::size_t i = 0; i < fields_.size(); ++i)
        to[i] = {fields_[i].name.of(bytes), fields_[i].value.of(bytes)};
}

} // namespace otpd::http
