#pragma once

/// One client: reads requests, has them handled, writes the responses, one after the other.

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

/// Everything runs on the strand that is the socket's executor but what says otherwise.
class connection final : public client_socket {
public:
    connection(boost::asio::ip::tcp::socket socket, boost::asio::ip::address peer,
               std::shared_ptr<connection_services const> services);

    /// Reads what the proxy says of the client before its first request; false when there is to be
    /// none. Goes before `serve` where server_options::proxy_protocol is set.
    static boost::asio::awaitable<bool> introduce(std::shared_ptr<connection> self);
    /// Serves until the connection has ended. Bind `slot()` to whoever spawns this.
    static boost::asio::awaitable<void> serve(std::shared_ptr<connection> self);
    /// Answers 503 to a client that there is no room for, and ends.
    static boost::asio::awaitable<void> reject_overloaded(std::shared_ptr<connection> self);
    /// In place of `serve`, after `introduce`.
    void close();

    /// Who connected; with the PROXY protocol, after `introduce`, whom the proxy named. Nobody
    /// changes it while `introduce` does not run.
    [[nodiscard]] boost::asio::ip::address const& peer() const noexcept { return peer_; }

private:
    /// One request and its response; false when no other is to follow.
    boost::asio::awaitable<bool> exchange();

    boost::asio::awaitable<bool> receive_proxy_header();
    void set_peer(boost::asio::ip::address address);

    void describe_request();
    boost::asio::awaitable<response> call(detail::endpoint const& endpoint);
    boost::asio::awaitable<void> hold_back(response& response);
    [[nodiscard]] response refusal();
    [[nodiscard]] response answer_of_router(router::match const& found);
    [[nodiscard]] response answer_failure(std::exception_ptr failure);
    [[nodiscard]] response_sender::sending begin_to_send(response const& response, bool keep);
    void report(response const& response, bool sent);

    [[nodiscard]] observer& events() const noexcept { return services().events; }

    boost::asio::ip::address peer_;           ///< unmapped
    std::span<address_range const> believed_; ///< options().trusted_proxies, or nobody
    request_reader reader_;
    response_sender sender_;

    // Reused from request to request, so that a steady client costs no allocation here.
    std::vector<field_view> fields_;
    path_parameters parameters_;
    std::string request_id_;

    // Of the request being served.
    std::optional<request> request_;
    std::string_view route_;
    steady_time received_{}; ///< its last byte was seen
    steady_time answered_{}; ///< the response was there
};

} // namespace otpd::http
