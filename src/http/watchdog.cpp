#include "watchdog.hpp"

#include <boost/system/error_code.hpp>

namespace otpd::http {

void watchdog::arm(steady_time at) {
    expired_ = false;
    deadline_ = at;
    if (at < timer_at_) wait_until(at);
}

void watchdog::disarm() {
    deadline_ = steady_time::max();
    timer_at_ = steady_time::max();
    timer_.cancel();
}

void watchdog::wait_until(steady_time at) {
    timer_at_ = at;
    timer_.expires_at(at); // ends a pending wait
    timer_.async_wait([self = shared_from_this(), at](boost::system::error_code) {
        // Ignores a wait that was replaced or cancelled, even if it expired just before.
        if (self->timer_at_ == at) self->on_timer();
    });
}

void watchdog::on_timer() {
    timer_at_ = steady_time::max();
    if (deadline_ == steady_time::max()) return;
    if (std::chrono::steady_clock::now() < deadline_) {
        wait_until(deadline_);
        return;
    }
    deadline_ = steady_time::max();
    expired_ = true;
    on_expiry();
}

} // namespace otpd::http
