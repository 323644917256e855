#pragma once

/// The stores that the contract is tested with.

#include "memory_backend.hpp"
#include "postgres_backend.hpp"
#include "redis_backend.hpp"
#include "sqlite_backend.hpp"
#include "store_contract.hpp"

#include <tuple>

namespace otpd::test {

using backends = std::tuple<contract<memory_backend>, contract<postgres_backend>,
                            contract<redis_backend>, contract<sqlite_backend>>;

} // namespace otpd::test

/// A test with every backend. Within, `Contract s;` is an empty store.
#define STORE_TEST(name) BOOST_AUTO_TEST_CASE_TEMPLATE(name, Contract, backends)
