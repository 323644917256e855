#pragma once

#include "backend/postgres/postgres_backend.hpp"
#include "driven_store.hpp"

namespace otpd::test {

using driven_postgres = driven_store<store::postgres_backend, store::postgres_options>;

} // namespace otpd::test
