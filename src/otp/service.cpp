#include "otpd/otp/service.hpp"

#include "limiter.hpp"

#include <utility>

namespace otpd::otp {

service::service(policy rules, dependencies uses)
    : rules_(std::move(rules)), uses_(uses), looks_(uses_.news.executor(), std::chrono::seconds(1)), texts_(rules_.templates, rules_.ttl),
      spending_(rules_, uses_.keys), limiter_(std::make_unique<limiter const>(rules_, uses_.keys)) {
}

service::~service() = default;

} // namespace otpd::otp
