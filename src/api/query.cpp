#include "query.hpp"

#include "otpd/core/encoding.hpp"

#include <boost/json/string.hpp>
#include <boost/url/encoding_opts.hpp>
#include <boost/url/parse_query.hpp>

#include <algorithm>
#include <charconv>
#include <utility>

namespace otpd::api {

namespace json = boost::json;
namespace urls = boost::urls;

namespace {

constexpr std::size_t longest_name = 32;

/// Returns whether a fault may repeat the name. Other text could be anything, such as a phone
/// number.
bool looks_like_a_name(std::string_view text) noexcept {
    return !text.empty() && text.size() <= longest_name &&
           std::ranges::all_of(text, [](char c) { return (c >= 'a' && c <= 'z') || c == '_'; });
}

} // namespace

query::query(std::string_view text, std::initializer_list<std::string_view> known) {
    if (text.empty()) return;
    auto const parsed = urls::parse_query(text);
    if (!parsed) {
        faults_.add(json::array{"query"}, "Value error, the query is not well-formed.",
                    "value_error");
        return;
    }
    urls::encoding_opts forms;
    forms.space_as_plus = true;
    for (auto const& entry : *parsed)
        take({entry.key.decode(forms), entry.value.decode(forms)}, known);
}

void query::take(parameter one, std::initializer_list<std::string_view> known) {
    if (std::ranges::find(known, one.name) == known.end())
        reject(one.name, "Extra inputs are not permitted", "extra_forbidden");
    else if (text(one.name))
        reject(one.name, "Value error, " + one.name + " occurs twice.");
    else
        parameters_.push_back(std::move(one));
}

std::optional<std::string_view> query::text(std::string_view name) const noexcept {
    auto const found = std::ranges::find(parameters_, name, &parameter::name);
    if (found == parameters_.end()) return std::nullopt;
    return found->value;
}

std::optional<int> query::integer(std::string_view name, int least, int most) {
    auto const digits = text(name);
    if (!digits) return std::nullopt;
    if (digits->empty() || !all_ascii_digits(*digits)) {
        reject(name, "Input should be a valid integer, unable to parse string as an integer",
               "int_parsing");
        return std::nullopt;
    }
    int value = 0;
    auto const [end, fault] =
        std::from_chars(digits->data(), digits->data() + digits->size(), value);
    if (fault != std::errc() || value > most)
        reject(name, "Input should be less than or equal to " + std::to_string(most),
               "less_than_equal");
    else if (value < least)
        reject(name, "Input should be greater than or equal to " + std::to_string(least),
               "greater_than_equal");
    else
        return value;
    return std::nullopt;
}

void query::reject(std::string_view name, std::string_view msg, std::string_view type) {
    json::array where{"query"};
    if (looks_like_a_name(name)) where.emplace_back(json::string(name));
    faults_.add(std::move(where), msg, type);
}

http::problem query::problem() const {
    return faults_.problem("The query is not valid.");
}

} // namespace otpd::api
