#include "request_parser.hpp"

#include "text.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/beast/http/error.hpp>
#include <boost/beast/http/rfc7230.hpp>

#include <algorithm>
#include <utility>

namespace otpd::http {

namespace beast_http = boost::beast::http;

namespace {

constexpr bool is_digit(char c) noexcept {
    return c >= '0' && c <= '9';
}

/// Checks the characters of a line without its line end.
std::optional<framing_fault> verdict_on_characters(std::string_view line) noexcept {
    auto const found = std::ranges::find_if(line, is_control);
    if (found == line.end()) return std::nullopt;
    return *found == '\r' || *found == '\n' ? framing_fault::bare_line_ending
                                            : framing_fault::control_character;
}

/// The fault of a request line that Beast refused.
framing_fault fault_of_request_line(std::string_view line) {
    auto const first = line.find(' ');
    auto const last = line.rfind(' ');
    // Also HTTP/0.9, which has no version.
    if (first == last) return framing_fault::bad_request_line;
    auto const version = line.substr(last + 1);
    bool const is_version = version.size() == 8 && version.starts_with("HTTP/") &&
                            is_digit(version[5]) && version[6] == '.' && is_digit(version[7]);
    if (!is_token(line.substr(0, first)) || !is_version) return framing_fault::bad_request_line;
    return version == "HTTP/1.1" || version == "HTTP/1.0" ? framing_fault::bad_target
                                                          : framing_fault::version_unsupported;
}

std::optional<framing_fault> verdict_on_length(std::string_view value) noexcept {
    constexpr std::size_t digits_max = 7;
    if (value.empty() || !std::ranges::all_of(value, is_digit))
        return framing_fault::bad_content_length;
    if (value.size() <= digits_max) return std::nullopt;
    // A long number means a large body, unless leading zeros make it long.
    return value.front() == '0' ? framing_fault::bad_content_length : framing_fault::body_too_large;
}

/// Beast accepts any number of bare LF before the CR LF of a chunk's size line.
bool has_bare_line_feed(std::string_view text) noexcept {
    for (auto at = text.find('\n'); at != std::string_view::npos; at = text.find('\n', at + 1))
        if (at == 0 || text[at - 1] != '\r') return true;
    return false;
}

} // namespace

request_parser::request_parser(request_limits limits) : limits_(limits) {
    eager(true);
    header_limit(static_cast<std::uint32_t>(limits.header_bytes_max));
    body_limit(limits.body_bytes_max);
}

void request_parser::reset() {
    auto fields = std::move(fields_);
    fields.clear();
    *this = request_parser(limits_);
    fields_ = std::move(fields);
}

request_parser::progress request_parser::feed(std::string_view bytes) {
    bytes_ = bytes;
    auto const head = bytes.substr(0, limits_.header_bytes_max);
    auto const broken = find_lines(head);
    // Passes only whole lines to Beast, which would otherwise read a long line again for each byte.
    // The byte after them is passed too: it tells Beast that the last line is not folded.
    if (lines_end_ > start_) put(head_ended_ ? bytes : head.substr(0, lines_end_ + 1));
    if (!fault_) fault_ = broken;
    if (!fault_ && !head_ended_ && head.size() == limits_.header_bytes_max)
        fault_ = fault_at_limit();
    if (!fault_ && head_ended_ && chunked()) fault_ = verdict_on_chunks();
    if (fault_) return progress::rejected;
    return is_done() ? progress::complete : progress::need_more;
}

/// Advances `lines_end_` past the complete lines. Refuses line folding, which Beast would join, and
/// characters that an incomplete line must not contain.
request_parser::verdict request_parser::find_lines(std::string_view head) {
    while (!head_ended_) {
        bool const in_fields = lines_end_ > start_;
        auto const line = head.substr(lines_end_);
        if (in_fields && (line.starts_with(' ') || line.starts_with('\t')))
            return framing_fault::folded_field;
        auto const end = head.find("\r\n", scanned_);
        if (end == std::string_view::npos) {
            auto rest = head.substr(scanned_);
            if (rest.ends_with('\r')) rest.remove_suffix(1);
            scanned_ += rest.size();
            return verdict_on_characters(rest);
        }
        bool const is_empty = end == lines_end_;
        scanned_ = lines_end_ = end + 2;
        // Skips one empty line before the request (RFC 9112 2.2).
        if (is_empty && end == 0) start_ = consumed_ = lines_end_;
        head_ended_ = is_empty && in_fields;
    }
    return std::nullopt;
}

void request_parser::put(std::string_view bytes) {
    error_code ec;
    auto const rest = bytes.substr(consumed_);
    consumed_ += base::put(boost::asio::buffer(rest), ec);
    bool const is_waiting = ec == beast_http::error::need_more && consumed_ > start_;
    if (ec && !is_waiting && !fault_) fault_ = fault_of(ec);
}

void request_parser::judge(verdict of_callback, error_code& ec) {
    fault_ = of_callback;
    if (fault_) ec = beast_http::error::bad_value; // any error code will do
}

void request_parser::on_request_impl(beast_http::verb, text name, text target, int version,
                                     error_code& ec) {
    http_1_0_ = version == 10;
    verb_ = http::parse_method(name);
    judge(target_.take(target, verb_, limits_.target_bytes_max, bytes_), ec);
}

void request_parser::on_field_impl(field known, text name, text value, error_code& ec) {
    if (fields_.size() == limits_.fields_max) return judge(framing_fault::too_many_fields, ec);
    judge(take_field(known, name, value), ec);
    fields_.push_back({byte_span::make(name, bytes_), byte_span::make(value, bytes_)});
}

/// Fields that the server or a handler acts on must occur only once (RFC 9110 5.3). Connection,
/// which is a list, is left to Beast.
request_parser::verdict request_parser::take_field(field known, std::string_view name,
                                                   std::string_view value) {
    using enum framing_fault;
    switch (known) {
    case field::host:
        host_ = byte_span::make(value, bytes_);
        return has(name) || !is_authority(value) ? verdict(bad_host) : std::nullopt;
    case field::content_length:
        if (has("transfer-encoding")) return length_and_encoding;
        return has(name) ? bad_content_length : verdict_on_length(value);
    case field::transfer_encoding:
        if (has("content-length")) return length_and_encoding;
        if (has(name) || http_1_0_) return bad_transfer_encoding;
        if (equal_ignoring_case(value, "chunked")) return std::nullopt;
        // A well-formed unknown coding is answered 501 (RFC 9112 6.1). Without a final `chunked`,
        // or with two of them, the end of the body is ambiguous.
        if (!chunked() || !beast_http::validate_list(beast_http::opt_token_list(value)))
            return bad_transfer_encoding;
        return encoding_unsupported;
    case field::expect:
        if (has(name)) return repeated_field;
        expects_continue_ = !http_1_0_; // HTTP/1.0 does not know it (RFC 9110 10.1.1)
        return equal_ignoring_case(value, "100-continue") ? std::nullopt
                                                          : verdict(expectation_unknown);
    case field::authorization:
        credentials_bytes_ = value.size();
        break;
    case field::content_type:
        break;
    default:
        if (!equal_ignoring_case(name, "idempotency-key")) return std::nullopt;
    }
    return has(name) ? verdict(repeated_field) : std::nullopt;
}

void request_parser::on_header_impl(error_code& ec) {
    judge(verdict_on_head(), ec);
    head_complete_ = !fault_;
}

/// Applies the rules that need the whole header section.
request_parser::verdict request_parser::verdict_on_head() const {
    // HTTP/1.0 does not require Host, and balancers' health checks still use it (RFC 9112 3.2).
    if (host_.size == 0 && !http_1_0_) return framing_fault::bad_host;
    // RFC 9112 3.2.2 would let the target win. A request that names two hosts is refused instead.
    auto const authority = target_.authority(bytes_);
    if (!authority.empty() && !equal_ignoring_case(authority, host_.of(bytes_)))
        return framing_fault::bad_host;
    return std::nullopt;
}

std::size_t request_parser::on_chunk_body_impl(std::uint64_t, text part, error_code&) {
    chunks_.append(part.data(), part.size());
    return part.size();
}

request_parser::verdict request_parser::verdict_on_chunks() const {
    if (!is_done() && has_bare_line_feed(bytes_.substr(consumed_))) return framing_fault::bad_body;
    auto const end = is_done() ? consumed_ : bytes_.size();
    if (end - lines_end_ > limits_.body_bytes_max + overhead_bytes_max)
        return framing_fault::chunk_overhead;
    return std::nullopt;
}

/// Translates an error of Beast.
framing_fault request_parser::fault_of(error_code ec) {
    if (ec == beast_http::error::body_limit) return framing_fault::body_too_large;
    if (ec == beast_http::error::header_limit)
        return head_complete_ ? framing_fault::chunk_overhead : fault_at_limit();
    if (head_complete_) return framing_fault::bad_body;
    if (ec == beast_http::error::bad_line_ending) return framing_fault::bare_line_ending;
    auto const line = bytes_.substr(consumed_, bytes_.find("\r\n", consumed_) - consumed_);
    if (auto const wrong = verdict_on_characters(line)) return *wrong;
    return consumed_ == start_ ? fault_of_request_line(line) : fault_of_field(line);
}

/// Beast checks some fields before its callback. Our rules go first, because they distinguish more
/// faults.
framing_fault request_parser::fault_of_field(std::string_view line) {
    auto const name = line.substr(0, line.find(':'));
    if (name.size() == line.size() || !is_token(name)) return framing_fault::bad_field;
    auto const known = beast_http::string_to_field(name);
    return take_field(known, name, trim_ows(line.substr(name.size() + 1)))
        .value_or(framing_fault::bad_field);
}

/// Why the header section exceeds its maximum size. The credentials are to blame if theirs is the
/// line that does not fit, or if they are longer than any in use: it is then unknown whether the
/// rest would have fitted without them.
framing_fault request_parser::fault_at_limit() const {
    if (consumed_ == start_) return framing_fault::target_too_long;
    auto const line = bytes_.substr(0, limits_.header_bytes_max).substr(consumed_);
    bool const at_credentials =
        equal_ignoring_case(line.substr(0, line.find(':')), "authorization");
    return at_credentials || credentials_bytes_ > limits_.header_bytes_max / 8
               ? framing_fault::credentials_too_large
               : framing_fault::header_too_large;
}

bool request_parser::has(std::string_view name) const {
    return std::ranges::any_of(fields_, [&](field_span const& field) {
        return equal_ignoring_case(field.name.of(bytes_), name);
    });
}

std::string_view request_parser::body(std::string_view bytes) const noexcept {
    return chunked() ? chunks_ : bytes.substr(lines_end_, consumed_ - lines_end_);
}

void request_parser::copy_fields(std::string_view bytes, std::vector<field_view>& to) const {
    to.resize(fields_.size());
    for (std::size_t i = 0; i < fields_.size(); ++i)
        to[i] = {fields_[i].name.of(bytes), fields_[i].value.of(bytes)};
}

} // namespace otpd::http
