#pragma once

#include "connection.hpp"

#include <boost/intrusive/set.hpp>

#include <cstddef>

namespace otpd::http {

/// The entry of one connection in idle_clients.
class idle_client : public boost::intrusive::set_base_hook<> {
    friend class idle_clients;

    connection* client_ = nullptr;
    /// A lower bound of the time since when it is idle: requests may have arrived since it was
    /// checked last.
    steady_time idle_since_{};

    friend bool operator<(idle_client const& a, idle_client const& b) noexcept {
        return a.idle_since_ < b.idle_since_;
    }
};

/// The connections of one server that may be asked to leave, sorted by idle time, longest first.
/// The order is brought up to date only when one must leave: reporting each request to the server
/// would cost a handler on its strand per request. Used on the server's strand. Does not own the
/// connections.
class idle_clients {
public:
    /// `client` must live until `leave`.
    void enter(idle_client& entry, connection& client);
    void leave(idle_client& entry) { by_idleness_.erase(by_idleness_.iterator_to(entry)); }

    /// Adds the search budget of one new connection. The cost of a search is therefore bounded by
    /// the number of connections accepted before it, however many of them are busy.
    void pay_for_search();
    /// Asks the connection that has been idle longest to leave. Returns false if none is idle.
    bool evict_one();

private:
    boost::intrusive::multiset<idle_client> by_idleness_;
    std::size_t looks_ = 0; ///< the search budget
};

} // namespace otpd::http
