#pragma once

#include "backend/postgres/connection.hpp"

#include <boost/asio/awaitable.hpp>
#include <boost/asio/steady_timer.hpp>

#include <deque>
#include <functional>
#include <optional>

namespace otpd::store::postgres {

/// Work beside the batches, which runs over any free connection. Used on the strand of the store.
class job_queue {
public:
    /// Returns false if the server refused it or the connection is lost.
    using job = std::function<boost::asio::awaitable<bool>(connection&)>;

    /// Lives in the frame of the waiting coroutine.
    class waiter {
    public:
        waiter(net::strand const& strand, job job)
            : job_(std::move(job)), woken_(strand, steady_time::max()) {}

        /// Call after add(). Returns the job's result, or false if the job was refused.
        boost::asio::awaitable<bool> wait();

    private:
        friend class job_queue;
        void end(bool well) {
            went_well_ = well;
            woken_.cancel();
        }

        job job_;
        boost::asio::steady_timer woken_;
        std::optional<bool> went_well_;
    };

    [[nodiscard]] bool empty() const noexcept { return jobs_.empty(); }
    void add(waiter& one) { jobs_.push_back(&one); }
    /// Returns false if the connection is lost.
    boost::asio::awaitable<bool> do_next(connection& over);
    void refuse_all();

private:
    std::deque<waiter*> jobs_;
};

} // namespace otpd::store::postgres
