#pragma once

/// One client connection: reads requests, calls their handlers and writes the responses, one after
/// the other.

#include "client_socket.hpp"
#include "request_reader.hpp"
#include "response_sender.hpp"

#include <exception>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace otpd::http {

/// Runs on the strand that is the socket's executor, except where noted.
class connection final : public client_socket {
public:
    connection(stream_socket socket, boost::asio::ip::address peer,
               std::shared_ptr<connection_services const> services);

    /// Reads the PROXY protocol header. Returns false if the connection must not serve requests.
    /// Called before `serve` if server_options::proxy_protocol is set.
    static boost::asio::awaitable<bool> introduce(std::shared_ptr<connection> self);
    /// Serves until the connection ends. Bind `slot()` to the coroutine.
    static boost::asio::awaitable<void> serve(std::shared_ptr<connection> self);
    /// Answers 503 to a client that exceeds a connection limit, and ends.
    static boost::asio::awaitable<void> reject_overloaded(std::shared_ptr<connection> self);
    /// Closes the connection. Called in place of `serve`, after `introduce`.
    void close();

    /// The address of the peer; after `introduce`, the one in the PROXY protocol header. It changes
    /// only while `introduce` runs.
    [[nodiscard]] boost::asio::ip::address const& peer() const noexcept { return peer_; }

private:
    /// Serves one request. Returns false if no other may follow.
    boost::asio::awaitable<bool> exchange();

    boost::asio::awaitable<bool> receive_proxy_header();
    void set_peer(boost::asio::ip::address address);

    void describe_request();
    boost::asio::awaitable<response> call(detail::endpoint const& endpoint);
    boost::asio::awaitable<void> hold_back(response& response);
    [[nodiscard]] response answer_failure(std::exception_ptr failure);
    [[nodiscard]] response_sender::sending begin_to_send(response const& response, bool keep);
    void report(response const& response, bool sent);

    [[nodiscard]] observer& events() const noexcept { return services().events; }

    boost::asio::ip::address peer_;           ///< IPv4-mapped addresses as IPv4
    std::span<address_range const> believed_; ///< options().trusted_proxies, or empty
    request_reader reader_;
    response_sender sender_;

    // Reused for each request, so that a connection in steady state does not allocate here.
    std::vector<field_view> fields_;
    path_parameters parameters_;
    std::string request_id_;

    // The current request.
    std::optional<request> request_;
    std::string_view route_;
    span_id parent_span_{};  ///< the client's; zeros without one
    steady_time received_{}; ///< when its last byte was read
    steady_time answered_{}; ///< when the response was ready
};

} // namespace otpd::http
