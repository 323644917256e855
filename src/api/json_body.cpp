#include "json_body.hpp"

#include "otpd/core/encoding.hpp"

#include <boost/json/basic_parser_impl.hpp>
#include <boost/json/string.hpp>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>
#include <system_error>

namespace otpd::api {

namespace json = boost::json;
using boost::system::error_code;

namespace {

constexpr std::size_t max_depth = 8;
constexpr std::size_t max_members = 32;

enum class shape { object, not_an_object, duplicate_name, too_many_members };

/// The parser's handler (json::basic_parser). It keeps the members of the outermost object and of
/// objects of strings in it, and ignores everything else.
class flat_object_handler {
public:
    static constexpr std::size_t max_object_size = std::numeric_limits<std::size_t>::max();
    static constexpr std::size_t max_array_size = std::numeric_limits<std::size_t>::max();
    static constexpr std::size_t max_key_size = std::numeric_limits<std::size_t>::max();
    static constexpr std::size_t max_string_size = std::numeric_limits<std::size_t>::max();

    flat_object_handler() { members.reserve(4); }

    std::vector<json_body::member> members;
    shape seen = shape::object;

    bool on_document_begin(error_code&) { return true; }
    bool on_document_end(error_code&) { return true; }
    bool on_object_begin(error_code&) {
        if (depth_ == 1) note_value(json_body::member::kind::texts);
        if (depth_ == 2) note_value(json_body::member::kind::other);
        ++depth_;
        return true;
    }
    bool on_object_end(std::size_t, error_code&) { return leave(); }
    bool on_array_begin(error_code&) {
        if (depth_ == 0) seen = shape::not_an_object;
        if (depth_ == 1 || depth_ == 2) note_value(json_body::member::kind::other);
        ++depth_;
        return true;
    }
    bool on_array_end(std::size_t, error_code&) { return leave(); }

    bool on_key_part(json::string_view part, std::size_t, error_code&) {
        if (is_kept()) key_.append(part.data(), part.size());
        return true;
    }
    bool on_key(json::string_view part, std::size_t size, error_code& ec) {
        on_key_part(part, size, ec);
        if (depth_ == 1)
            begin_member();
        else if (is_in_texts())
            begin_text();
        return true;
    }
    bool on_string_part(json::string_view part, std::size_t, error_code&) {
        if (is_kept()) text_.append(part.data(), part.size());
        return true;
    }
    bool on_string(json::string_view part, std::size_t size, error_code& ec) {
        on_string_part(part, size, ec);
        if (depth_ == 1 && !members.empty()) members.back().text = std::move(text_);
        if (is_in_texts()) members.back().texts.back().second = std::move(text_);
        text_.clear();
        return scalar(json_body::member::kind::string);
    }
    bool on_number_part(json::string_view part, error_code&) {
        if (depth_ == 1) text_.append(part.data(), part.size());
        return true;
    }
    bool on_int64(std::int64_t value, json::string_view last, error_code& ec) {
        if (depth_ == 1 && !members.empty()) members.back().number = value;
        return number(json_body::member::kind::integer, last, ec);
    }
    bool on_uint64(std::uint64_t, json::string_view last, error_code& ec) {
        // above the largest int64: outside all bounds that requests use
        if (depth_ == 1 && !members.empty())
            members.back().number = std::numeric_limits<std::int64_t>::max();
        return number(json_body::member::kind::integer, last, ec);
    }
    bool on_double(double, json::string_view last, error_code& ec) {
        return number(json_body::member::kind::decimal, last, ec);
    }
    bool on_bool(bool, error_code&) { return scalar(json_body::member::kind::other); }
    bool on_null(error_code&) { return scalar(json_body::member::kind::null); }
    bool on_comment_part(json::string_view, error_code&) { return true; }
    bool on_comment(json::string_view, error_code&) { return true; }

private:
    void begin_member() {
        if (std::ranges::find(members, key_, &json_body::member::name) != members.end())
            seen = shape::duplicate_name;
        if (members.size() == max_members)
            seen = shape::too_many_members;
        else
            members.emplace_back().name = std::move(key_);
        key_.clear();
    }
    /// Two parsers might use different values of one name.
    void begin_text() {
        auto& texts = members.back().texts;
        bool const is_new =
            std::ranges::find(texts, key_, &json_body::named_text::first) == texts.end();
        if (is_new && texts.size() < json_body::max_texts)
            texts.emplace_back(std::move(key_), std::string());
        else
            note_value(json_body::member::kind::other);
        key_.clear();
    }
    [[nodiscard]] bool is_in_texts() const noexcept {
        return depth_ == 2 && !members.empty() &&
               members.back().type == json_body::member::kind::texts;
    }
    [[nodiscard]] bool is_kept() const noexcept { return depth_ == 1 || is_in_texts(); }
    void note_value(json_body::member::kind type) {
        if (!members.empty()) members.back().type = type;
    }
    bool number(json_body::member::kind type, json::string_view last, error_code& ec) {
        on_number_part(last, ec);
        if (depth_ == 1 && !members.empty()) members.back().text = std::move(text_);
        text_.clear();
        return scalar(type);
    }
    bool scalar(json_body::member::kind type) {
        if (depth_ == 0) seen = shape::not_an_object;
        if (depth_ == 1) note_value(type);
        if (is_in_texts() && type != json_body::member::kind::string)
            note_value(json_body::member::kind::other);
        return true;
    }
    bool leave() {
        --depth_;
        return true;
    }

    std::size_t depth_ = 0;
    std::string key_;
    std::string text_;
};

/// Of a text like 3, " 3 ", 3.00 or 3E0.
std::optional<std::int64_t> integer_in(std::string_view text) {
    constexpr double most = 1e15; // up to which a double is exact
    text = trim_ascii(text);
    double number = 0;
    auto const* const end = text.data() + text.size();
    auto const [stop, fault] = std::from_chars(text.data(), end, number);
    bool const is_whole = fault == std::errc() && stop == end && std::abs(number) <= most &&
                          number == std::trunc(number);
    if (!is_whole) return std::nullopt;
    return static_cast<std::int64_t>(number);
}

} // namespace

json_body::json_body(std::string_view text, bool loose_integers) : loose_integers_(loose_integers) {
    if (text.empty()) {
        reject_body("Field required", "missing");
        return;
    }
    json::parse_options options;
    options.max_depth = max_depth;
    json::basic_parser<flat_object_handler> parser(options);
    error_code fault;
    std::size_t const read = parser.write_some(false, text.data(), text.size(), fault);
    if (!fault && !parser.done()) fault = json::error::incomplete;
    if (!fault && read < text.size()) fault = json::error::extra_data;
    if (fault) {
        reject_body("JSON decode error", "json_invalid", read);
        return;
    }
    switch (parser.handler().seen) {
    case shape::object:
        members_ = std::move(parser.handler().members);
        break;
    case shape::not_an_object:
        reject_body("Input should be a valid dictionary or object to extract fields from",
                    "model_attributes_type");
        break;
    case shape::duplicate_name:
        reject_body("A name occurs twice", "json_invalid");
        break;
    case shape::too_many_members:
        reject_body("Too many members", "json_invalid");
        break;
    }
}

std::optional<std::string_view> json_body::required_string(std::string_view name) {
    auto const* found = find(name);
    if (readable_ && found == nullptr) reject(name, "Field required", "missing");
    if (found != nullptr && found->type == member::kind::null)
        reject(name, "Input should be a valid string", "string_type");
    return optional_string(name);
}

std::optional<std::string_view> json_body::optional_string(std::string_view name) {
    auto const* found = find_value(name);
    if (found == nullptr) return std::nullopt;
    if (found->type == member::kind::string) return found->text;
    reject(name, "Input should be a valid string", "string_type");
    return std::nullopt;
}

std::optional<int> json_body::required_integer(std::string_view name, int least, int most) {
    if (readable_ && find_value(name) == nullptr) reject(name, "Field required", "missing");
    return optional_integer(name, least, most);
}

std::optional<int> json_body::optional_integer(std::string_view name, int least, int most) {
    auto const* found = find_value(name);
    if (found == nullptr) return std::nullopt;
    bool const may_hold_one = loose_integers_ && (found->type == member::kind::string ||
                                                  found->type == member::kind::decimal);
    std::optional<std::int64_t> number;
    if (found->type == member::kind::integer)
        number = found->number;
    else if (may_hold_one)
        number = integer_in(found->text);
    if (!number)
        reject(name, "Input should be a valid integer", "int_type");
    else if (*number < least)
        reject(name, "Input should be greater than or equal to " + std::to_string(least),
               "greater_than_equal");
    else if (*number > most)
        reject(name, "Input should be less than or equal to " + std::to_string(most),
               "less_than_equal");
    else
        return static_cast<int>(*number);
    return std::nullopt;
}

std::optional<json_body::literal> json_body::optional_decimal(std::string_view name) {
    using enum member::kind;
    auto const* found = find_value(name);
    if (found == nullptr) return std::nullopt;
    if (found->type == string || found->type == integer || found->type == decimal)
        return literal{found->text, found->type == string};
    reject(name, "Input should be a valid decimal", "decimal_type");
    return std::nullopt;
}

std::optional<std::vector<json_body::named_text>> json_body::optional_texts(std::string_view name) {
    auto const* found = find_value(name);
    if (found == nullptr) return std::nullopt;
    if (found->type == member::kind::texts) return found->texts;
    reject(name,
           "Input should be an object of up to " + std::to_string(max_texts) +
               " strings with different names",
           "dict_type");
    return std::nullopt;
}

void json_body::reject(std::string_view name, std::string_view msg, std::string_view type) {
    faults_.add(json::array{"body", json::string(name)}, msg, type);
}

void json_body::reject_body(std::string_view msg, std::string_view type,
                            std::optional<std::size_t> position) {
    readable_ = false;
    json::array location{"body"};
    if (position) location.emplace_back(*position);
    faults_.add(std::move(location), msg, type);
}

json_body::member const* json_body::find(std::string_view name) const noexcept {
    auto const found = std::ranges::find(members_, name, &member::name);
    return found == members_.end() ? nullptr : &*found;
}

json_body::member const* json_body::find_value(std::string_view name) const noexcept {
    auto const* found = find(name);
    return found != nullptr && found->type == member::kind::null ? nullptr : found;
}

http::problem json_body::problem() const {
    return faults_.problem("The request body is not valid.");
}

namespace {

/// `identity` means no coding (RFC 9110 12.5.3).
bool has_content_coding(http::request const& request) {
    return std::ranges::any_of(request.fields(), [](http::field_view const& field) {
        return equal_ignoring_case(field.name, "Content-Encoding") &&
               !equal_ignoring_case(field.value, "identity");
    });
}

} // namespace

std::optional<http::problem> wrong_content_type(http::request const& request) {
    auto const field = request.header("Content-Type").value_or("");
    auto const type = trim_ascii(field.substr(0, field.find(';')));
    bool const is_coded = has_content_coding(request);
    if (!is_coded && equal_ignoring_case(type, "application/json")) return std::nullopt;
    http::problem problem;
    problem.status = 415;
    problem.code = "unsupported_media_type";
    problem.detail = "Send the body as application/json.";
    if (is_coded) {
        problem.detail = "Send the body without a Content-Encoding.";
        problem.headers.push_back({"Accept-Encoding", "identity"});
    }
    return problem;
}

} // namespace otpd::api
