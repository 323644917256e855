#pragma once

/// One connection of bench_load, with one request at a time. Not thread-safe.

#include "load_schedule.hpp"
#include "reply_head.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/write.hpp>

#include <array>
#include <optional>
#include <string>

namespace otpd::bench {

class load_connection {
public:
    /// Receives the results of requests; must outlive the connection.
    class owner {
    public:
        /// The whole reply has arrived; the connection may send the next request immediately.
        virtual void answered(load_connection& by, load_clock::time_point due, unsigned status) = 0;
        /// It failed, or the reply was malformed: it must not be used again.
        virtual void lost(load_connection& which) = 0;

    protected:
        ~owner() = default;
    };

    /// Connects; throws on failure.
    load_connection(boost::asio::ip::tcp::socket socket,
                    boost::asio::ip::tcp::endpoint const& server, owner& hears)
        : socket_(std::move(socket)), hears_(hears) {
        socket_.connect(server);
        socket_.set_option(boost::asio::ip::tcp::no_delay(true));
    }

    /// Sends a request. No other may be in flight.
    void ask(std::string request, load_clock::time_point due) {
        request_ = std::move(request);
        due_ = due;
        received_ = 0;
        boost::asio::async_write(socket_, boost::asio::buffer(request_),
                                 [this](boost::system::error_code error, std::size_t) {
                                     if (error)
                                         hears_.lost(*this);
                                     else
                                         read();
                                 });
    }

    /// When the request in flight was due.
    [[nodiscard]] std::optional<load_clock::time_point> unanswered() const { return due_; }

private:
    void read() {
        auto const room = boost::asio::buffer(bytes_) + received_;
        socket_.async_read_some(room, [this](boost::system::error_code error, std::size_t more) {
            received_ += more;
            if (error)
                hears_.lost(*this);
            else
                parse();
        });
    }

    void parse() {
        auto const head = read_head({bytes_.data(), received_});
        bool const readable = !head || (head->status != 0 && head->bytes <= bytes_.size());
        if (!readable || received_ == bytes_.size()) return hears_.lost(*this);
        if (!head || received_ < head->bytes) return read();
        auto const due = *due_;
        due_.reset();
        hears_.answered(*this, due, head->status);
    }

    boost::asio::ip::tcp::socket socket_;
    owner& hears_;
    std::string request_;
    std::optional<load_clock::time_point> due_;
    std::array<char, 16384> bytes_;
    std::size_t received_ = 0;
};

} // namespace otpd::bench
