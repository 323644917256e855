#include "command_line.hpp"

#include <boost/program_options/errors.hpp>
#include <boost/program_options/options_description.hpp>
#include <boost/program_options/parsers.hpp>
#include <boost/program_options/positional_options.hpp>
#include <boost/program_options/variables_map.hpp>

#include <algorithm>
#include <array>
#include <charconv>
#include <ranges>
#include <sstream>

namespace otpd::otpctl {

namespace {

namespace po = boost::program_options;

constexpr auto all_commands = std::to_array<command>({
    {"find", "NUMBER", "", "", "what is known of a number: verifications, limits, locks"},
    {"why", "ID", "", "", "what happened to a verification, in words"},
    {"limits", "NUMBER", "", "", "what each limit says of a number now"},
    {"unlock", "NUMBER", "reason client", "reason", "forget the wrong guesses at a number"},
    {"forget", "NUMBER", "reason client", "", "forget the known devices of a number"},
    {"deny", "DESTINATION", "for reason", "for reason",
     "send nothing to a prefix or country for a while"},
    {"trust", "DESTINATION", "for reason", "for reason",
     "exempt a prefix or country from the guard against pumped SMS for a while"},
    {"allow", "DESTINATION", "for reason", "for reason",
     "send to a prefix or country that the settings deny, for a while"},
    {"end", "deny|trust|allow DESTINATION", "reason", "reason", "end one of these early"},
    {"destinations", "", "", "", "list those that run"},
    {"clients", "", "", "", "list the API clients"},
    {"reload", "", "", "", "read the settings again"},
    {"stats", "", "", "", "what the service has done since its start"},
    {"drain", "", "reason", "", "finish what is in flight, then end the service"},
});

constexpr std::array<std::string_view, 3> command_options{"reason", "client", "for"};

po::options_description options() {
    po::options_description all("Options", 100);
    auto add = all.add_options();
    add("reason", po::value<std::string>()->value_name("TEXT"), "why, for the log");
    add("client", po::value<std::string>()->value_name("NAME"),
        "of this API client only (default: each that has something of the number)");
    add("for", po::value<std::string>()->value_name("TIME"), "how long: 90s, 15m, 1h, 7d");
    add("json", "print the answer as it came");
    add("socket", po::value<std::string>()->value_name("PATH"),
        "otpd's admin.socket (default: OTPD_SOCKET, OTPD_ADMIN_SOCKET, or /run/otpd/otpd.sock)");
    add("url", po::value<std::string>()->value_name("URL"),
        "otpd's admin.listen instead: http://127.0.0.1:9464, with the token in OTPD_ADMIN_TOKEN");
    add("token-file", po::value<std::string>()->value_name("FILE"),
        "with --url: read the token from FILE");
    add("timeout", po::value<std::string>()->value_name("TIME"),
        "how long an answer may take (default: 35s)");
    add("version", "print the version and exit");
    add("help", "print this and exit");
    return all;
}

po::variables_map read(int argc, char const* const* argv) {
    po::options_description hidden;
    hidden.add(options());
    hidden.add_options()("words", po::value<std::vector<std::string>>());
    po::positional_options_description positions;
    positions.add("words", -1);
    po::variables_map found;
    try {
        using style = po::command_line_style::style_t;
        int const exact = style::default_style & ~style::allow_guessing;
        po::store(po::command_line_parser(argc, argv)
                      .options(hidden)
                      .positional(positions)
                      .style(exact)
                      .run(),
                  found);
    } catch (po::error_with_option_name const& e) {
        // Not what(), which may repeat the operand.
        auto const name = e.get_option_name();
        bool const has_digits = name.find_first_of("0123456789") != name.npos; // a number?
        throw usage_fault(name.empty() || has_digits ? "the options are wrong"
                                                     : name + " is wrong");
    } catch (po::error const&) {
        throw usage_fault("the options are wrong");
    }
    return found;
}

std::optional<std::string> text_of(po::variables_map const& found, std::string const& name) {
    if (found.count(name) == 0) return std::nullopt;
    return found[name].as<std::string>();
}

std::chrono::seconds duration_of(std::string const& text, std::string const& name) {
    auto const value = parse_duration(text);
    if (!value || value->count() == 0)
        throw usage_fault("--" + name + " takes a time, such as 90s, 15m, 1h or 7d");
    return *value;
}

bool has_word(std::string_view list, std::string_view word) {
    return std::ranges::any_of(list | std::views::split(' '),
                               [word](auto const& part) { return std::ranges::equal(part, word); });
}

command const& find_command(std::string const& name) {
    auto const found = std::ranges::find(all_commands, name, &command::name);
    if (found == all_commands.end()) throw usage_fault("there is no command of that name");
    return *found;
}

void check_options(command const& called, po::variables_map const& found) {
    for (auto const name : command_options) {
        bool const is_there = found.count(std::string(name)) != 0;
        if (is_there && !has_word(called.options, name))
            throw usage_fault(std::string(called.name) + " takes no --" + std::string(name));
        if (!is_there && has_word(called.required, name))
            throw usage_fault(std::string(called.name) + " needs --" + std::string(name));
    }
}

void check_operands(invocation const& asked) {
    auto const& called = *asked.called;
    auto const wanted = called.operands.empty() ? 0 : 1 + std::ranges::count(called.operands, ' ');
    if (std::ssize(asked.operands) != wanted)
        throw usage_fault("usage: otpctl " + std::string(called.name) +
                          (wanted == 0 ? "" : " " + std::string(called.operands)));
    constexpr std::array<std::string_view, 3> actions{"deny", "trust", "allow"};
    bool const is_end = called.name == "end";
    if (is_end && std::ranges::find(actions, asked.operands.front()) == actions.end())
        throw usage_fault("end takes deny, trust or allow, and a destination");
}

void read_server(po::variables_map const& found, std::string_view socket, invocation& asked) {
    if (found.count("socket") != 0 && found.count("url") != 0)
        throw usage_fault("--socket and --url are two places");
    if (!socket.empty()) asked.socket = socket;
    if (auto path = text_of(found, "socket")) asked.socket = *std::move(path);
    asked.url = text_of(found, "url").value_or("");
    asked.token_file = text_of(found, "token-file").value_or("");
    if (!asked.token_file.empty() && asked.url.empty())
        throw usage_fault("--token-file needs --url: the socket asks for no token");
    if (auto const text = text_of(found, "timeout")) asked.timeout = duration_of(*text, "timeout");
    asked.as_json = found.count("json") != 0;
}

} // namespace

std::span<command const> commands() noexcept {
    return all_commands;
}

invocation parse_command_line(int argc, char const* const* argv, std::string_view socket) {
    auto const found = read(argc, argv);
    invocation asked;
    if (found.count("help") != 0) asked.what = invocation::asks_for::help;
    if (found.count("version") != 0) asked.what = invocation::asks_for::version;
    if (asked.what != invocation::asks_for::call) return asked;

    if (found.count("words") == 0) throw usage_fault("say what to do");
    auto words = found["words"].as<std::vector<std::string>>();
    asked.called = &find_command(words.front());
    asked.operands.assign(words.begin() + 1, words.end());
    check_options(*asked.called, found);
    check_operands(asked);
    asked.reason = text_of(found, "reason");
    asked.client = text_of(found, "client");
    if (auto const text = text_of(found, "for")) asked.lasts = duration_of(*text, "for");
    read_server(found, socket, asked);
    return asked;
}

std::string usage() {
    std::ostringstream out;
    out << "Usage: otpctl COMMAND [options]\n\nThe operator's tool of otpd.\n\nCommands:\n";
    std::vector<std::string> lines;
    for (auto const& all_command : all_commands)
        lines.push_back(std::string(all_command.name) + (all_command.operands.empty() ? "" : " ") +
                        std::string(all_command.operands));
    auto const width = std::ranges::max(lines, {}, &std::string::size).size();
    for (std::size_t i = 0; i < lines.size(); ++i)
        out << "  " << lines[i] << std::string(width - lines[i].size() + 2, ' ')
            << all_commands.at(i).help << '\n';
    out << "\nA NUMBER, ID or DESTINATION of - is read from the standard input, so that it is in "
           "no "
           "history\nof a shell and in no list of processes.\n\n"
        << options();
    return out.str();
}

std::optional<std::chrono::seconds> parse_duration(std::string_view text) noexcept {
    constexpr std::string_view units = "smhd";
    constexpr std::array<std::int64_t, 4> seconds{1, 60, 3600, 86'400};
    constexpr std::int64_t longest = 10 * 366 * 86'400LL;
    if (text.size() < 2 || text.front() == '-') return std::nullopt;
    auto const unit = units.find(text.back());
    auto const* const end = text.data() + text.size() - 1;
    std::int64_t count = 0;
    auto const [stop, fault] = std::from_chars(text.data(), end, count);
    if (unit == units.npos || fault != std::errc() || stop != end) return std::nullopt;
    if (count > longest / seconds.at(unit)) return std::nullopt;
    return std::chrono::seconds(count * seconds.at(unit));
}

} // namespace otpd::otpctl
