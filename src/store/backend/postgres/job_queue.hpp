#pragma once

#include "backend/postgres/connection.hpp"

#include <boost/asio/awaitable.hpp>

#include <deque>
#include <functional>

namespace otpd::store::postgres {

/// Work beside the batches, which runs over any free connection. Used on the strand of the store.
class job_queue {
public:
    /// Returns false if the server refused it or the connection is lost.
    using job = std::function<boost::asio::awaitable<bool>(connection&)>;

    /// Waits until a connection has done the job. Returns its result, or false if it was refused.
    boost::asio::awaitable<bool> run(net::strand const& strand, job work);

    [[nodiscard]] bool empty() const noexcept { return entries_.empty(); }
    /// Returns false if the connection is lost.
    boost::asio::awaitable<bool> do_next(connection& connection);
    void refuse_all();

private:
    /// Lives in the frame of run().
    struct entry;

    std::deque<entry*> entries_;
};

} // namespace otpd::store::postgres
