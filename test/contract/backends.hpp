#pragma once

/// The stores that the contract is tested with.

#include "engine_redis_backend.hpp"
#include "engine_sqlite_backend.hpp"
#include "memory_backend.hpp"
#include "store_contract.hpp"

#include <tuple>

namespace otpd::test {

using backends = std::tuple<contract<memory_backend>, contract<engine_redis_backend>,
                            contract<engine_sqlite_backend>>;

} // namespace otpd::test

/// A test with every backend. Within, `Contract s;` is an empty store.
#define STORE_TEST(name) BOOST_AUTO_TEST_CASE_TEMPLATE(name, Contract, backends)
