#include "backend/postgres/connection.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/cancel_at.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <openssl/ssl.h>

#include <algorithm>
#include <cstring>

namespace otpd::store::postgres {

namespace asio = boost::asio;

namespace {

constexpr auto no_throw = asio::as_tuple(asio::use_awaitable);
constexpr int binary = 1;

std::string first_line(std::string_view text) {
    return std::string(text.substr(0, text.find('\n')));
}

/// While connecting, libpq reports an error's code only within its text: "FATAL:  28P01: ...".
std::string code_in(std::string_view text) {
    constexpr std::size_t size = 5;
    for (auto at = text.find(":  "); at != std::string_view::npos; at = text.find(":  ", at + 1)) {
        auto const code = text.substr(at + 3, size);
        auto const is_of_code = [](char c) {
            return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z');
        };
        if (code.size() == size && std::ranges::all_of(code, is_of_code) &&
            text.substr(at + 3 + size).starts_with(':'))
            return std::string(code);
    }
    return {};
}

} // namespace

std::string_view bytes_in(PGresult const* answer, int row, int column) noexcept {
    return {PQgetvalue(answer, row, column),
            static_cast<std::size_t>(PQgetlength(answer, row, column))};
}

std::int64_t number_in(PGresult const* answer, int row, int column) noexcept {
    std::int64_t value = 0;
    std::memcpy(&value, PQgetvalue(answer, row, column), sizeof value);
    return boost::endian::big_to_native(value);
}

connection::connection(net::strand const& strand) : socket_(strand), deadline_(strand) {}

// --- its life -----------------------------------------------------------------------------------

asio::awaitable<bool> connection::open(parameters with, steady_time deadline) {
    close();
    code_.clear();
    std::vector<char const*> names;
    std::vector<char const*> values;
    for (auto const& [name, value] : with) {
        names.push_back(name);
        values.push_back(value.c_str());
    }
    names.push_back(nullptr);
    values.push_back(nullptr);
    link_.reset(PQconnectStartParams(names.data(), values.data(), 0));
    if (!link_) throw std::bad_alloc();
    // The default prints to stderr.
    PQsetNoticeProcessor(link_.get(), [](void*, char const*) {}, nullptr);
    PQsetErrorVerbosity(link_.get(), PQERRORS_VERBOSE); // see code_in()
    why_ = "the server does not answer";
    bool in_time = true;
    auto next =
        PQstatus(link_.get()) == CONNECTION_BAD ? PGRES_POLLING_FAILED : PGRES_POLLING_WRITING;
    while (in_time && (next == PGRES_POLLING_READING || next == PGRES_POLLING_WRITING)) {
        socket_.assign(PQsocket(link_.get())); // libpq may change the socket
        in_time = co_await wait(
            next == PGRES_POLLING_READING ? wait_type::wait_read : wait_type::wait_write, deadline);
        socket_.release();
        if (in_time) next = PQconnectPoll(link_.get());
    }
    if (next == PGRES_POLLING_FAILED) {
        why_ = first_line(PQerrorMessage(link_.get()));
        code_ = code_in(why_);
        // Libpq detects this itself.
        if (PQconnectionNeedsPassword(link_.get()) == 1) code_ = "28P01";
    }
    if (next != PGRES_POLLING_OK) {
        close();
        co_return false;
    }
    PQsetErrorVerbosity(link_.get(), PQERRORS_TERSE);
    socket_.assign(PQsocket(link_.get()));
    PQsetnonblocking(link_.get(), 1);
    PQenterPipelineMode(link_.get());
    was_queued_ = true;
    co_return true;
}

void connection::close() noexcept {
    if (socket_.is_open()) socket_.release();
    link_.reset();
}

bool connection::is_open() const noexcept {
    return link_ && PQstatus(link_.get()) == CONNECTION_OK;
}

bool connection::is_in_transaction() const noexcept {
    return PQtransactionStatus(link_.get()) != PQTRANS_IDLE;
}

std::string connection::server_version() const {
    auto const number = server_version_number();
    return std::to_string(number / 10'000) + "." + std::to_string(number % 10'000);
}

// --- questions and answers ----------------------------------------------------------------------

void connection::ask(std::string const& sql) {
    was_queued_ = PQsendQueryParams(link_.get(), sql.c_str(), 0, nullptr, nullptr, nullptr, nullptr,
                                    binary) == 1 &&
                  was_queued_;
}

void connection::prepare(char const* name, std::string const& sql) {
    was_queued_ = PQsendPrepare(link_.get(), name, sql.c_str(), 0, nullptr) == 1 && was_queued_;
}

void connection::ask_prepared(char const* name, std::span<std::string const> with) {
    constexpr std::size_t most = 4;
    char const* values[most];
    int sizes[most];
    int formats[most];
    for (std::size_t n = 0; n < with.size(); ++n) {
        values[n] = with[n].data();
        sizes[n] = static_cast<int>(with[n].size());
        formats[n] = binary;
    }
    was_queued_ = PQsendQueryPrepared(link_.get(), name, static_cast<int>(with.size()), values,
                                      sizes, formats, binary) == 1 &&
                  was_queued_;
}

asio::awaitable<exchange_end> connection::exchange(steady_time deadline) {
    answers_.clear();
    code_.clear();
    why_.clear();
    auto* const link = link_.get();
    if (!std::exchange(was_queued_, true) || PQpipelineSync(link) != 1) co_return lose();
    int unsent = 0;
    while ((unsent = PQflush(link)) == 1) {
        bool const in_time = co_await wait(wait_type::wait_write, deadline);
        if (!in_time || !consume()) co_return lose();
    }
    if (unsent != 0) co_return lose();
    for (;;) {
        while (PQisBusy(link) == 1) {
            bool const in_time = co_await wait(wait_type::wait_read, deadline);
            if (!in_time || !consume()) co_return lose();
        }
        result_ptr next(PQgetResult(link));
        if (!next) { // the end of one result
            if (!is_open()) co_return lose();
            continue;
        }
        switch (PQresultStatus(next.get())) {
        case PGRES_PIPELINE_SYNC:
            co_return code_.empty() ? exchange_end::done : exchange_end::refused;
        case PGRES_TUPLES_OK:
        case PGRES_COMMAND_OK:
            answers_.push_back(std::move(next));
            break;
        case PGRES_PIPELINE_ABORTED: // because of an earlier error
            break;
        default:
            note_error(next.get());
        }
    }
}

void connection::note_error(PGresult const* answer) {
    if (!code_.empty()) return;
    char const* const code = PQresultErrorField(answer, PG_DIAG_SQLSTATE);
    char const* const text = PQresultErrorField(answer, PG_DIAG_MESSAGE_PRIMARY);
    code_ = code == nullptr ? "XX000" : code;
    why_ = first_line(text == nullptr ? PQresultErrorMessage(answer) : text);
}

exchange_end connection::lose() {
    if (why_.empty() && link_ && PQstatus(link_.get()) == CONNECTION_BAD)
        why_ = first_line(PQerrorMessage(link_.get()));
    if (why_.empty()) why_ = "the server does not answer";
    close();
    return exchange_end::lost;
}

asio::awaitable<bool> connection::wait(wait_type until, steady_time deadline) {
    auto const [ec] =
        co_await socket_.async_wait(until, asio::cancel_at(deadline_, deadline, no_throw));
    co_return !ec;
}

/// Data that OpenSSL has taken from the socket does not make the socket readable.
bool connection::consume() {
    auto* const tls = static_cast<SSL*>(PQsslStruct(link_.get(), "OpenSSL"));
    do {
        if (PQconsumeInput(link_.get()) != 1) return false;
    } while (tls != nullptr && SSL_pending(tls) > 0);
    return true;
}

asio::awaitable<bool> connection::wait_idle() {
    auto const [ec] = co_await socket_.async_wait(wait_type::wait_read, no_throw);
    if (ec) co_return true;
    bool const is_there = consume() && PQisBusy(link_.get()) == 0 && is_open();
    if (!is_there) lose();
    co_return is_there;
}

void connection::interrupt() {
    boost::system::error_code is_closed;
    socket_.cancel(is_closed);
}

} // namespace otpd::store::postgres
