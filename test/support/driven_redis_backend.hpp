#pragma once

#include "backend/redis/redis_backend.hpp"
#include "driven_store.hpp"

namespace otpd::test {

using driven_redis_backend = driven_store<store::redis_backend, store::redis_options>;

} // namespace otpd::test
