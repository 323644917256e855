#pragma once

/// One connection to a PostgreSQL server: libpq in pipeline mode, waited for with Asio. It knows
/// statements and answers, not what they are for. All of it on one strand, one coroutine at a time;
/// only interrupt() may be called while another waits.

#include "otpd/core/clock.hpp"
#include "otpd/net/on_strand.hpp"

#include <boost/asio/awaitable.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/endian/conversion.hpp>

#include <chrono>
#include <concepts>
#include <cstdint>
#include <libpq-fe.h>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace otpd::store::postgres {

struct result_deleter {
    void operator()(PGresult* result) const noexcept { PQclear(result); }
};
using result_ptr = std::unique_ptr<PGresult, result_deleter>;

// Numbers and bytes as they are in parameters and answers.

template <std::integral Int>
[[nodiscard]] std::string to_binary(Int value) {
    boost::endian::native_to_big_inplace(value);
    return {reinterpret_cast<char const*>(&value), sizeof value};
}
[[nodiscard]] std::string_view bytes_in(PGresult const* answer, int row, int column) noexcept;
[[nodiscard]] std::int64_t number_in(PGresult const* answer, int row = 0, int column = 0) noexcept;

enum class exchange_end : std::uint8_t {
    done,
    refused, ///< the server said no; the connection is as good as before
    lost     ///< the connection is gone; what was asked for may have been done
};

/// A statement ends by the server's own limit, `timeout`; one whose answer does not come soon after
/// that is lost.
[[nodiscard]] inline steady_time statement_deadline(std::chrono::milliseconds timeout) noexcept {
    constexpr std::chrono::milliseconds answer_grace{250};
    return std::chrono::steady_clock::now() + timeout + answer_grace;
}

class connection {
public:
    /// Names and values as libpq has them.
    using parameters = std::vector<std::pair<char const*, std::string>>;

    explicit connection(net::strand const& strand);

    /// False when that did not work, for the reason that why() gives, or not by then.
    boost::asio::awaitable<bool> open(parameters with, steady_time deadline);
    void close() noexcept;
    [[nodiscard]] bool is_open() const noexcept;

    // What the next exchange asks for.

    void ask(std::string const& sql);
    void prepare(char const* name, std::string const& sql);
    /// Binary parameters; views of what stays until exchange().
    void ask_prepared(char const* name, std::span<std::string const> with = {});

    /// Sends what was asked for and waits for all answers. An error ends the rest; outside of a
    /// transaction everything is one. A connection that does not answer by then is lost.
    boost::asio::awaitable<exchange_end> exchange(steady_time deadline);
    /// Of the last exchange, in the order of what was asked for; binary.
    [[nodiscard]] std::vector<result_ptr>& answers() noexcept { return answers_; }
    /// In a transaction, perhaps one that failed.
    [[nodiscard]] bool is_in_transaction() const noexcept;

    /// Waits until there is something to do. False when the server has closed the connection.
    boost::asio::awaitable<bool> wait_idle();
    void interrupt();

    /// Of what went wrong last: the server's SQLSTATE, or empty; and a line that holds no secret.
    [[nodiscard]] std::string const& code() const noexcept { return code_; }
    [[nodiscard]] std::string const& why() const noexcept { return why_; }
    /// As 15.2.
    [[nodiscard]] std::string server_version() const;
    [[nodiscard]] int server_version_number() const noexcept {
        return PQserverVersion(link_.get());
    }

private:
    struct finisher {
        void operator()(PGconn* link) const noexcept { PQfinish(link); }
    };
    using wait_type = boost::asio::posix::stream_descriptor::wait_type;

    boost::asio::awaitable<bool> wait(wait_type until, steady_time deadline);
    bool consume();
    void note_error(PGresult const* answer);
    exchange_end lose();

    std::unique_ptr<PGconn, finisher> link_;
    boost::asio::posix::stream_descriptor socket_; ///< libpq's: released, never closed
    boost::asio::steady_timer deadline_;
    std::vector<result_ptr> answers_;
    std::string code_;
    std::string why_;
    bool was_queued_ = true; ///< all that was asked for since the last exchange
};

} // namespace otpd::store::postgres
