#include "backtest/lines.hpp"

#include "otpd/core/encoding.hpp"

#include <boost/json/monotonic_resource.hpp>
#include <boost/json/parse.hpp>

#include <algorithm>
#include <array>
#include <limits>

namespace otpd::app {

namespace json = boost::json;

namespace {

/// A pseudonym, a name or a word is no longer. otpd cuts longer texts off.
constexpr std::size_t text_max = 1024;
/// Till the year 2100, so that no sum of times overflows.
constexpr std::int64_t last_ms = 4'102'444'800'000;

class members {
public:
    explicit members(json::object const& object) noexcept : object_(object) {}

    [[nodiscard]] std::string text(std::string_view name) const {
        auto const* const found = object_.if_contains(name);
        if (found == nullptr || !found->is_string() || found->get_string().size() > text_max)
            return {};
        return {found->get_string().data(), found->get_string().size()};
    }
    [[nodiscard]] std::string pseudonym(std::string_view name) const {
        auto digits = text(name);
        std::array<std::byte, 8> bytes{};
        return from_hex(digits, bytes) ? digits : std::string();
    }
    [[nodiscard]] std::optional<std::int64_t> number(std::string_view name) const {
        auto const* const found = object_.if_contains(name);
        if (found == nullptr || !found->is_int64()) return std::nullopt;
        return found->get_int64();
    }
    [[nodiscard]] bool flag(std::string_view name) const {
        auto const* const found = object_.if_contains(name);
        return found != nullptr && found->is_bool() && found->get_bool();
    }
    [[nodiscard]] std::optional<money> amount(std::string_view name) const {
        auto const micros = number(name);
        constexpr std::int64_t most = money::micros_per_unit * 1'000'000;
        if (!micros || *micros < 0 || *micros > most) return std::nullopt;
        return money::from_micros(*micros);
    }
    [[nodiscard]] std::chrono::milliseconds span(std::string_view name) const {
        return std::chrono::milliseconds(
            std::clamp<std::int64_t>(number(name).value_or(0), 0, last_ms));
    }

private:
    json::object const& object_;
};

} // namespace

std::optional<timeline_line> parse_timeline_line(std::string_view text) {
    std::array<unsigned char, 8192> memory;
    json::monotonic_resource resource(memory.data(), memory.size());
    json::parse_options options;
    options.max_depth = 2;
    boost::system::error_code fault;
    auto const parsed = json::parse(text, fault, &resource, options);
    if (fault || !parsed.is_object()) return std::nullopt;
    members const all(parsed.get_object());
    auto const at = all.number("at_ms");
    timeline_line line;
    line.event = all.text("event");
    if (line.event.empty() || !at || *at < 0 || *at > last_ms) return std::nullopt;
    line.at = wall_time(std::chrono::milliseconds(*at));
    line.verification_id = all.text("verification_id");
    line.client = all.text("client");
    line.purpose = all.text("purpose");
    line.country = all.text("country");
    line.number = all.pseudonym("number");
    line.requester = all.pseudonym("requester");
    line.prefix = all.pseudonym("prefix");
    line.device = all.text("device");
    line.reason = all.text("reason");
    line.error = all.text("error");
    line.limits = all.text("limits");
    auto const route = all.number("route_id").value_or(0);
    line.route_id =
        route > 0 && route <= std::numeric_limits<int>::max() ? static_cast<int>(route) : 0;
    line.is_guess = all.flag("guess");
    line.with_id = all.flag("with_id");
    line.attempted = all.flag("attempted");
    line.is_test = all.flag("test");
    line.has_solved_challenge = all.flag("challenge");
    line.price = all.amount("price_micros");
    line.cost = all.amount("cost_micros");
    line.since_accepted = all.span("since_accepted_ms");
    return line;
}

timeline_reader::timeline_reader(std::vector<std::string> const& paths)
    : buffer_(line_max + 1, '\0') {
    for (auto const& path : paths) {
        auto opened = std::make_unique<source>();
        opened->in.open(path, std::ios::binary);
        if (!opened->in) {
            unreadable_.push_back(path);
            continue;
        }
        advance(*opened);
        files_.push_back(std::move(opened));
    }
}

std::optional<timeline_line> timeline_reader::next() {
    source* earliest = nullptr;
    for (auto const& file : files_)
        if (file->next && (earliest == nullptr || file->next->at < earliest->next->at))
            earliest = file.get();
    if (earliest == nullptr) return std::nullopt;
    auto line = std::move(earliest->next);
    advance(*earliest);
    return line;
}

/// Reads the next good line of the file.
void timeline_reader::advance(source& file) {
    file.next.reset();
    while (file.in) {
        file.in.getline(buffer_.data(), static_cast<std::streamsize>(buffer_.size()));
        auto const count = static_cast<std::size_t>(file.in.gcount());
        if (count == 0) return;
        bool const is_too_long = file.in.fail() && !file.in.eof();
        if (is_too_long) {
            file.in.clear();
            file.in.ignore(std::numeric_limits<std::streamsize>::max(), '\n');
            ++bad_;
            continue;
        }
        std::string_view const text(buffer_.data(), file.in.eof() ? count : count - 1);
        if (text.empty()) continue;
        file.next = parse_timeline_line(text);
        if (file.next) {
            ++good_;
            return;
        }
        ++bad_;
    }
}

} // namespace otpd::app
