#pragma once

/// The connections of one server, and their limits.

#include "address_counts.hpp"
#include "connection.hpp"
#include "idle_clients.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/strand.hpp>

#include <list>
#include <memory>

namespace otpd::http {

/// Used on the server's strand, except where noted.
class connection_list : public std::enable_shared_from_this<connection_list> {
public:
    using server_strand = boost::asio::strand<boost::asio::io_context::executor_type>;

    /// The connections get `services`.
    connection_list(server_strand strand, std::shared_ptr<connection_services> services);

    /// Clips `connections_max` to what the process may open. Call before the first admit().
    void limit_to_descriptors();
    /// Serves the client. One that exceeds a limit gets 503, or is closed at once.
    void admit(stream_socket socket, boost::asio::ip::address const& address);

    /// Whether more connections may be admitted.
    void set_open(bool is_open);
    void begin_drain();
    void abort_all();
    /// Waits until the list is neither open nor has connections. Returns whether it has none.
    boost::asio::awaitable<bool> wait_until_empty(steady_time limit);

private:
    struct entry {
        std::shared_ptr<connection> client{};
        bool is_rejected = false; ///< counted in `rejected_`
        bool is_stranger = false; ///< counted in `idle_` and `addresses_`
        idle_client idleness{};
    };
    using entries = std::list<entry>;

    [[nodiscard]] bool refuse(refusal why, boost::asio::ip::address const& client, bool may_answer);
    void spawn(entries::iterator place, bool is_stranger);
    static boost::asio::awaitable<void> serve_behind_proxy(std::shared_ptr<connection_list> self,
                                                           entries::iterator place);
    static boost::asio::awaitable<bool> admit_named(std::shared_ptr<connection_list> self,
                                                    entries::iterator place);
    void enter_stranger(entry& entered);
    [[nodiscard]] bool make_room();
    void forget(entries::iterator place, std::exception_ptr failure);

    [[nodiscard]] server_options const& options() const noexcept { return services_->options; }
    [[nodiscard]] observer& events() const noexcept { return services_->events; }

    server_strand strand_;
    std::shared_ptr<connection_services> services_;
    std::size_t connections_max_ = 0;
    entries entries_;
    std::size_t rejected_ = 0; ///< how many of `entries_`
    idle_clients idle_;
    address_counts addresses_;
    bool is_open_ = false;
    boost::asio::steady_timer ended_; ///< cancelled when the list may be closed and empty
};

} // namespace otpd::http
