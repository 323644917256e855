#include "backend/postgres/table_upkeep.hpp"

#include "state/number_state.hpp"
#include "state/state_key.hpp"

#include <algorithm>
#include <cstdlib>

namespace otpd::store::postgres {

namespace asio = boost::asio;

namespace {

constexpr double sampled_pages = 200; ///< some thousand rows
constexpr std::chrono::seconds count_interval{5};

} // namespace

bool table_upkeep::is_count_due() const noexcept {
    return std::chrono::steady_clock::now() - counted_ >= count_interval;
}

asio::awaitable<bool> table_upkeep::count_rows(connection& connection, store_time now,
                                               std::uint64_t& live_codes) {
    connection.ask_prepared("pages");
    auto end = co_await connection.exchange(statement_deadline(options_.timeout));
    if (end != exchange_end::done) co_return false;
    auto const pages = static_cast<double>(number_in(connection.answers().front().get()));
    double const part = std::min(1.0, sampled_pages / std::max(1.0, pages));
    connection.ask("select key, state from " + options_.schema + ".subject tablesample system (" +
                   std::to_string(100 * part) + ")");
    end = co_await connection.exchange(statement_deadline(options_.timeout));
    if (end != exchange_end::done) co_return false;
    auto const* const rows = connection.answers().front().get();
    std::uint64_t live = 0;
    for (int row = 0; row < PQntuples(rows); ++row)
        if (*PQgetvalue(rows, row, 0) == static_cast<char>(state::key_kind::number))
            live += state::live_codes_in(bytes_in(rows, row, 1), now).count;
    rows_ = static_cast<std::uint64_t>(PQntuples(rows) / part);
    live_codes = static_cast<std::uint64_t>(static_cast<double>(live) / part);
    counted_ = std::chrono::steady_clock::now();
    co_return true;
}

asio::awaitable<bool> table_upkeep::sweep_slice(connection& connection) {
    auto const began = std::chrono::steady_clock::now();
    std::string const pages[] = {to_binary(next_page_),
                                 to_binary(next_page_ + options_.sweep_pages)};
    connection.ask_prepared("sweep", pages);
    connection.ask_prepared("pages");
    auto const end = co_await connection.exchange(statement_deadline(options_.timeout));
    if (end != exchange_end::done) co_return false;
    next_page_ += options_.sweep_pages;
    if (next_page_ >= number_in(connection.answers().at(1).get())) next_page_ = 0;
    std::size_t const removed =
        std::strtoull(PQcmdTuples(connection.answers().front().get()), nullptr, 10);
    if (removed > 0) observer_.swept({removed, std::chrono::steady_clock::now() - began});
    co_return true;
}

} // namespace otpd::store::postgres
