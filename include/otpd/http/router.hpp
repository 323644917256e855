#pragma once

/// Maps method and path to a handler.

#include "otpd/http/method.hpp"
#include "otpd/http/path_parameters.hpp"
#include "otpd/http/request.hpp"
#include "otpd/http/response.hpp"

#include <boost/asio/awaitable.hpp>

#include <array>
#include <functional>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

namespace otpd::http {

/// Runs on the connection's strand. An exception is reported to the observer and answered with an
/// opaque 500. A handler is cancelled only when it runs server_options::handler_margin past
/// `request::until()`, never because its client disconnected.
using handler = std::function<boost::asio::awaitable<response>(request const&)>;

namespace detail {

using endpoint =
    std::function<boost::asio::awaitable<response>(request const&, path_parameters const&)>;
using parameter_check = bool (*)(std::string_view);

template <class F>
struct handler_arguments : handler_arguments<decltype(&F::operator())> {};
template <class R, class... A>
struct handler_arguments<R (*)(request const&, A...)> {
    using type = std::tuple<std::remove_cvref_t<A>...>;
};
template <class C, class R, class... A>
struct handler_arguments<R (C::*)(request const&, A...)> {
    using type = std::tuple<std::remove_cvref_t<A>...>;
};
template <class C, class R, class... A>
struct handler_arguments<R (C::*)(request const&, A...) const> {
    using type = std::tuple<std::remove_cvref_t<A>...>;
};

template <class F, class... A, std::size_t... I>
endpoint bind_parameters(F call, std::tuple<A...> const*, std::index_sequence<I...>) {
    return [call = std::move(call)]([[maybe_unused]] request const& request,
                                    [[maybe_unused]] path_parameters const& text) {
        // A route matches only when every parameter parses, so value() cannot throw here.
        return call(request, path_parameter<A>::parse(text[I]).value()...);
    };
}

template <class T>
bool is_a(std::string_view text) {
    return path_parameter<T>::parse(text).has_value();
}

template <class... A>
std::vector<parameter_check> parameter_checks(std::tuple<A...> const*) {
    return {&is_a<A>...};
}

} // namespace detail

struct route_info {
    method verb;
    std::string pattern;
};

/// Filled at startup, then shared by all connections as read-only.
///
/// Paths are compared segment by segment as received. An escaped `/` never splits a segment, and an
/// escaped letter never equals a literal. Dot segments and empty segments match nothing, and a
/// trailing slash makes another path (404). Only parameters are percent-decoded.
class router {
public:
    /// Labels of requests without a route.
    static constexpr std::string_view unmatched = "(unmatched)";
    static constexpr std::string_view malformed = "(malformed)";

    /// `pattern` is a path with variable segments as `{name}`: "/routes/{id}/pricing". The handler
    /// takes `request const&` and one argument for each variable segment, of a type with a
    /// path_parameter. Text that is not of that type makes the path unknown (404). String views are
    /// valid as long as the request. If two patterns match, the one with fewer variable segments
    /// wins.
    ///
    /// Throws std::invalid_argument for a bad pattern, a wrong number of arguments, a duplicate
    /// route, and for a path whose variable segments have two names or types.
    template <class F>
    void add(method verb, std::string_view pattern, F call) {
        constexpr typename detail::handler_arguments<F>::type const* arguments = nullptr;
        constexpr auto count = std::tuple_size_v<typename detail::handler_arguments<F>::type>;
        insert(
            verb, pattern, detail::parameter_checks(arguments),
            detail::bind_parameters(std::move(call), arguments, std::make_index_sequence<count>{}));
    }

    /// Other methods of this path, which has a route, are asked `gate` first: OPTIONS and 405 are
    /// answered only where it answers 204, else with its answer.
    void guard(std::string_view pattern, handler gate);

    /// Every route has a second path, which begins with `prefix`: "/v1". Both have one pattern.
    void serve_also_under(std::string_view prefix) { prefix_ = prefix; }

    [[nodiscard]] std::vector<route_info> routes() const;

    struct match {
        enum class kind { found, not_found, method_not_allowed, options };
        kind outcome = kind::not_found;
        /// Set if found. Otherwise the gate of the path, or null.
        detail::endpoint const* call = nullptr;
        std::string_view pattern = unmatched;
        std::string_view allow = {}; ///< the value of Allow, unless found or not_found
    };
    /// A path without its own HEAD handler serves HEAD with its GET handler. The server answers
    /// OPTIONS.
    [[nodiscard]] match find(method verb, std::string_view path, path_parameters& parameters) const;

private:
    struct resource {
        std::string pattern;
        std::vector<std::string> segments; ///< empty: a variable segment
        std::vector<detail::parameter_check> checks;
        std::array<detail::endpoint, method_count> calls;
        detail::endpoint gate; ///< or empty
        std::string allow;
    };

    void insert(method verb, std::string_view pattern, std::vector<detail::parameter_check> checks,
                detail::endpoint call);
    [[nodiscard]] static bool matches(resource const& candidate, std::string_view path,
                                      path_parameters& parameters);
    [[nodiscard]] static std::string allowed_methods(resource const& resource);

    std::vector<resource> resources_; ///< fewest variable segments first
    std::string prefix_;              ///< or empty
};

} // namespace otpd::http
