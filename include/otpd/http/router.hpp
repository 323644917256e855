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

/// Runs on the connection's strand; what it throws is reported to the observer and answered with an
/// opaque 500. It is never cancelled because a client went away, only long after
/// `request::until()`.
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
        // A route only matches when every parameter parses, so value() cannot throw here.
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

/// Filled while the program starts, then shared read-only by all connections.
///
/// Paths are compared segment by segment as they were sent: an escaped `/` never splits a segment,
/// an escaped letter never equals a literal, dot segments and empty segments match nothing, and a
/// trailing slash makes another path (404). Only parameters are percent-decoded.
class router {
public:
    /// Labels of requests that no route took.
    static constexpr std::string_view unmatched = "(unmatched)";
    static constexpr std::string_view malformed = "(malformed)";

    /// `pattern` is a path whose variable segments are written `{name}`: "/routes/{id}/pricing".
    /// The handler takes `request const&` and one argument per variable segment, of a type with a
    /// path_parameter; text that is not of that type makes the path an unknown one (404). String
    /// views are valid as long as the request. Of two patterns that match, the one with fewer
    /// variable segments wins.
    /// Throws std::invalid_argument for a bad pattern, a wrong number of arguments, a route that is
    /// already there, and for one path with two names or types of its variable segments.
    template <class F>
    void add(method verb, std::string_view pattern, F call) {
        constexpr typename detail::handler_arguments<F>::type const* arguments = nullptr;
        constexpr auto count = std::tuple_size_v<typename detail::handler_arguments<F>::type>;
        insert(
            verb, pattern, detail::parameter_checks(arguments),
            detail::bind_parameters(std::move(call), arguments, std::make_index_sequence<count>{}));
    }

    [[nodiscard]] std::vector<route_info> routes() const;

    struct match {
        enum class kind { found, not_found, method_not_allowed, options };
        kind outcome = kind::not_found;
        detail::endpoint const* call = nullptr; ///< set when found
        std::string_view pattern = unmatched;
        std::string_view allow = {}; ///< value of Allow unless found or not_found
    };
    /// HEAD is served by GET's handler where it has none of its own; OPTIONS is answered here.
    [[nodiscard]] match find(method verb, std::string_view path, path_parameters& parameters) const;

private:
    struct resource {
        std::string pattern;
        std::vector<std::string> segments; ///< empty text: variable
        std::vector<detail::parameter_check> checks;
        std::array<detail::endpoint, method_count> calls;
        std::string allow;
    };

    void insert(method verb, std::string_view pattern, std::vector<detail::parameter_check> checks,
                detail::endpoint call);
    [[nodiscard]] static bool matches(resource const& candidate, std::string_view path,
                                      path_parameters& parameters);
    [[nodiscard]] static std::string allowed_methods(resource const& resource);

    std::vector<resource> resources_; ///< fewest variable segments first
};

} // namespace otpd::http
