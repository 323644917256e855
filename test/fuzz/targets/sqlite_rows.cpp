/// Rows of the SQLite file: a file that somebody damaged is refused, never misread. Each line is a row: its kind, a name,
/// when it expires, its data, with semicolons between them.

#include "store/sqlite_codec.hpp"
#include "store/sqlite_database.hpp"
#include "target.hpp"

#include <charconv>
#include <string>
#include <vector>

using namespace otpd::store;
using otpd::fuzz::cutter;
using otpd::fuzz::must;

namespace {

std::string_view part(std::string_view& line) {
    auto const end = std::min(line.find(';'), line.size());
    auto const text = line.substr(0, end);
    line.remove_prefix(std::min(end + 1, line.size()));
    return text;
}

stored_item read_item(std::string_view line) {
    stored_item item;
    auto const kind = part(line);
    // What is no kind of ours too: an older program reads a newer one's file.
    if (!kind.empty()) item.kind = static_cast<item_kind>(kind.front() - '0');
    item.name = part(line);
    auto const when = part(line);
    store_time::rep ticks = 0;
    std::from_chars(when.data(), when.data() + when.size(), ticks);
    item.expires = store_time(store_time::duration(ticks));
    item.data = line;
    return item;
}

} // namespace

OTPD_FUZZ_TARGET(sqlite_rows) {
    constexpr std::size_t rows_max = 32;
    cutter input(bytes);
    std::vector<stored_item> items;
    while (!input.rest().empty() && items.size() < rows_max)
        items.push_back(read_item(input.line()));
    std::vector<stored_item> written;
    try {
        written = encode(decode(items));
    } catch (sqlite_error const&) {
        return;
    }
    must(encode(decode(written)) == written, "what was read is written so that it is read again");
}
