#pragma once

#include "connection.hpp"

#include <boost/intrusive/set.hpp>

#include <cstddef>

namespace otpd::http {

/// What idle_clients knows of one connection.
class idle_client : public boost::intrusive::set_base_hook<> {
    friend class idle_clients;

    connection* client_ = nullptr;
    /// Since when it is idle, or earlier: it may have had requests after it was looked at last.
    steady_time idle_since_{};

    friend bool operator<(idle_client const& a, idle_client const& b) noexcept {
        return a.idle_since_ < b.idle_since_;
    }
};

/// The connections of one server that may be asked to leave, those that are idle longest first.
/// Which ones are idle, is learned when one is to leave: telling the server of each request would
/// cost each request a turn of its strand. On the server's strand; keeps nobody alive.
class idle_clients {
public:
    /// `client` stays until `leave`.
    void enter(idle_client& entry, connection& client);
    void leave(idle_client& entry) { by_idleness_.erase(by_idleness_.iterator_to(entry)); }

    /// Each new connection pays for so much of the searches to come. So a search costs no more than
    /// the connections that came before it, however many have requests in progress.
    void pay_for_search();
    /// Asks the one that is idle longest to leave; false when none is idle.
    bool evict_one();

private:
    boost::intrusive::multiset<idle_client> by_idleness_;
    std::size_t looks_ = 0; ///< that were paid for
};

} // namespace otpd::http
