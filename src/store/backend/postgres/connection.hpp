#pragma once

/// One connection to a PostgreSQL server: libpq in pipeline mode, with Asio for waiting. It handles
/// statements and results without knowing their meaning. Runs on one strand, in one coroutine at a
/// time; only interrupt() may be called while another operation waits.

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

// Conversion of integers and bytes to and from parameters and results.

template <std::integral Int>
[[nodiscard]] std::string to_binary(Int value) {
    boost::endian::native_to_big_inplace(value);
    return {reinterpret_cast<char const*>(&value), sizeof value};
}
[[nodiscard]] std::string_view bytes_in(PGresult const* answer, int row, int column) noexcept;
[[nodiscard]] std::int64_t number_in(PGresult const* answer, int row = 0, int column = 0) noexcept;

enum class exchange_end : std::uint8_t {
    done,
    refused, ///< the server returned an error; the connection is still usable
    lost     ///< the connection is lost; the request may have been executed
};

/// When a statement counts as lost. The server itself ends it after `timeout`; this is a little
/// later.
[[nodiscard]] inline steady_time statement_deadline(std::chrono::milliseconds timeout) noexcept {
    constexpr std::chrono::milliseconds answer_grace{250};
    return std::chrono::steady_clock::now() + timeout + answer_grace;
}

class connection {
public:
    /// Parameter names and values for libpq.
    using parameters = std::vector<std::pair<char const*, std::string>>;

    explicit connection(net::strand const& strand);

    /// Returns false if it failed (see why()) or did not finish by the deadline.
    boost::asio::awaitable<bool> open(parameters with, steady_time deadline);
    void close() noexcept;
    [[nodiscard]] bool is_open() const noexcept;

    // These queue statements for the next exchange.

    void ask(std::string const& sql);
    void prepare(char const* name, std::string const& sql);
    /// Parameters are binary. Their memory must stay valid until exchange().
    void ask_prepared(char const* name, std::span<std::string const> with = {});

    /// Sends the queued statements and waits for all results. An error skips the remaining
    /// statements. Outside of a transaction, all statements form one. A connection that does not
    /// answer by the deadline is lost.
    boost::asio::awaitable<exchange_end> exchange(steady_time deadline);
    /// The results of the last exchange, in the order of the statements; binary.
    [[nodiscard]] std::vector<result_ptr>& answers() noexcept { return answers_; }
    /// Whether a transaction is open, even a failed one.
    [[nodiscard]] bool is_in_transaction() const noexcept;

    /// Waits until there is something to do. Returns false if the server has closed the connection.
    boost::asio::awaitable<bool> wait_idle();
    void interrupt();

    /// The last error: the server's SQLSTATE, or empty, and a message without secrets.
    [[nodiscard]] std::string const& code() const noexcept { return code_; }
    [[nodiscard]] std::string const& why() const noexcept { return why_; }
    /// For example 15.2.
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
    boost::asio::posix::stream_descriptor socket_; ///< owned by libpq: released, never closed
    boost::asio::steady_timer deadline_;
    std::vector<result_ptr> answers_;
    std::string code_;
    std::string why_;
    bool was_queued_ = true; ///< all statements since the last exchange were queued
};

} // namespace otpd::store::postgres
