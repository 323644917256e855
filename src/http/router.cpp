#include "otpd/http/router.hpp"

#include "text.hpp"

#include <algorithm>
#include <stdexcept>

namespace otpd::http {

namespace {

std::string percent_decoded(std::string_view text) {
    std::string out;
    out.reserve(text.size());
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] == '%' && text.size() - i >= 3) {
            out.push_back(static_cast<char>(hex_value(text[i + 1]) * 16 + hex_value(text[i + 2])));
            i += 2;
        } else {
            out.push_back(text[i]);
        }
    }
    return out;
}

bool is_variable(std::string_view segment) noexcept {
    return segment.size() > 2 && segment.front() == '{' && segment.back() == '}';
}

/// "/a/{b}" -> {"a", ""}. "/" would become {""}, which is a variable, so the root has no segments.
std::vector<std::string> split_pattern(std::string_view pattern) {
    std::vector<std::string> segments;
    if (!pattern.starts_with('/')) throw std::invalid_argument("a route pattern starts with /");
    if (pattern == "/") return segments;
    while (!pattern.empty()) {
        pattern.remove_prefix(1);
        auto const segment = pattern.substr(0, pattern.find('/'));
        if (segment.empty()) throw std::invalid_argument("a route pattern has no empty segments");
        segments.emplace_back(is_variable(segment) ? std::string_view() : segment);
        pattern.remove_prefix(segment.size());
    }
    return segments;
}

} // namespace

void path_parameters::append(std::string_view segment) {
    assert(count_ < max_count);
    values_[count_++] = percent_decoded(segment);
}

std::string router::allowed_methods(resource const& resource) {
    std::string list;
    auto const has = [&resource](method verb) {
        return static_cast<bool>(resource.calls[static_cast<std::size_t>(verb)]);
    };
    for (std::size_t i = 0; i < method_count; ++i) {
        auto const verb = static_cast<method>(i);
        bool const implied = verb == method::options || (verb == method::head && has(method::get));
        if (!has(verb) && !implied) continue;
        if (!list.empty()) list += ", ";
        list += to_string(verb);
    }
    return list;
}

void router::insert(method verb, std::string_view pattern,
                    std::vector<detail::parameter_check> checks, detail::endpoint call) {
    auto segments = split_pattern(pattern);
    auto const variables = static_cast<std::size_t>(
        std::ranges::count_if(segments, [](std::string const& s) { return s.empty(); }));
    if (variables != checks.size() || variables > path_parameters::max_count)
        throw std::invalid_argument("a route's handler does not take what its pattern gives: " +
                                    std::string(pattern));
    auto const same_path = [&segments](resource const& r) { return r.segments == segments; };
    auto place = std::ranges::find_if(resources_, same_path);
    if (place != resources_.end() && (place->pattern != pattern || place->checks != checks))
        throw std::invalid_argument("two routes disagree about the variables of " +
                                    std::string(pattern));
    if (place == resources_.end()) {
        auto const fewer = [variables](resource const& r) { return r.checks.size() > variables; };
        resource fresh;
        fresh.pattern = pattern;
        fresh.segments = std::move(segments);
        fresh.checks = std::move(checks);
        place = resources_.insert(std::ranges::find_if(resources_, fewer), std::move(fresh));
    }
    auto& slot = place->calls[static_cast<std::size_t>(verb)];
    if (verb == method::other || slot)
        throw std::invalid_argument("a route is there already, or of no method: " +
                                    std::string(pattern));
    slot = std::move(call);
    place->allow = allowed_methods(*place);
}

void router::guard(std::string_view pattern, handler gate) {
    auto const place = std::ranges::find(resources_, pattern, &resource::pattern);
    if (place == resources_.end())
        throw std::invalid_argument("there is no route: " + std::string(pattern));
    place->gate = [gate = std::move(gate)](request const& request, path_parameters const&) {
        return gate(request);
    };
}

bool router::matches(resource const& candidate, std::string_view path,
                     path_parameters& parameters) {
    if (candidate.checks.empty()) return candidate.pattern == path;
    parameters.clear();
    for (auto const& expected : candidate.segments) {
        if (!path.starts_with('/')) return false;
        path.remove_prefix(1);
        auto const segment = path.substr(0, path.find('/'));
        path.remove_prefix(segment.size());
        if (!expected.empty()) {
            if (segment != expected) return false;
            continue;
        }
        if (segment.empty()) return false;
        parameters.append(segment);
        auto const i = parameters.size() - 1;
        auto const text = parameters[i];
        if (text == "." || text == ".." || !candidate.checks[i](text)) return false;
    }
    return path.empty();
}

router::match router::find(method verb, std::string_view path, path_parameters& parameters) const {
    match result;
    if (path == "*") {
        result.outcome = match::kind::options;
        result.allow = "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS";
        return result;
    }
    if (path.starts_with(prefix_) && path.substr(prefix_.size()).starts_with('/'))
        path.remove_prefix(prefix_.size());
    auto const place = std::ranges::find_if(
        resources_, [&](resource const& r) { return matches(r, path, parameters); });
    if (place == resources_.end()) return result;
    result.pattern = place->pattern;
    result.allow = place->allow;
    auto const* call = &place->calls[static_cast<std::size_t>(verb)];
    if (!*call && verb == method::head) call = &place->calls[static_cast<std::size_t>(method::get)];
    if (*call) {
        result.outcome = match::kind::found;
        result.call = call;
    } else {
        result.outcome =
            verb == method::options ? match::kind::options : match::kind::method_not_allowed;
        if (place->gate) result.call = &place->gate;
    }
    return result;
}

std::vector<route_info> router::routes() const {
    std::vector<route_info> list;
    for (auto const& r : resources_)
        for (std::size_t i = 0; i < method_count; ++i)
            if (r.calls[i]) list.push_back({static_cast<method>(i), r.pattern});
    return list;
}

} // namespace otpd::http
