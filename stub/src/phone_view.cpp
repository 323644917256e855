#include "bridgexapi_stub/phone_view.hpp"

#include <algorithm>
#include <vector>

namespace bridgexapi_stub {
namespace {

constexpr std::size_t line_width = 40;

std::string printable(std::string text) {
    std::replace_if(text.begin(), text.end(), [](char c) { return c < ' ' || c > '~'; }, '?');
    return text;
}

// Breaks lines at spaces, and longer words at the line width.
std::vector<std::string> wrapped(std::string_view text) {
    std::vector<std::string> lines;
    while (text.size() > line_width) {
        auto at = text.rfind(' ', line_width);
        if (at == std::string_view::npos || at == 0) at = line_width;
        lines.emplace_back(text.substr(0, at));
        text.remove_prefix(text[at] == ' ' ? at + 1 : at);
    }
    lines.emplace_back(text);
    return lines;
}

std::string row(std::string text) {
    text.resize(std::max(text.size(), line_width), ' ');
    return "  | " + text + " |\n";
}

} // namespace

std::string phone_view(sms const& message) {
    std::string const rule(line_width + 2, '-');
    auto const time = format_time(message.accepted_at, time_format::space).substr(11) + " UTC";
    auto from = printable(message.caller_id);
    from.resize(std::max(from.size() + 2, line_width - time.size()), ' ');
    std::string out =
        "  ." + rule + ".\n" + row(from + time) + row("to +" + printable(message.number)) + row("");
    for (auto& line : wrapped(printable(message.text)))
        out += row(std::move(line));
    return out + "  '" + rule + "'\n";
}

} // namespace bridgexapi_stub
