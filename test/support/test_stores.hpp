#pragma once

/// The service's stores, for tests that must pass with each of them. Each holds what must outlive
/// the service.

#include "child_process.hpp"
#include "redis_process.hpp"
#include "temporary_directory.hpp"

#include <boost/mpl/list.hpp>

namespace otpd::test {

inline constexpr char const* test_hmac_secret = "0f1e2d3c4b5a69788796a5b4c3d2e1f00f1e2d3c4b5a6978";

struct on_memory {
    [[nodiscard]] environment settings() const { return {}; }
};
struct on_sqlite {
    temporary_directory directory;
    [[nodiscard]] environment settings() const {
        return {{"OTPD_STORE_URL", "sqlite:" + directory.path() + "/otpd.db"},
                {"OTP_HMAC_SECRET", test_hmac_secret}};
    }
};
/// Every command is written to disk before the server answers.
struct on_redis {
    redis_process server{redis_setup{.tcp = false,
                                     .turned_clock = "",
                                     .more = {"--appendonly", "yes", "--appendfsync", "always"}}};
    [[nodiscard]] environment settings() const {
        return {{"OTPD_STORE_URL", server.url()},
                {"OTPD_STORE_TIMEOUT_MS", "5000"},
                {"OTP_HMAC_SECRET", test_hmac_secret}};
    }
};
using all_stores = boost::mpl::list<on_memory, on_sqlite, on_redis>;
using stores_that_last = boost::mpl::list<on_sqlite, on_redis>;

} // namespace otpd::test
