#pragma once

#include "contract/store_contract.hpp"
#include "driven_postgres.hpp"
#include "hot_requests.hpp"
#include "postgres_process.hpp"

#include <boost/test/unit_test.hpp>

namespace otpd::test {

using namespace std::chrono_literals;

/// The timeout suits a slow machine. Tests of the deadline set their own.
inline store::postgres_options postgres_at(std::string const& url) {
    store::postgres_options options;
    options.where = store::parse_location(url).value();
    options.timeout = 20s;
    return options;
}

template <class Outcome, class Variant>
bool is(store::result<Variant> const& answer) {
    return answer.has_value() && std::holds_alternative<Outcome>(*answer);
}

inline bool contains(std::string const& text, std::string_view part) {
    return text.find(part) != std::string::npos;
}

} // namespace otpd::test
