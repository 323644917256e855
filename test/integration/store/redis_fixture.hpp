#pragma once

#include "contract/store_contract.hpp"
#include "driven_redis_store.hpp"
#include "redis_process.hpp"

#include <boost/test/unit_test.hpp>

#include <chrono>

namespace otpd::test {

using namespace std::chrono_literals;

/// Long: what a slow machine needs. Tests of the deadline set their own.
inline store::redis_options redis_at(std::string const& url) {
    store::redis_options options;
    options.where = store::parse_location(url).value();
    options.timeout = hang_limit;
    return options;
}

template <class Outcome, class Variant>
bool is(store::result<Variant> const& answer) {
    return answer.has_value() && std::holds_alternative<Outcome>(*answer);
}

template <class Variant>
bool is_fault(store::result<Variant> const& answer, store::fault what) {
    return answer.has_error() && answer.error() == what;
}

} // namespace otpd::test
