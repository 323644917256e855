#include "bridgexapi_stub/faults.hpp"

#include "bridgexapi_stub/settings.hpp"

#include <algorithm>
#include <stdexcept>

namespace bridgexapi_stub {
namespace {

namespace json = boost::json;

[[noreturn]] void complain(std::string const& text) {
    throw std::invalid_argument{text};
}

bool has_word(std::string_view words, std::string_view word) {
    while (!words.empty()) {
        auto const end = std::min(words.find(' '), words.size());
        if (words.substr(0, end) == word) return true;
        words.remove_prefix(std::min(end + 1, words.size()));
    }
    return false;
}

constexpr std::string_view common_options = "fault endpoint number skip count probability accept";

std::uint64_t read_count(json::value const& value, std::string_view name) {
    if (!value.is_int64() || value.get_int64() < 0)
        complain("\"" + std::string{name} + "\" must be a whole number, 0 or more");
    return static_cast<std::uint64_t>(value.get_int64());
}

std::string_view read_text(json::value const& value, std::string_view name) {
    if (!value.is_string()) complain("\"" + std::string{name} + "\" must be a string");
    return value.get_string();
}

void read_common(fault& out, json::object const& object) {
    if (auto const* value = object.if_contains("endpoint")) {
        auto const name = read_text(*value, "endpoint");
        if (name != "*") out.where = parse_endpoint(name);
        if (name != "*" && !out.where) complain("unknown endpoint \"" + std::string{name} + "\"");
    }
    if (auto const* value = object.if_contains("number")) out.number = read_text(*value, "number");
    if (auto const* value = object.if_contains("skip")) out.skip = read_count(*value, "skip");
    if (auto const* value = object.if_contains("count")) out.left = read_count(*value, "count");
    if (auto const* value = object.if_contains("probability")) {
        if (!value->is_number() || value->to_number<double>() < 0 || value->to_number<double>() > 1)
            complain("\"probability\" must be a number from 0 to 1");
        out.probability = value->to_number<double>();
    }
    if (auto const* value = object.if_contains("accept")) {
        if (!value->is_bool()) complain("\"accept\" must be true or false");
        out.accept = value->get_bool();
    }
}

} // namespace

fault fault::parse(json::value const& value) {
    auto const* object = value.if_object();
    if (!object) complain("a fault must be a JSON object");
    auto const* name = object->if_contains("fault");
    if (!name) complain("a fault needs \"fault\": its name");
    auto const wanted = read_text(*name, "fault");
    auto const kinds = fault_kinds();
    auto const found = std::find_if(kinds.begin(), kinds.end(),
                                    [&](fault_kind const& kind) { return kind.name == wanted; });
    if (found == kinds.end()) complain("unknown fault \"" + std::string{wanted} + "\"");
    for (auto const& member : *object)
        if (!has_word(common_options, member.key()) && !has_word(found->options, member.key()))
            complain("fault \"" + std::string{wanted} + "\" has no option \"" +
                     std::string{member.key()} + "\"");
    fault out;
    out.kind = &*found;
    out.options = *object;
    read_common(out, *object);
    return out;
}

json::object fault::to_json() const {
    auto out = options;
    out["id"] = id;
    out["hits"] = hits;
    if (left) out["left"] = *left;
    return out;
}

std::uint64_t fault_set::add(fault one) {
    one.id = ++last_id_;
    faults_.push_back(std::move(one));
    return last_id_;
}

bool fault_set::remove(std::uint64_t id) {
    return std::erase_if(faults_, [id](fault const& one) { return one.id == id; }) > 0;
}

bool fault_set::strikes(fault& one) {
    if (one.left == std::uint64_t{0}) return false;
    if (one.skip > 0) {
        --one.skip;
        return false;
    }
    if (one.probability < 1 &&
        std::uniform_real_distribution<double>{0, 1}(random_) >= one.probability)
        return false;
    ++one.hits;
    if (one.left) --*one.left;
    return true;
}

std::vector<fault> fault_set::take(endpoint where, std::vector<std::string_view> const& numbers) {
    std::vector<fault> out;
    for (auto& one : faults_) {
        if (one.kind->stage == stage_connection || (one.where && *one.where != where)) continue;
        bool const right_number =
            one.number.empty() ||
            std::any_of(numbers.begin(), numbers.end(), [&](std::string_view number) {
                return number_matches(one.number, number);
            });
        if (right_number && strikes(one)) out.push_back(one);
    }
    std::stable_sort(out.begin(), out.end(), [](fault const& left, fault const& right) {
        return left.kind->stage < right.kind->stage;
    });
    return out;
}

std::optional<fault> fault_set::take_connection() {
    for (auto& one : faults_)
        if (one.kind->stage == stage_connection && strikes(one)) return one;
    return std::nullopt;
}

} // namespace bridgexapi_stub
