#include "bridgexapi_stub/validation.hpp"

#include <boost/json/object.hpp>

#include <algorithm>
#include <charconv>
#include <cmath>

namespace bridgexapi_stub {
namespace {

namespace json = boost::json;

constexpr std::size_t caller_id_min = 3;
constexpr std::size_t caller_id_max = 11;
constexpr std::size_t number_digits_min = 10;
constexpr std::size_t number_digits_max = 15;
constexpr std::size_t message_max = 158;

json::object problem(std::string_view type, json::array loc, std::string_view msg,
                     json::value input) {
    json::object out;
    out["type"] = type;
    out["loc"] = std::move(loc);
    out["msg"] = msg;
    out["input"] = std::move(input);
    return out;
}

json::object with_context(json::object entry, std::string_view name, json::value value) {
    json::object context;
    context[name] = std::move(value);
    entry["ctx"] = std::move(context);
    return entry;
}

json::object value_problem(json::array loc, std::string const& msg, json::value input) {
    return with_context(
        problem("value_error", std::move(loc), "Value error, " + msg, std::move(input)), "error",
        json::object{});
}

bool all_digits(std::string_view text) {
    return std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

std::string_view trimmed(std::string_view text) {
    constexpr std::string_view blanks = " \t\r\n\f\v";
    auto const first = text.find_first_not_of(blanks);
    if (first == std::string_view::npos) return {};
    return text.substr(first, text.find_last_not_of(blanks) - first + 1);
}

class order_reader {
public:
    order_reader(json::object const& body, settings const& rules) : body_{body}, rules_{rules} {}

    validated_order read() {
        read_route();
        read_caller();
        read_numbers();
        read_message();
        validated_order out;
        if (problems_.empty()) out.order = std::move(order_);
        out.problems = std::move(problems_);
        return out;
    }

private:
    json::value const* field(std::string_view name) {
        auto const* value = body_.if_contains(name);
        if (!value)
            problems_.push_back(problem("missing", {"body", name}, "Field required", body_));
        return value;
    }

    json::string const* text_field(std::string_view name) {
        auto const* value = field(name);
        if (!value) return nullptr;
        if (!value->is_string())
            problems_.push_back(
                problem("string_type", {"body", name}, "Input should be a valid string", *value));
        return value->if_string();
    }

    // Pydantic's lax mode: 3, 3.0, "3" and true are integers.
    static std::optional<std::int64_t> lax_int(json::value const& value) {
        if (value.is_int64()) return value.get_int64();
        if (value.is_bool()) return value.get_bool() ? 1 : 0;
        if (value.is_double() && std::trunc(value.get_double()) == value.get_double() &&
            std::abs(value.get_double()) < 1e15)
            return static_cast<std::int64_t>(value.get_double());
        if (!value.is_string()) return std::nullopt;
        std::string_view const text = value.get_string();
        std::int64_t number = 0;
        auto const [stop, error] = std::from_chars(text.data(), text.data() + text.size(), number);
        if (error != std::errc{} || stop != text.data() + text.size()) return std::nullopt;
        return number;
    }

    void read_route() {
        auto const* value = field("route_id");
        if (!value) return;
        if (auto const number = lax_int(*value)) {
            order_.route_id = *number;
        } else if (value->is_double()) {
            problems_.push_back(problem(
                "int_from_float", {"body", "route_id"},
                "Input should be a valid integer, got a number with a fractional part", *value));
        } else if (value->is_string()) {
            problems_.push_back(problem(
                "int_parsing", {"body", "route_id"},
                "Input should be a valid integer, unable to parse string as an integer", *value));
        } else {
            problems_.push_back(problem("int_type", {"body", "route_id"},
                                        "Input should be a valid integer", *value));
        }
    }

    void read_caller() {
        auto const* text = text_field("caller_id");
        if (!text) return;
        order_.caller_id = trimmed(*text);
        if (order_.caller_id.size() < caller_id_min)
            problems_.push_back(
                with_context(problem("string_too_short", {"body", "caller_id"},
                                     "String should have at least 3 characters", *text),
                             "min_length", caller_id_min));
        else if (order_.caller_id.size() > caller_id_max)
            problems_.push_back(
                with_context(problem("string_too_long", {"body", "caller_id"},
                                     "String should have at most 11 characters", *text),
                             "max_length", caller_id_max));
    }

    void read_numbers() {
        auto const* value = field("numbers");
        if (!value) return;
        auto const* list = value->if_array();
        if (!list) {
            problems_.push_back(
                problem("list_type", {"body", "numbers"}, "Input should be a valid list", *value));
            return;
        }
        if (list->empty()) {
            problems_.push_back(with_context(
                problem("too_short", {"body", "numbers"},
                        "List should have at least 1 item after validation, not 0", *value),
                "min_length", 1));
        }
        for (std::size_t i = 0; i < list->size(); ++i)
            read_number(i, (*list)[i]);
    }

    void read_number(std::size_t index, json::value const& item) {
        auto const* text = item.if_string();
        if (!text) {
            problems_.push_back(problem("string_type", {"body", "numbers", index},
                                        "Input should be a valid string", item));
        } else if (!all_digits(*text) || text->size() < number_digits_min ||
                   text->size() > number_digits_max) {
            problems_.push_back(value_problem({"body", "numbers", index},
                                              "Each number must be 10 to 15 digits, digits only.",
                                              item));
        } else {
            order_.numbers.emplace_back(*text);
        }
    }

    void read_message() {
        auto const* text = text_field("message");
        if (!text) return;
        order_.message = *text;
        bool const ascii = std::all_of(text->begin(), text->end(),
                                       [](char c) { return static_cast<unsigned char>(c) < 0x80; });
        if (!ascii)
            problems_.push_back(value_problem(
                {"body", "message"}, "Message must contain only ASCII characters.", *text));
        else if (text->size() > message_max)
            problems_.push_back(
                with_context(problem("string_too_long", {"body", "message"},
                                     "String should have at most 158 characters", *text),
                             "max_length", message_max));
        else if (text->empty() && !rules_.empty_message)
            problems_.push_back(
                with_context(problem("string_too_short", {"body", "message"},
                                     "String should have at least 1 character", *text),
                             "min_length", 1));
    }

    json::object const& body_;
    settings const& rules_;
    order_request order_;
    json::array problems_;
};

bool is_json_type(incoming const& request) {
    auto const* type = find_header(request.headers, "content-type");
    if (!type) return false;
    auto const name = lower(trimmed(std::string_view{*type}.substr(0, type->find(';'))));
    return name == "application/json" || name.ends_with("+json");
}

json::object not_a_dictionary(json::value input) {
    return problem("model_attributes_type", {"body"},
                   "Input should be a valid dictionary or object to extract fields from",
                   std::move(input));
}

} // namespace

validated_order validate_order(json::value const* body, std::size_t parse_error_at,
                               incoming const& request, settings const& rules) {
    validated_order out;
    if (request.body.empty()) {
        out.problems.push_back(problem("missing", {"body"}, "Field required", nullptr));
    } else if (!is_json_type(request)) {
        // Included only if it is JSON and hence UTF-8, as the reply must be.
        out.problems.push_back(not_a_dictionary(json::string{body ? request.body : ""}));
    } else if (!body) {
        out.problems.push_back(with_context(
            problem("json_invalid", {"body", parse_error_at}, "JSON decode error", json::object{}),
            "error", "Expecting value"));
    } else if (!body->is_object()) {
        out.problems.push_back(not_a_dictionary(*body));
    } else {
        return order_reader{body->get_object(), rules}.read();
    }
    return out;
}

json::object int_problem(std::string_view where, std::string_view name, std::string_view input) {
    return problem("int_parsing", {where, name},
                   "Input should be a valid integer, unable to parse string as an integer",
                   json::string{input});
}

json::object least_problem(std::string_view where, std::string_view name, std::string_view input,
                           std::int64_t least) {
    return with_context(problem("greater_than_equal", {where, name},
                                "Input should be greater than or equal to " + std::to_string(least),
                                json::string{input}),
                        "ge", least);
}

} // namespace bridgexapi_stub
