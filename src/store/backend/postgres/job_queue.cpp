#include "backend/postgres/job_queue.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/deferred.hpp>

#include <utility>

namespace otpd::store::postgres {

namespace asio = boost::asio;

asio::awaitable<bool> job_queue::waiter::wait() {
    while (!went_well_)
        co_await woken_.async_wait(asio::as_tuple(asio::deferred));
    co_return *went_well_;
}

asio::awaitable<bool> job_queue::do_next(connection& over) {
    auto& next = *jobs_.front();
    jobs_.pop_front();
    bool const went_well = co_await next.job_(over);
    next.end(went_well);
    co_return over.is_open();
}

void job_queue::refuse_all() {
    for (auto* const each : std::exchange(jobs_, {}))
        each->end(false);
}

} // namespace otpd::store::postgres
