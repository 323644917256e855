#include "otpd/otp/service.hpp"

#include <utility>

namespace otpd::otp {

service::service(policy rules, dependencies uses) : rules_(std::move(rules)), uses_(uses) {}

} // namespace otpd::otp
