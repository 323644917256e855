#include "otpd/otp/service.hpp"

#include "admission_undo.hpp"
#include "limiter.hpp"

#include <utility>

namespace otpd::otp {

service::service(policy rules, dependencies uses)
    : rules_(std::move(rules)), uses_(uses), looks_(uses_.news.executor(), std::chrono::seconds(1)),
      texts_(rules_.templates, rules_.ttl), spending_(rules_, uses_.keys),
      limiter_(std::make_unique<limiter const>(rules_, uses_.keys)),
      undo_(std::make_unique<admission_undo>(uses_.store, rules_.undo_pause,
                                             rules_.idempotency_keep)) {}

service::~service() = default;

boost::asio::awaitable<void> service::drain(deadline limit) {
    return undo_->drain(limit);
}

} // namespace otpd::otp
