#pragma once

#include "backend/postgres/connection.hpp"

#include <boost/asio/awaitable.hpp>
#include <boost/asio/steady_timer.hpp>

#include <deque>
#include <functional>
#include <optional>

namespace otpd::store::postgres {

/// What is to be done beside the batches, over whichever connection is free. On the strand of the
/// store.
class job_queue {
public:
    /// False: the server refused, or the connection is lost.
    using job = std::function<boost::asio::awaitable<bool>(connection&)>;

    /// Lives in the frame of who waits.
    class waiter {
    public:
        waiter(net::strand const& strand, job job)
            : job_(std::move(job)), woken_(strand, steady_time::max()) {}

        /// After add(): what the job said, or false when it was refused.
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
    /// False: the connection is lost.
    boost::asio::awaitable<bool> do_next(connection& over);
    void refuse_all();

private:
    std::deque<waiter*> jobs_;
};

} // namespace otpd::store::postgres
