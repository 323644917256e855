#pragma once

/// The stores that the contract is tested with.

#include "memory_backend.hpp"
#include "postgres_backend.hpp"
#include "redis_backend.hpp"
#include "sqlite_backend.hpp"
#include "store_contract.hpp"

#include <tuple>

namespace otpd::test {

using backends = std::tuple<memory_backend, postgres_backend, redis_backend, sqlite_backend>;

} // namespace otpd::test

/// Defines a test that runs with each of the backends. Within it, `contract s;` is an empty store.
#define STORE_TEST_OF(name, backends)                                                              \
    static void name##_with_the_tested();                                                          \
    BOOST_AUTO_TEST_CASE_TEMPLATE(name, Backend, backends) {                                       \
        otpd::test::make_the_tested = &otpd::test::make_tested<Backend>;                           \
        name##_with_the_tested();                                                                  \
    }                                                                                              \
    static void name##_with_the_tested()
#define STORE_TEST(name) STORE_TEST_OF(name, backends)
